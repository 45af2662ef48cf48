"""What GDSC2 teaches, judged in other laboratories: unseen lines, and compounds that GDSC2 lacks.

    python benchmarks/response_elsewhere.py
    python benchmarks/response_elsewhere.py --gcsi gcsi.csv.gz

Unseen lines: what five inner fits that had not seen a line predict for it, held against the other laboratory's
measurement of the same line and drug, beside GDSC2's own measurement, the plain kernel (drugs not learnt together) on
the same folds, and the mean of tissue and drug over the training lines. Spearman over lines, mean over drugs; of the
mean and of the preference; within a line, over drugs that are standardised. Gaps are paired, their 95% interval over
lines and drugs.

Compounds: GDSC1's and CCLE's that GDSC2 lacks, in lines that GDSC2 holds, by structure alone (features without targets)
and as the model answers, which looks up how a compound acts; those with a relative among GDSC2's drugs and those
without. Preference r is over all pairs, drug means and line means taken off both.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from other_laboratories import MIN_LINES, default_model, laboratories, on, parser
from over_drugs import gain, spearman, text
from response_corrected import within_lines
from response_other_lab import line_pairs

import omics_rx as orx
from omics_rx.core.screen import DrugScreen
from omics_rx.metrics import response as metrics
from omics_rx.response import similarity, stack
from omics_rx.response.model import ResponseModel
from omics_rx.response.parts.kernel_ridge import KernelRidge


def tissue_means(measured: pd.DataFrame, tissue: pd.Series, folds: list[np.ndarray]) -> pd.DataFrame:
    """Mean of each drug over the training lines of the line's tissue, else over all."""
    found = pd.DataFrame(np.nan, measured.index, measured.columns)
    for test in folds:
        train = measured.drop(index=measured.index[test])
        own = train.groupby(tissue.reindex(train.index)).mean()
        rows = own.reindex(tissue.reindex(measured.index[test]))
        found.iloc[test] = rows.fillna(train.mean()).to_numpy()
    return found


def versions(model: ResponseModel) -> dict[str, pd.DataFrame]:
    """What is known of each line and drug, by what said it."""
    training = model.learnt_.training
    folds = stack.cell_folds(len(training.cells), model.n_inner, model.seed)
    _, plain = stack.fit({"kernel": KernelRidge(together=False)}, training, folds=folds, seed=model.seed)
    names = (training.cells.names, training.drugs.names)
    measured = pd.DataFrame(training.y, *names)
    tissue = model.screen_.cells.obs["tissue"].astype(object).reindex(training.cells.names)
    return {
        "measured by GDSC2": measured, "default model": pd.DataFrame(model.learnt_.held_out, *names),
        "plain kernel": pd.DataFrame(plain, *names), "tissue and drug": tissue_means(measured, tissue, folds),
    }  # fmt: skip


def unseen_lines(model: ResponseModel, path: str | None, n_boot: int) -> pd.DataFrame:
    """One row a laboratory and version."""
    known, rows = versions(model), []
    preference = {name: table.sub((table - table.mean()).mean(axis=1), axis=0) for name, table in known.items()}
    for name, other in laboratories(model.screen_, path).items():
        judge = on(known["measured by GDSC2"], other)
        for title in known:
            own, preferred = (
                part[title].loc[judge.index, judge.columns].where(judge.notna()) for part in (known, preference)
            )
            row = {
                "laboratory": name, "by": title, "drugs": judge.shape[1],
                "per drug": np.nanmean(spearman(judge.to_numpy(), own.to_numpy())),
                "preference": np.nanmean(spearman(judge.to_numpy(), preferred.to_numpy())),
                "within a line": within_lines(judge, own),
            }  # fmt: skip
            if title == "default model":
                row["less plain kernel"] = text(gain(spearman, judge, own, known["plain kernel"], n_boot=n_boot))
                row["less measured"] = text(gain(spearman, judge, own, known["measured by GDSC2"], n_boot=n_boot))
            rows.append(row)
        print(f"{name} done", flush=True)
    return pd.DataFrame(rows).fillna("")


def new_compounds(model: ResponseModel, there: DrugScreen, value: str, sign: float) -> pd.DataFrame:
    """Compounds that the model's screen lacks, in lines that it holds."""
    here, training = model.screen_, model.learnt_.training
    lines = {own: its for own, its in line_pairs(here, there).items() if own in training.cells.names}
    other = sign * there.matrix(value)
    lines = {own: its for own, its in lines.items() if its in other.index}
    other = other.loc[list(lines.values())].set_axis(list(lines), axis=0)
    drugs = there.drugs[there.drugs["smiles"].notna()]
    found = orx.harmonize.drugs.find(drugs, here.drugs, what="GDSC2")
    drugs = drugs[found["drug_id"].isna().to_numpy()]
    other = other.reindex(columns=drugs.index)
    other = other.loc[:, other.notna().sum() >= MIN_LINES]
    asked = drugs.loc[other.columns, ["name", "smiles"]]
    asked.index = [f"n{i}" for i in range(len(asked))]
    answer = model.predict(here.cells[list(lines)], asked, "cell_line")
    at = [list(training.cells.names).index(cell) for cell in lines]
    bare = model.learnt_.stack.predict(training.cells.take(np.array(at)), similarity.features(asked))
    kin, rows = answer.drugs["preference_known"].to_numpy(dtype=bool), []
    y = other.set_axis(asked.index, axis=1)
    level = pd.DataFrame(bare, y.index, y.columns)
    for title, keep in (("all", np.ones(len(kin), dtype=bool)), ("with a relative", kin), ("without", ~kin)):
        if keep.sum() < 2:
            continue
        own, told = y.loc[:, keep], answer.mean.loc[y.index].loc[:, keep]
        inside = (own >= answer.lower.loc[y.index].loc[:, keep]) & (own <= answer.upper.loc[y.index].loc[:, keep])
        rows.append(
            {
                "of": f"{there.name}, {title}", "compounds": int(keep.sum()),
                "preference r, structure alone": metrics.preference_r(own, level.loc[:, keep]),
                "preference r, looked up": metrics.preference_r(own, told),
                "order of the drugs": own.mean().corr(told.mean(), method="spearman"),
                "interval holds": inside.to_numpy()[own.notna().to_numpy()].mean() if value == "ln_ic50" else np.nan,
                "measured less predicted": (own - told).mean().mean() if value == "ln_ic50" else np.nan,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def main() -> None:
    told = parser(__doc__).parse_args()
    here = orx.datasets.load("gdsc2", progress=False)
    model = default_model(told.model, here)
    gdsc1, ccle = (orx.datasets.load(name, progress=False) for name in ("gdsc1", "ccle"))
    new = [new_compounds(model, gdsc1, "ln_ic50", 1.0), new_compounds(model, ccle, "act_area", -1.0)]
    print(pd.concat(new).round(3).to_string(index=False), flush=True)
    print(unseen_lines(model, told.gcsi, told.boot).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
