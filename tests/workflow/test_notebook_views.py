"""What results show of themselves in a notebook."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from omics_rx import response, signatures
from omics_rx.core.shown import shown


class _Strict(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - the parser gives it
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def words(made):
    reader = _Strict()
    reader.feed(made._repr_html_())
    assert reader.open == []
    return " ".join(" ".join(reader.text).split())


@pytest.fixture
def model(planted_screen):
    return response.ResponseModel(("kernel",), seed=0).fit(planted_screen)


def test_a_screen_and_a_prediction_say_what_they_are(model, planted_screen):
    told = words(planted_screen)
    assert f"{len(planted_screen.drugs)} drugs" in told
    assert "ln uM: low is sensitive" in told
    assert "Next:" in told
    found = model.predict(planted_screen.cells[:7])
    told = words(found)
    assert f"7 samples x {len(planted_screen.drugs)} drugs" in told
    assert "prediction.preference" in told
    assert "5 of 7 rows" in told


def test_an_explanation_says_what_it_adds_up_from(model, planted_screen):
    cell, drug = planted_screen.cells.obs_names[0], planted_screen.drugs["name"].iloc[0]
    told = words(model.explain(cell, drug, domain="cell_line"))
    assert "adds (ln uM)" in told
    assert "Average " in told


def test_a_signature_shows_its_weights():
    made = signatures.load("prognosis")
    told = words(made)
    assert f"{len(made.genes)} genes" in told
    assert "signature.score(cohort)" in told


def test_nothing_that_is_shown_can_run_and_nothing_long_floods():
    frame = pd.DataFrame({f"<b>{at}</b>": np.arange(30.0) for at in range(40)}, index=["<script>x</script>"] * 30)
    text = shown("<script>", frame, facts=["y" * 5000], doubts=["<img>"], then=["<i>"])
    assert "<script>" not in text
    assert "<img>" not in text
    assert len(text) < 6000
    assert "5 of 30 rows, 10 of 40 columns" in text
