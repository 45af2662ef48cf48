"""Pages: what they say, in which order, and that nothing in them runs or loads."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from omics_rx import report
from omics_rx.core.errors import InputError, OutputError
from omics_rx.report import html
from omics_rx.report.page import Figure, KeyFigure, KeyFigures, Limits, Page, Section, Table, Text
from omics_rx.report.svg import clean

_VOID = {"meta", "link", "br", "img", "hr", "input"}
_ADDRESSES = ("src", "href", "xlink:href", "action", "data", "poster", "srcset", "formaction", "background", "cite")


class _Reader(HTMLParser):
    """Reads a page strictly: every element closed in order, every id once."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.ids, self.addresses, self.styles, self.text = [], [], [], [], [], []
        self.attributes, self.wrong = [], []

    def handle_starttag(self, tag, attrs):
        self._seen(tag, attrs)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self._seen(tag, attrs)

    def _seen(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value)
            if name in _ADDRESSES:
                self.addresses.append(value)
            if name == "style":
                self.styles.append(value)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        (self.styles if self.open and self.open[-1] == "style" else self.text).append(data)


def read(text):
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader


@pytest.fixture(scope="module")
def text(page):
    return html.render(page)


@pytest.fixture(scope="module")
def reader(text):
    return read(text)


def words(reader):
    return re.sub(r"\s+", " ", " ".join(reader.text))


def test_the_page_is_well_formed_and_every_id_is_there_once(reader):
    assert reader.wrong == []
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))


def test_no_address_leads_outside_the_page(reader, text):
    own = ("#", "data:image/png;base64,", "data:text/csv;charset=utf-8;base64,")
    outside = [a for a in reader.addresses if not a.startswith(own) and a != "data:,"]
    assert outside == []
    styles = " ".join(reader.styles)
    assert "@import" not in styles
    assert [url for url in re.findall(r"url\(([^)]*)\)", text) if not url.startswith("#")] == []
    assert not {"iframe", "object", "embed", "form", "base", "foreignobject"} & set(reader.tags)
    assert [name for _, name, _ in reader.attributes if name.startswith("on")] == []
    assert any(name == "http-equiv" for _, name, _ in reader.attributes)


def test_only_the_script_that_the_page_names_can_run(text, reader, study):
    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    told = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [value for _, name, value in reader.attributes if name == "content" and "default-src" in value]
    assert policy == f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{told}'"
    without = html.render(report.as_page(study))
    assert "<script" not in without
    assert "script-src &#39;none&#39;" in without


def test_the_csv_holds_every_drug_and_runs_nothing(reader, ranking):
    (address,) = [a for a in reader.addresses if a.startswith("data:text/csv")]
    table = pd.read_csv(io.BytesIO(base64.b64decode(address.partition("base64,")[2])), index_col=0)
    assert list(table.index) == [*ranking.table.index, *ranking.unranked.index]
    np.testing.assert_allclose(table["score"].dropna(), ranking.table["score"])
    assert {"targets", "mechanism"} <= set(table)


def test_every_drug_has_an_address_of_its_own(ranking):
    from dataclasses import replace

    from omics_rx.report.catalogue import anchors

    names = ["Main", "s-what", "A b", "a  B", "\N{GREEK SMALL LETTER ALPHA}", *ranking.table["name"].iloc[5:]]
    told = anchors(replace(ranking, table=ranking.table.assign(name=names)))
    assert list(told.values())[:5] == ["main-2", "drug-s-what", "a-b", "a-b-2", "drug"]
    assert len(set(told.values())) == len(told)


def test_what_nobody_looked_up_says_so_and_a_label_says_whom_it_is_for(ranking, drugs):
    from dataclasses import replace

    from omics_rx.report.catalogue import catalogue

    first = str(ranking.table.index[ranking.table["name"] == "Olaparib"][0])
    told = drugs.assign(inchikey=None)
    told.loc[first, "inchikey"] = "FDLYAMZZIXQODN-UHFFFAOYSA-N"
    table = ranking.table.assign(stands="approved in another cancer", since="2014", failed="not looked up", ended=None)
    (own,) = [one for one in catalogue(replace(ranking, table=table), told).entries if one.anchor == "olaparib"]
    facts = dict(own.facts)
    assert facts["trials that found no gain"] == "not looked up"
    assert "HER2 negative, BRCA1 or BRCA2 germline mutation" in facts["labelled"]
    assert facts["stands"] == "approved in another cancer, since 2014"
    assert own.words == "PARP1;PARP2 " + str(drugs["mechanism"].iloc[0])


def test_every_link_leads_to_something_on_the_page(reader):
    links = {address[1:] for address in reader.addresses if address.startswith("#")}
    assert links - set(reader.ids) == set()


def test_every_text_is_escaped(text, reader):
    assert text.count("<script") == 1  # the page's own
    assert '<script>alert("x")</script> & $y^2$' in words(reader)


def test_every_picture_says_what_it_shows(reader):
    pictures = [tag for tag in reader.tags if tag == "svg"]
    labels = [value for tag, name, value in reader.attributes if tag == "svg" and name == "aria-label"]
    assert len(labels) == len(pictures) > 10
    assert all(len(label) > 10 for label in labels)
    assert reader.tags.count("caption") == reader.tags.count("table") > 4


def test_the_page_opens_with_the_answer_and_ends_with_methods(page):
    places = [section.place for section in page.sections]
    assert places == sorted(places, key=report.page.PLACES.index)
    titles = [section.title for section in page.sections]
    assert titles[:2] == ["Does the signature predict outcome?", "Top candidates for Basal"]
    assert titles[-1] == "Methods, provenance and citations"


def test_limits_of_all_results_are_one_list_without_repeats(page):
    limits = [block for section in page.sections if section.place == "limits" for block in section.blocks]
    assert len(limits) == 1
    assert limits[0].items.count("Shared limit.") == 1
    assert {"Few breast lines.", "Last limit."} <= set(limits[0].items)


def test_headings_descend_without_gaps(reader):
    levels = [int(tag[1]) for tag in reader.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_the_page_states_what_a_reader_needs(reader, ranking):
    shown = words(reader)
    for fact in (
        "concordance of 0.61 (95% interval 0.53 to 0.69; 50 events in 158 patients): above chance",
        "gse3143 was opened once",
        "4.0% of random gene sets",
        "1 not ranked",
        "only 2 breast lines",
        "90% of the responses of cell lines that the model has not seen",
        "On the same patients proliferation alone reaches 0.62 and 4% of random gene sets",
        str(ranking.table["name"].iloc[3]),
    ):
        assert fact in shown


def test_a_signature_no_better_than_chance_is_called_so(study):
    from types import SimpleNamespace

    table = study.table.assign(lower=0.48)
    worse = SimpleNamespace(**{**vars(study), "table": table})
    assert "not clearly above chance" in report.study.study_sentence(worse)


def test_the_same_results_give_the_same_bytes(ranking, study, tmp_path):
    for name, result in (("ranking", ranking), ("study", study)):
        first = report.write(result, tmp_path / f"{name}-1.html").read_bytes()
        assert first == report.write(result, tmp_path / f"{name}-2.html").read_bytes()


@pytest.mark.parametrize("kind", ["study", "ranking", "prediction", "page"])
def test_every_kind_of_result_has_a_page(kind, request, tmp_path):
    file = report.write(request.getfixturevalue(kind), tmp_path / "deep" / "page.html")
    assert read(file.read_text(encoding="utf-8")).wrong == []


def test_a_signature_alone_has_a_page(study, tmp_path):
    shown = words(read(report.write(study.signature, tmp_path / "s.html").read_text(encoding="utf-8")))
    assert "more risk with more GPX4 and CASP8; less risk with more ACSL4" in shown


def test_what_has_no_page_is_refused(tmp_path):
    with pytest.raises(InputError, match="a dict has no page"):
        report.write({}, tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_fails_leaves_nothing_and_keeps_the_old_one(tmp_path, ranking):
    file = report.write(ranking, tmp_path / "page.html")
    before = file.read_bytes()
    broken = Page("t", "s", (Section("x", (Figure("<p>no picture</p>", "c", "a picture"),)),))
    with pytest.raises(InputError, match="no well-formed SVG"):
        report.write(broken, file)
    assert file.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["page.html"]


def test_a_folder_cannot_be_written_as_a_page(tmp_path, ranking):
    with pytest.raises(OutputError):
        report.write(ranking, tmp_path)


def test_a_page_without_sections_or_with_strange_blocks_is_refused():
    with pytest.raises(InputError, match="no sections"):
        Page("t", "s", ())
    with pytest.raises(InputError, match=r"1 blocks cannot be shown on a page \(str\)"):
        Page("t", "s", (Section("x", ("text",)),))
    with pytest.raises(InputError, match="no place 'first'"):
        Section("x", (), place="first")


def test_sections_of_one_title_become_one_without_repeated_blocks():
    same, other = Text("a"), Text("b")
    page = Page("t", "s", (Section("x", (same, Limits(("1",)))), Section("x", (same, other, Limits(("1", "2"))))))
    assert page.sections == (Section("x", (same, Limits(("1", "2")), other)),)


@pytest.mark.parametrize(
    ("value", "spec", "written"),
    [
        (0.5, ".0%", "50%"), (-1.25, "+.2f", "\N{MINUS SIGN}1.25"), (np.nan, ".2f", "\N{EN DASH}"),
        (None, None, "\N{EN DASH}"),
        (pd.NA, None, "\N{EN DASH}"), (1234567, None, "1,234,567"), (True, None, "yes"), (0.000123, None, "0.000123"),
        (np.float64(3.0), None, "3"), ("text", ".2f", "text"), (float("inf"), None, "\N{EN DASH}"),
    ],
)  # fmt: skip
def test_cells(value, spec, written):
    assert html.cell(value, spec) == written


def test_a_table_says_what_a_dash_means_only_where_there_is_one():
    full = Page("t", "s", (Section("x", (Table(pd.DataFrame({"a": [1.0]}), "Caption."),)),))
    gaps = Page("t", "s", (Section("x", (Table(pd.DataFrame({"a": [1.0, None]}), "Caption."),)),))
    assert "A dash means" not in html.render(full)
    assert "A dash means not measured or not known." in html.render(gaps)


def test_key_figures_are_shown():
    page = Page("t", ("One.", "Two."), (Section("x", (KeyFigures((KeyFigure("label", "0.61", "note"),)),)),))
    assert {"One.", "Two.", "0.61", "label", "note"} <= set(read(html.render(page)).text)


def test_two_sections_of_like_titles_have_anchors_of_their_own():
    page = Page("t", "s", (Section("What?", (Text("a"),)), Section("What!", (Text("b"),)), Section("?", (Text("c"),))))
    assert {"s-what", "s-what-2", "s-section"} <= set(read(html.render(page)).ids)


EVIL_SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 width="72pt" height="36pt" onload="alert(1)"><style>@import url(http://example.org/a.css);</style><script>alert(1)</script>
 <defs><clipPath id="c"><rect width="1" height="1"/></clipPath></defs>
 <a href="http://example.org"><text>link</text></a><image xlink:href="http://example.org/a.png"/>
 <foreignObject><p>x</p></foreignObject><g clip-path="url(#c)" style="fill: url(http://example.org/#a)"/>
 <use xlink:href="#c" onclick="x()"/><path id="unused" style="stroke: #1F2328"/><text>a &lt; b</text></svg>"""


def test_a_picture_keeps_only_shapes_and_its_own_references():
    found = clean(EVIL_SVG, prefix="f1-", label='say "this"')
    assert "example.org" not in found
    assert "alert" not in found
    assert "onclick" not in found
    assert "unused" not in found
    assert 'id="f1-c"' in found
    assert 'clip-path="url(#f1-c)"' in found
    assert 'href="#f1-c"' in found
    assert "a &lt; b" in found
    assert 'width="96"' in found
    assert 'viewBox="0 0 96 48"' in found
    assert "stroke: var(--ink)" in found
    assert 'aria-label="say &quot;this&quot;"' in found


@pytest.mark.parametrize("text", ["", "<p/>", "<svg>", '<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>'])
def test_what_is_no_picture_is_refused(text):
    with pytest.raises(InputError, match="no well-formed SVG"):
        clean(text, prefix="f-", label="x")


def test_drawing_leaves_no_trace_in_matplotlib():
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    from omics_rx import plots
    from omics_rx.report.svg import draw

    before, figures = dict(mpl.rcParams), plt.get_fignums()
    draw(plots.gene_weights, pd.Series({"A": 1.0}), size=(4, 2))
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == figures


def test_strange_names_neither_break_nor_warn():
    from omics_rx import plots
    from omics_rx.report.svg import draw

    names = ["drug \x0b\x1f one", "\N{CJK UNIFIED IDEOGRAPH-85E5} two", 'a & b < c > "d" $e$']
    table = pd.DataFrame({"name": names, "rank": [1, 2, 3], "rank_low": [1, 1, 2], "rank_high": [2, 3, 3]})
    found = clean(draw(plots.intervals, table, size=(4, 2)), prefix="f-", label="ranks")
    for shown in ("drug one", "\N{CJK UNIFIED IDEOGRAPH-85E5} two", "a &amp; b &lt; c &gt;", "$e$"):
        assert shown in found


def test_importing_the_page_and_plots_loads_nothing_heavy():
    code = (
        "import sys, omics_rx.report, omics_rx.plots;"
        "print([m for m in ('matplotlib', 'rdkit', 'jinja2', 'torch', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_card_tells_what_would_refute_it_and_where_it_failed(ranking, drugs):
    from dataclasses import replace

    from omics_rx.report.ranking import ranking_sections

    first = ranking.table.index[0]
    told = drugs.copy()
    told.loc[first, "inchikey"] = "XZWYZXLIPXDOLR-UHFFFAOYSA-N"
    sections = ranking_sections(replace(ranking, drugs=told), n_top=2)
    (cards,) = [block for section in sections for block in section.blocks if type(block).__name__ == "Cards"]
    facts = dict(cards.items[0].facts)
    assert "MA.32" in facts["failed in"]
    assert "Basal" in facts["would be refuted if"]
    assert "failed in" not in dict(cards.items[1].facts)


def test_versions_stand_once_on_a_page_of_several_results(page):
    blocks = [block for section in page.sections if section.place == "methods" for block in section.blocks]
    said = [block.text for block in blocks if type(block).__name__ == "Text"]
    assert sum(text.count("Computed with") for text in said) == 1
    assert sum(text.startswith("The ") for text in said) == 3


def test_a_ranking_its_explanation_and_its_sheet_show_themselves(ranking):
    first = str(ranking.table["name"].iloc[3])
    for made, told in (
        (ranking, "Ranking for Basal: 15 drugs, 1 unranked"),
        (ranking.explain(first), "add up to the score"),
        (ranking.sheet(first), "Would be refuted if"),
    ):
        found = read(made._repr_html_())
        assert found.wrong == []
        assert told in words(found)
        assert "Next:" in words(found)
