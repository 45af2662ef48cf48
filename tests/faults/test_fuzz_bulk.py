"""Damaged files: each is refused by one of our errors that names it, or read without a value that it does not hold.

1,000 files by default; OMICS_RX_FUZZ names another number.
"""

import gzip
import os
import re

import numpy as np
import pytest

from omics_rx.core.errors import OmicsRxError
from omics_rx.core.work import rng
from omics_rx.io import read_bulk
from omics_rx.io.numbers import MISSING

N = int(os.environ.get("OMICS_RX_FUZZ", "1000"))
GENES = ["TP53", "ERBB2", "MYC", "EGFR", "KRAS"]
VALUES = [[5.25, 6.5, 7.125], [12.0625, 7.75, 1.5], [3.0, 4.0, 900.5], [2.875, 2.0, 11.0], [8.5, 9.25, 10.75]]


def lines(mark, form="{:g}", head="id"):
    rows = [mark.join([gene, *map(form.format, row)]) for gene, row in zip(GENES, VALUES, strict=True)]
    return "\n".join([mark.join([head, "pat1", "pat2", "pat3"]), *rows]) + "\n"


def with_columns(added, start):
    head, *rows = lines("\t").splitlines()
    whole = [head.replace("id\t", start + "\t"), *(row.replace("\t", "\t" + added + "\t", 1) for row in rows)]
    return "\n".join(whole) + "\n"


FORMS = {
    "tsv": lines("\t"),
    "csv": lines(",").replace("TP53", '"TP53"').replace("id,", '"",'),
    "decimal commas": lines(";", "{:.2f}").replace(".", ","),
    "spaces": lines(" "),
    "windows": "\ufeff" + lines("\t").replace("\n", "\r\n"),
    "cbioportal": with_columns("7157", "Hugo_Symbol\tEntrez_Gene_Id"),
    "feature counts": '# Program:featureCounts v2.0.1; Command:"featureCounts" \n'
    + with_columns("chr1;chr1\t5;9\t7;12\t+;+\t120", "Geneid\tChr\tStart\tEnd\tStrand\tLength"),
    "gct": "#1.2\n5\t3\n" + with_columns("a gene", "Name\tDescription"),
    "series matrix": '!Series_title\t"x"\n!Sample_geo_accession\t"pat1"\t"pat2"\t"pat3"\n!series_matrix_table_begin\n'
    + lines("\t", head='"ID_REF"') + "!series_matrix_table_end\n",
}  # fmt: skip


def held(text):
    """Every number that the text can be read to hold, whatever cuts its fields."""
    found = set()
    for piece in {*re.split(r"[\t\n\r;| ]", text), *re.split(r"[\t\n\r,;| ]", text), *re.split(r"[\t\n\r,]", text)}:
        for token in (piece.strip(), piece.strip().strip('"'), piece.strip().strip('"').replace(",", ".")):
            try:
                found.add(np.float32(float(token)))
            except ValueError:
                continue
    return found


@np.errstate(over="ignore")
def check(cohort, data):
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1", errors="replace")
    shown = cohort.X[~np.isnan(cohort.X)].astype(np.float32)
    strange = set(shown.tolist()) - {float(value) for value in held(text)}
    assert not strange, f"values that the file does not hold: {strange}"
    absent = sum(token.strip().strip('"') in MISSING for token in re.split(r"[\t\n\r,;| ]", text))
    assert np.isnan(cohort.X).sum() <= absent, "values went missing"
    whole = '"' not in text and "\x00" not in text and set(cohort.var_names) & set(GENES)
    for place, gene in enumerate(cohort.var_names):
        name = re.sub(r"#\d+$", "", gene)
        rows = [row for row in text.split("\n" if "\n" in text else "\r") if row.startswith(name)]
        known = cohort.X[:, place][~np.isnan(cohort.X[:, place])].astype(np.float32)
        if whole and rows:
            among = {float(value) for row in rows for value in held(row)}
            assert set(known.tolist()) <= among, f"values of another row under {gene}"


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("form", FORMS)
def test_a_damaged_file_is_refused_by_name_or_read_as_it_is(tmp_path, damaged, form, packed, recwarn):
    file = tmp_path / "damaged"
    clean = FORMS[form].encode()
    file.write_bytes(clean)
    check(read_bulk(file), clean)
    refused = []
    for turn in range(N // (2 * len(FORMS))):
        random = rng(0, "fuzz", form, packed, turn)
        # a packed file is damaged before it is packed, or after
        before = damaged(clean, random) if not packed or turn % 2 else clean
        data = gzip.compress(before) if packed else before
        file.write_bytes(damaged(data, random) if packed and not turn % 2 else data)
        try:
            cohort = read_bulk(file)
        except OmicsRxError as error:
            refused.append(str(error))
            continue
        except Exception as error:
            raise AssertionError(f"turn {turn}: {before!r}") from error
        check(cohort, before)
    assert refused
    assert not [message for message in refused if str(file) not in message]
    assert not [str(warning.message) for warning in recwarn if "/omics_rx/" in warning.filename.replace("\\", "/")]
