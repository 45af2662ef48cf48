"""CTRP v2 (Basu 2013; Seashore-Ludlow 2015; Rees 2016): fitted curves and the tables that name what they are of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, MissingFileError, examples, row_names
from omics_rx.core.paths import existing
from omics_rx.core.screen import DrugScreen
from omics_rx.harmonize.logistic import Curves
from omics_rx.io.screen_parts import Parts, assembled, checked_choice, joined_names, read_models
from omics_rx.io.source_table import Source, identifiers, numbers, read_columns

if TYPE_CHECKING:
    from omics_rx.io.line_expression import Expression

_CURVES = {
    "experiment": ("experiment_id",), "compound": ("master_cpd_id",), "centre": ("p1_center",), "slope": ("p2_slope",),
    "decline": ("p3_total_decline",), "baseline": ("p4_baseline",), "area": ("area_under_curve",),
}  # fmt: skip
_RELEASE = "v20."  # the files of later releases may lie beside those of the first
_N_HALVINGS = 15  # sixteen doses, each half of the one above
_PATTERNS = {
    "curves": "*curves_post_qc*.txt*", "cell_lines": "*meta.per_cell_line*.txt*",
    "compounds": "*meta.per_compound*.txt*", "experiments": "*meta.per_experiment*.txt*",
}  # fmt: skip


@in_words
def read_ctrp(
    folder: Path | str,
    *,
    expression: Expression | None = None,
    models: Source | None = None,
    screens: str = "latest",
) -> DrugScreen:
    """Read CTRP v2.0 from the folder its archive unpacks to.

    Parameters
    ----------
    folder
        Holds ``v20.data.curves_post_qc.txt``, ``v20.meta.per_cell_line.txt``, ``v20.meta.per_compound.txt`` and
        ``v20.meta.per_experiment.txt``, packed or not. CTRP v2.1 (``v21.*``) publishes areas of the same measurements
        and no curves: alone it is refused, beside v2.0 it is passed over.
    expression
        A DepMap ``Omics*`` matrix, a CCLE GCT, or anything else with expression of lines.
    models
        DepMap's ``Model.csv``: names, accessions and tissue of lines that the package's own table lacks.
    screens
        ``"latest"`` or ``"all"``; the files hold one.

    Returns
    -------
    DrugScreen
        CTRP gives no IC50 and an area that is not a share, so both are computed from the four parameters of its curves
        over log2 dose: ``ln_ic50`` is the dose of half the control's viability, held at the highest dose where that is
        not reached (``censored``) and at the lowest where it is passed already (``below_lowest``); ``auc`` is the mean
        viability from the lowest to the highest dose, held within 0 and 1. ``ctrp_auc`` is the area as published.
        Repeated experiments of a line are averaged, and ``n_replicates`` counts them.

    Raises
    ------
    MissingFileError, IntegrityError
        If a file is not there, or is damaged.
    InputError
        If a table is another one, lacks a column, or names what the others do not hold.
    """
    checked_choice(screens)
    said: list[str] = []
    files = _files(existing(folder))
    table = read_columns(files["curves"], _CURVES, {"at_high": ("pred_pv_high_conc",)}, what="CTRP's curves")
    compounds = _compounds(files["compounds"])
    lines = _lines(files["cell_lines"])
    table["compound"] = identifiers(table["compound"])
    table["line"] = identifiers(table["experiment"]).map(_lines_of_experiments(files["experiments"]))
    _check_known(table, lines, compounds, files)
    rows = _rows(table, compounds["top_um"], said)
    lines = lines.loc[lines.index.isin(rows["line"])]
    facts = (
        lines[["tissue_site"]].rename(columns={"tissue_site": "ccle_site"})
        if "tissue_site" in lines
        else pd.DataFrame()
    )
    lines = lines[[name for name in ("ccle", "name") if name in lines]]
    if models is not None:
        lines, facts = joined_names(lines, *read_models(models), said)
    used = compounds.loc[compounds.index.isin(rows["compound"])].drop(columns="top_um")
    return assembled(
        Parts("CTRP", rows.assign(run="CTRP"), lines, used, facts, said=said, average=True), expression, which=screens
    )


def _files(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise InputError(f"{folder} is a file: pass the folder that CTRP's archive unpacks to")
    found = {name: sorted(folder.rglob(pattern)) for name, pattern in _PATTERNS.items()}
    found = {name: [file for file in files if file.name.startswith(_RELEASE)] or files for name, files in found.items()}
    if not found["curves"] and (areas := sorted(folder.rglob("*auc_sensitivities*.txt*"))):
        raise MissingFileError(
            f"{folder} holds areas ({areas[0].name}) and no curves, as CTRP v2.1 and v2.2 are published, and an IC50 "
            "comes from the curves: pass the folder of CTRP v2.0, which holds those they were made from"
        )
    absent = [_PATTERNS[name].strip("*").replace("*", "") for name, files in found.items() if not files]
    if absent:
        raise MissingFileError(f"{folder} holds no {examples(absent)}: unpack the whole archive of CTRP v2.0 there")
    several = [name for name, files in found.items() if len(files) > 1]
    if several:
        raise InputError(f"{folder} holds several files of {examples(several)}: pass the folder of one release")
    return {name: files[0] for name, files in found.items()}


def _compounds(file: Path) -> pd.DataFrame:
    table = read_columns(
        file,
        {"compound": ("master_cpd_id",), "name": ("cpd_name",), "top_um": ("top_test_conc_umol",)},
        {"smiles": ("cpd_smiles",), "aliases": ("broad_cpd_id",), "targets": ("gene_symbol_of_protein_target",),
         "target_text": ("target_or_activity_of_compound",)},
        what="CTRP's table of compounds",
    )  # fmt: skip
    table["compound"] = identifiers(table["compound"])
    table["top_um"] = numbers(table, "top_um")
    wrong = ~(table["top_um"] > 0)
    if wrong.any() or table["top_um"].median() > 5000:
        raise InputError(
            f"{file}: top_test_conc_umol has median {table['top_um'].median():g} and {int(wrong.sum())} values that "
            "are no doses: uM are expected"
        )
    return table.drop_duplicates("compound").set_index("compound")


def _lines(file: Path) -> pd.DataFrame:
    table = read_columns(
        file, {"line": ("master_ccl_id",), "name": ("ccl_name",)}, {"tissue_site": ("ccle_primary_site",)},
        what="CTRP's table of cell lines",
    )  # fmt: skip
    table["line"] = identifiers(table["line"])
    table = table.drop_duplicates("line").set_index("line")
    if "tissue_site" in table:
        site = table["tissue_site"].str.upper()
        # the name with its site tells lines of one spelling apart, as CCLE's own names do
        table["ccle"] = (table["name"] + "_" + site).where(site.notna(), None)
    return table


def _lines_of_experiments(file: Path) -> pd.Series:
    table = read_columns(
        file, {"experiment": ("experiment_id",), "line": ("master_ccl_id",)}, {}, what="CTRP's table of experiments"
    )
    table = table.apply(identifiers).drop_duplicates()
    several = table[table["experiment"].duplicated(keep=False)]
    if len(several):
        raise InputError(
            f"{file}: {several['experiment'].nunique()} experiments are of several lines "
            f"({examples(several['experiment'].unique())}): download it again"
        )
    return table.set_index("experiment")["line"]


def _check_known(table: pd.DataFrame, lines: pd.DataFrame, compounds: pd.DataFrame, files: dict[str, Path]) -> None:
    """Refuse curves whose line or compound the other tables do not hold: they are of another release."""
    for what, ids, known, file in (
        ("line", table["line"], lines.index, files["cell_lines"]),
        ("compound", table["compound"], compounds.index, files["compounds"]),
    ):
        lost = ~ids.isin(known)
        if lost.any():
            of = table.loc[lost, "experiment"] if what == "line" else ids[lost]
            raise InputError(
                f"{files['curves']}: {int(lost.sum())} curves are of a {what} that {file.name} does not hold "
                f"({examples(of.unique())}): the files are of different releases"
            )


def _rows(table: pd.DataFrame, top_um: pd.Series, said: list[str]) -> pd.DataFrame:
    """Doses of half viability and mean viability of CTRP's curves.

    A curve is ``baseline + decline / (1 + exp(-(log2 dose - centre) / slope))`` with a slope below 0 where it falls.
    """
    values = {name: numbers(table, name).to_numpy() for name in ("centre", "slope", "decline", "baseline", "area")}
    usable = np.isfinite(np.column_stack([values[name] for name in ("centre", "slope", "decline", "baseline")])).all(
        axis=1
    )
    usable &= values["slope"] != 0
    if not usable.all():
        told = examples(row_names(table.loc[~usable, ["experiment", "compound"]]))
        said.append(f"{int((~usable).sum())} curves without finite parameters were left out ({told})")
    if not usable.any():
        raise InputError(f"{table.attrs['source']}: no curve has finite parameters")
    kept = {name: value[usable] for name, value in values.items()}
    curves = Curves(
        kept["baseline"] + kept["decline"],
        kept["baseline"],
        -1 / (kept["slope"] * np.log(2)),
        kept["centre"] * np.log(2),
    )
    high = np.log(top_um.reindex(table.loc[usable, "compound"]).to_numpy())
    low = high - _N_HALVINGS * np.log(2)
    if "at_high" in table:
        _check_formula(curves, high, numbers(table, "at_high").to_numpy()[usable], str(table.attrs["source"]))
    ln_ic50, above, below = curves.halved(low, high)
    said.append(
        f"ln IC50 and AUC of {len(high)} curves were computed from CTRP's parameters; {int(above.sum())} are not "
        f"halved at the highest dose and {int(below.sum())} are at the lowest"
    )
    return pd.DataFrame(
        {
            "line": table.loc[usable, "line"].to_numpy(),
            "compound": table.loc[usable, "compound"].to_numpy(),
            "ln_ic50": ln_ic50,
            "auc": np.clip(curves.mean_viability(low, high), 0, 1),
            "censored": above,
            "below_lowest": below,
            "ctrp_auc": kept["area"],
            "highest_um": np.exp(high),
        }
    )


def _check_formula(curves: Curves, high: np.ndarray, published: np.ndarray, label: str) -> None:
    """Refuse curves that do not give the viabilities published with them: their parameters mean something else."""
    off = np.abs(curves.viability(high) - published)
    off = off[np.isfinite(off)]
    if len(off) >= 20 and np.median(off) > 0.1:
        raise InputError(
            f"{label}: the parameters give viabilities at the highest dose that are {np.median(off):.2f} from those "
            "published beside them: they are of another release"
        )
