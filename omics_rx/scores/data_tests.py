"""What methods need of the data themselves, as tests of a prepared cohort; each gives a doubt, or None."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
import pandas as pd

from omics_rx.core.cohort import is_dask
from omics_rx.core.units import amount_of
from omics_rx.harmonize.needs import Doubt, Prepared
from omics_rx.scores.mixture import fit_mixture
from omics_rx.scores.records import recorded_receptor

Test: TypeAlias = Callable[[Prepared], Doubt | None]

FEW_GENES = 5000  # a panel, or genes chosen for their spread; the smallest platforms of whole genomes hold more
_PER_MILLION = ("TPM", "CPM")
_NEARLY_ALL = 0.8
_MOSTLY, _FEW_HIGH = 0.8, 0.1
_ER_GENES = ("ESR1", "GATA3", "FOXA1", "XBP1")
_ESR1_APART = 1.0  # log2
# genes of the male-specific region of the Y chromosome that tissues express, and XIST
_SEX_LINKED = ("RPS4Y1", "DDX3Y", "KDM5D", "EIF1AY", "USP9Y", "UTY", "ZFY", "XIST")


def n_genes(ready: Prepared) -> int:
    """Number of genes of a prepared cohort."""
    return int(ready.source.n_vars)


def whole_transcriptome(ready: Prepared) -> Doubt | None:
    """Say that genes are compared with the sample's other genes, and that there are few of these."""
    n = n_genes(ready)
    if n >= FEW_GENES:
        return None
    return Doubt(
        f"{n:,} genes are a panel or a selection, and a sample's genes are compared with all its others: scores are "
        "relative to these few and cannot be held against those of other tables"
    )


def whole_for_shares(profiled: frozenset[str] = frozenset()) -> Test:
    """Test that refuses a panel or a selection of genes where shares are parts of all that is expressed.

    Parameters
    ----------
    profiled
        Genes of a reference that knows more than markers: where it knows nearly all genes of the cohort, both are
        parts of one whole, however small.
    """

    def test(ready: Prepared) -> Doubt | None:
        n = n_genes(ready)
        if n >= FEW_GENES or sum(gene in profiled for gene in ready.source.var_names) >= _NEARLY_ALL * n:
            return None
        if not ready.found.detected and amount_of(ready.found.unit) in _PER_MILLION:
            return Doubt(
                f"{n:,} genes are few; their {ready.found.unit}, as told, is taken as of the whole transcriptome"
            )
        return Doubt(
            f"{n:,} genes are a panel or a selection, and cells that the reference lacks show in all other genes: "
            "shares would be far too high. Pass the whole expression matrix; or the panel's part of whole TPM, saying "
            'so with core.cohort.with_info(cohort, unit="TPM"); or use method="cibersort", whose shares are relative',
            refuses=True,
        )

    return test


def sex_linked(genes: Iterable[str]) -> Test:
    """Test that says which genes of sets differ between women and men, where the cohort holds both."""
    wanted = [gene for gene in dict.fromkeys(genes) if gene in _SEX_LINKED]

    def test(ready: Prepared) -> Doubt | None:
        in_memory = not ready.source.isbacked and hasattr(ready.source.X, "dtype") and not is_dask(ready.source.X)
        if not wanted or not in_memory:
            return None
        levels = ready.values(_SEX_LINKED)
        mixtures = [fit_mixture(levels[gene].to_numpy(dtype=np.float64)) for gene in levels]
        if not any(found is not None and found.bimodal for found in mixtures):
            return None
        return Doubt(
            f"{', '.join(wanted)} of the sets tell women from men, and the cohort holds both: compare within a sex, or "
            "leave these genes out"
        )

    return test


def triple_negative(ready: Prepared) -> Doubt | None:
    """Leave out tumours with a receptor on record; refuse tumours of which many express ESR1 and nobody said."""
    obs = ready.source.obs
    on_record = {name: recorded_receptor(obs, name) for name in ("er", "pr", "her2")}
    told = {name: status for name, status in on_record.items() if status is not None}
    positive = pd.Series(data=False, index=ready.source.obs_names.copy())
    for status in told.values():
        positive |= (status == "positive").to_numpy()
    er = told.get("er")
    if er is not None and float((er != "unknown").mean()) >= _MOSTLY:
        if not positive.any():
            return None
        return Doubt(
            f"{int(positive.sum())} of {len(positive)} tumours have a receptor on record and get no subtype of "
            "triple-negative tumours",
            samples=tuple(map(str, positive.index[positive])),
        )
    high = share_er_high(ready.values(_ER_GENES))
    if high <= _FEW_HIGH:
        return None
    return Doubt(
        f"ESR1 and what goes with it are high in {high:.0%} of these tumours, so they are not triple-negative only, "
        "and among others every triple-negative one looks basal: pass those alone, or the receptors in obs (er_status, "
        "pr_status, her2_status)",
        refuses=True,
    )


def share_er_high(values: pd.DataFrame) -> float:
    """Share of tumours in the high one of two groups by ESR1, GATA3, FOXA1 and XBP1; 0 where there are no two groups.

    Luminal androgen-receptor tumours, which are high in the other three, are no such group: ESR1 itself must differ.

    Parameters
    ----------
    values
        Samples x genes, log2.
    """
    genes = [gene for gene in _ER_GENES if gene in values and values[gene].std() > 0]
    if "ESR1" not in genes:
        return 0.0
    known = values[genes]
    level = ((known - known.mean()) / known.std()).mean(axis=1).to_numpy(dtype=np.float64)
    mixture = fit_mixture(level)
    if mixture is None or not mixture.bimodal:
        return 0.0
    high = mixture.probability_high(level) > 0.5
    esr1 = values["ESR1"]
    apart = float(esr1[high].mean() - esr1[~high].mean())
    return float(high.mean()) if apart > _ESR1_APART else 0.0
