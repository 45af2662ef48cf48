"""Tables as programs and hands leave them: copies, lanes, codes, ranks, separators."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import omics_rx as orx
from omics_rx.core import resources
from omics_rx.core.errors import InputError
from omics_rx.core.unit_values import detect_unit

N, P = 24, 400


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(2)
    table = resources.table("genes.tsv.gz")
    coding = table.loc[table["type"].eq("protein-coding"), "symbol"].tolist()
    names = list(dict.fromkeys([*(g for s in orx.scores.immune_sets().values() for g in s), *coding]))[:P]
    share = rng.lognormal(0, 1.4, P) * rng.lognormal(0, 0.5, (N, P))
    reads = rng.poisson(share / share.sum(axis=1, keepdims=True) * np.linspace(1e6, 3e6, N)[:, None])
    return pd.DataFrame(reads.astype(float), index=[f"T{i}" for i in range(N)], columns=names)


def written(frame, folder, *, tail=""):
    file = folder / "table.tsv"
    text = frame.to_csv(sep="\t")
    file.write_text("\n".join(line + tail for line in text.splitlines()) + "\n")
    return file


def level(data):
    return orx.scores.immune(data)["T cells"]


def test_a_separator_at_the_end_of_each_line_makes_no_sample(counts, tmp_path):
    read = orx.io.read_bulk(written(counts.T, tmp_path, tail="\t"))
    assert read.obs_names.tolist() == counts.index.tolist()
    np.testing.assert_allclose(level(read), level(counts), atol=1e-5)


def test_rows_pasted_twice_count_once_and_are_said(counts, tmp_path, caplog):
    twice = pd.concat([counts.T, counts.T.iloc[:60]])
    read = orx.io.read_bulk(written(twice, tmp_path))
    np.testing.assert_allclose(level(read), level(counts), atol=1e-5)
    assert "60 rows repeat another" in caplog.text


def test_two_loci_of_one_name_are_still_added(counts, tmp_path):
    other = counts.T.iloc[:5] + 3
    read = orx.harmonize.genes(orx.io.read_bulk(written(pd.concat([counts.T, other]), tmp_path)))
    gene = counts.columns[0]
    np.testing.assert_allclose(np.asarray(read[:, gene].X).ravel(), 2 * counts[gene] + 3)


def test_lanes_of_a_sequencer_are_no_patients(counts, tmp_path):
    first = counts.T // 2
    lanes = pd.concat([first.add_suffix("_L001"), (counts.T - first).add_suffix("_L002")], axis=1)
    with pytest.raises(InputError, match="48 columns are lanes of 24 samples"):
        orx.io.read_bulk(written(lanes, tmp_path))
    one = orx.io.read_bulk(written(counts.T.add_suffix("_L001"), tmp_path))
    assert one.n_obs == N


@pytest.mark.parametrize(
    "made",
    [
        lambda c: c.rank(axis=1, pct=True, method="first"),
        lambda c: c.rank(axis=1, method="first"),
        lambda c: c.mask(c.le(c.quantile(0.1, axis=1), axis=0), 9_999_999),
        lambda c: (c * 1.01).mask(c.le(c.quantile(0.1, axis=1), axis=0), 1e9),
    ],
    ids=["percentiles", "ranks", "code among counts", "code among amounts"],
)
def test_ranks_and_codes_for_missing_values_are_asked(counts, made):
    with pytest.raises(InputError, match="Say which it is"):
        level(made(counts))


def test_quantiles_of_one_kind_are_logs_of_no_counts(counts):
    """Quantile normalisation gives all samples the same values, whose sums are alike under every base."""
    order = counts.rank(axis=1, method="first").astype(int) - 1
    same = np.sort(np.log2(counts.mean(axis=0) + 40).to_numpy())
    assert detect_unit(same[order.to_numpy()]) in ("log2 intensity", "log2 expression")


def test_corrected_counts_in_a_layer_follow_their_name(counts):
    logs = np.log2(counts.div(counts.sum(axis=1), axis=0) * 1e6 + 1)
    scaled = AnnData(((logs - logs.mean()) / logs.std()).fillna(0))
    scaled.layers["counts"] = counts.to_numpy() * 0.93
    np.testing.assert_allclose(level(scaled), level(counts), atol=1e-4)
