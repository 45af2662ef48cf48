"""What the shipped cell-death index adds to clinical variables on SCAN-B, and whether its chances come true there.

python benchmarks/signature_clinical.py
"""

import pandas as pd
from external_cohorts import folder, scanb400

import omics_rx as orx
from omics_rx.metrics import calibration
from omics_rx.signatures import clinical

COLUMNS = ("age_at_diagnosis", "nhg", "er_status", "her2_status")


def main() -> None:
    cohort = scanb400(folder())
    index = orx.signatures.load("cell_death")
    scored = index.score(cohort)
    found = clinical.gain(cohort, scored["risk_score"], columns=COLUMNS, n_boot=2000)
    shown = found.set_index("base")[["n", "events", "base_concordance", "concordance", "difference", "lower", "upper"]]
    print(shown.join(found.set_index("base")[["p_value", "hazard_ratio", "hr_lower", "hr_upper"]]).round(3).to_string())
    chances = index.predict_survival(cohort)
    for month in chances:
        one = calibration.calibration(cohort.obs["time"], cohort.obs["event"], chances[month], at=month)
        error = calibration.brier_at(cohort.obs["time"], cohort.obs["event"], chances[month], at=month)
        print(pd.Series({**one.figures(), **error}).round(3).to_dict())


if __name__ == "__main__":
    main()
