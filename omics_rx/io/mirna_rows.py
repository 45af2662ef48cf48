"""Rows of a microRNA table that are no human microRNAs, or one microRNA in several rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.mirna_names import species_of
from omics_rx.harmonize.symbols import unnumbered
from omics_rx.io.apart import genes_alone
from omics_rx.io.said import Aloud

if TYPE_CHECKING:
    from anndata import AnnData

_CLASS = re.compile(r"^(?:code[\s_.]?class|class[\s_.]?name|class|control[\s_.]?type|probe[\s_.]?type)$", re.IGNORECASE)
_ENDOGENOUS = re.compile(r"^(?:endogenous\d*|mirna|mirnas|0|0\.0|gene|probe|false|)$", re.IGNORECASE)
_BACKGROUND = re.compile(r"^neg", re.IGNORECASE)
_CONTROL = re.compile(
    r"^(?:hsa-)?(?:rnu\d+\w*|u6\b.*|u6$|u6[-_ ].*|u\d{2}\b.*|snord\d+\w*|rny\d\w*|rn7\w+|z30|hy3)(?:[-_|.].*)?$|"
    r"^unisp\d|"
    r"^mirtc|^ppc\b|^(?:dark|bright|structural)?.*corner|^negativecontrol|^(?:3x)?slv3|^spike|^(?:pos|neg|lig)_|^blank|"
    r"^(?:actb|b2m|gapdh|rpl19|rplp0|rpl13a|hprt1|tbp|ubc|ywhaz)(?:[|_.].*)?$|^nc\d_",
    re.IGNORECASE,
)
_SPIKED = frozenset({"ath", "cel", "osa", "dme"})  # species whose microRNAs are put in as controls
_HUMAN_ENOUGH = 0.1
OTHER_SPECIES = "other_species_share"


def human_alone(cohort: AnnData, origin: str) -> tuple[AnnData, list[str]]:
    """Cohort of human microRNAs: controls left out, microRNAs of a host or graft counted apart.

    Parameters
    ----------
    cohort
        Samples x microRNAs under the names of the file; ``var`` may hold a class of each.
    origin
        Named in errors.

    Raises
    ------
    InputError
        If the microRNAs are those of another species.
    """
    cohort, said = _without_controls(cohort)
    cohort, more = genes_alone(cohort, origin, noun="microRNAs", clinical=False)
    said += more
    species = pd.Series([species_of(unnumbered(str(name))) for name in cohort.var_names], dtype=object)
    foreign = (species.notna() & (species != "hsa")).to_numpy()
    if not foreign.any():
        return cohort, said
    human = int((~foreign).sum())
    if human < _HUMAN_ENOUGH * cohort.n_vars:
        raise InputError(
            f"{origin}: {int(foreign.sum())} of {cohort.n_vars} microRNAs are of another species "
            f"({examples(species[foreign].value_counts().index)}: {examples(cohort.var_names[foreign], 3)}), and human "
            "ones are needed: map them first, or pass the table of a human sample"
        )
    spiked = bool(species[foreign].isin(_SPIKED).all())
    alone = cohort[:, ~foreign].copy()
    names = examples(cohort.var_names[foreign], 3)
    if spiked:
        return alone, [*said, Aloud(f"{int(foreign.sum())} spiked-in microRNAs were left out ({names})")]
    values = np.asarray(cohort.X, dtype=np.float64)
    totals = np.nansum(np.maximum(values, 0), axis=1)
    alone.obs[OTHER_SPECIES] = np.nansum(np.maximum(values[:, foreign], 0), axis=1) / np.where(
        totals > 0, totals, np.nan
    )
    said.append(
        Aloud(f"{int(foreign.sum())} microRNAs are of another species ({names}) and were left out; their share of each "
              f"sample's values is in obs[{OTHER_SPECIES!r}]")
    )  # fmt: skip
    return alone, said


def _without_controls(cohort: AnnData) -> tuple[AnnData, list[str]]:
    """Leave out controls, by the class that the table gives or by their names; the background is stated."""
    names = [unnumbered(str(name)) for name in cohort.var_names]
    control = np.array([bool(_CONTROL.match(name)) for name in names])
    background = np.array([bool(_BACKGROUND.match(name)) for name in names])
    column = next((str(name) for name in cohort.var if _CLASS.match(str(name))), None)
    if column is not None:
        classes = cohort.var[column].fillna("").astype(str).str.strip()
        numbers = classes.str.fullmatch(r"[+-]?\d+(?:\.0)?").all()
        coded = classes.isin({"-1", "0", "1", "-1.0", "0.0", "1.0"}).all()  # Agilent's ControlType
        if (coded or not numbers) and classes.map(lambda one: bool(_ENDOGENOUS.match(one))).any():
            control |= ~classes.map(lambda one: bool(_ENDOGENOUS.match(one))).to_numpy()
            background |= classes.map(lambda one: bool(_BACKGROUND.match(one))).to_numpy()
    if not control.any() or control.all():
        return cohort, []
    said: list[str] = [
        Aloud(
            f"{int(control.sum())} controls are no microRNAs and were left out ({examples(cohort.var_names[control])})"
        )
    ]
    empty = control & background
    if empty.any():
        values = np.asarray(cohort.X[:, np.flatnonzero(empty)], dtype=np.float64)
        said.append(
            f"background: {int(empty.sum())} negative controls, mean {np.nanmean(values):.1f}, mean + 2 sd "
            f"{np.nanmean(values) + 2 * np.nanstd(values):.1f}; nothing was subtracted"
        )
    return cohort[:, ~control].copy(), said


def once_each(cohort: AnnData, origin: str) -> tuple[AnnData, list[str]]:
    """Cohort in which a read that was written in several rows of one microRNA counts once.

    Equal rows of one name are one. Rows that differ are left to be joined where none are equal; beside equal ones
    they are of a table that lists the reads of each precursor, and nobody can tell what they share.

    Raises
    ------
    InputError
        If rows of one name are equal for some microRNAs and differ for others.
    """
    names = pd.Series([unnumbered(str(name)) for name in cohort.var_names])
    if "row_name" in cohort.var and cohort.var["row_name"].is_unique:  # a row for each read, as of isomiRs
        rows = cohort.var["row_name"].astype(str).tolist()
        if not all(row.isdigit() for row in rows):
            return cohort, []
    values = np.asarray(cohort.X, dtype=np.float64)
    equal: list[int] = []
    differ: list[str] = []
    for name, places in names.groupby(names, sort=False).groups.items():
        if len(places) < 2:
            continue
        block = values[:, list(places)]
        same = bool(np.all((block == block[:, [0]]) | (np.isnan(block) & np.isnan(block[:, [0]]))))
        if same and np.nansum(np.abs(block)) > 0:
            equal += list(places)[1:]
        elif not same:
            differ.append(str(name))
    if equal and differ:
        raise InputError(
            f"{origin}: some microRNAs stand in several equal rows and {len(differ)} in rows that differ "
            f"({examples(differ)}), as where the reads of each precursor are listed and the precursor is not: keep one "
            "row of each, or pass the quantifier's own file"
        )
    if not equal:
        return cohort, []
    kept = np.setdiff1d(np.arange(cohort.n_vars), equal)
    alone = cohort[:, kept].copy()
    alone.var_names = pd.Index(names.iloc[kept].tolist(), dtype=object)
    said = Aloud(f"{len(equal)} further rows repeat another of the same microRNA and count the same reads: taken once")
    return alone, [said]
