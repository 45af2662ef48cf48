"""Is a corrected response better than its measurement? GDSC2's, held against other laboratories.

    python benchmarks/response_corrected.py
    python benchmarks/response_corrected.py --gcsi gcsi.csv.gz

Of each drug that another laboratory measured in 20 lines or more: Spearman correlation over lines of that laboratory's
value with GDSC2's ln IC50 as measured, as predicted by a fit without the line, and as ``model.corrected()`` has it; on
the same pairs. "Within a line": mean over lines of the correlation over drugs, each drug standardised. The gain over
the measurement is paired, its 95% interval over lines and drugs, both resampled. With GDSC1 as second screen where it
is not the judge; no weight is learnt from the laboratory that judges.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from other_laboratories import default_model, laboratories, on, parser
from over_drugs import gain, spearman, text

import omics_rx as orx

_FEWEST_DRUGS = 5


def within_lines(measured: pd.DataFrame, other: pd.DataFrame) -> float:
    """Mean over lines of the Spearman correlation over drugs that are standardised; lines with five drugs or more."""
    other = other.where(measured.notna())
    one, two = ((part - part.mean()) / part.std() for part in (measured, other))
    keep = measured.notna().sum(axis=1) >= _FEWEST_DRUGS
    return float(np.nanmean(spearman(one[keep].T.to_numpy(), two[keep].T.to_numpy())))


def rows(name: str, other: pd.DataFrame, versions: dict[str, pd.DataFrame], n_boot: int) -> list[dict[str, object]]:
    """One row a version of the responses."""
    judge = on(versions["measured"], other)
    found = []
    for title, values in versions.items():
        own = values.loc[judge.index, judge.columns].where(judge.notna())
        each = spearman(judge.to_numpy(), own.to_numpy())
        start = spearman(judge.to_numpy(), versions["measured"].loc[judge.index, judge.columns].to_numpy())
        found.append(
            {
                "laboratory": name, "response": title, "drugs": judge.shape[1], "median": np.nanmedian(each),
                "mean": np.nanmean(each), "within a line": within_lines(judge, own),
                "better for": np.nanmean(each > start),
                "gain over measured": "" if title == "measured" else text(
                    gain(spearman, judge, own, versions["measured"], n_boot=n_boot)),
            }
        )  # fmt: skip
    return found


def main() -> None:
    told = parser(__doc__).parse_args()
    here = orx.datasets.load("gdsc2", progress=False)
    model = default_model(told.model, here)
    alone = model.corrected()
    measured = alone.matrix("measured")
    with_gdsc1 = model.corrected(second=orx.datasets.load("gdsc1", progress=False))
    print("weight of the measurement by drug: " + ", ".join(
        f"{name} {found.drugs['own_weight'].quantile([0.1, 0.5, 0.9]).round(2).tolist()}"
        for name, found in (("alone", alone), ("with GDSC1", with_gdsc1))))  # fmt: skip
    core = model.learnt_.stack.parts["kernel"]
    predicted = pd.DataFrame(
        model.learnt_.training.y - core.errors_, model.learnt_.training.cells.names, model.learnt_.training.drugs.names
    )
    table = []
    for name, other in laboratories(here, told.gcsi).items():
        versions = {"measured": measured, "expression alone": predicted, "half and half": (measured + predicted) / 2,
                    "corrected": alone.matrix()}  # fmt: skip
        if not name.startswith("GDSC1"):
            versions["corrected, with GDSC1"] = with_gdsc1.matrix()
        table += rows(name, other, versions, told.boot)
        print(f"{name} done", flush=True)
    print(pd.DataFrame(table).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
