"""Dose-response curves: ours where peers print numbers."""

from __future__ import annotations

import numpy as np
from peer_cases import Case

from omics_rx.harmonize.logistic import Curves

LOG10 = np.log(10)
DOSES = 10.0 ** np.arange(-3, 2)  # uM
# upper, lower, slope, log10 centre (uM)
MADE = (
    (1.0, 0.1, 1.0, -0.5),
    (0.95, 0.0, 2.5, 0.2),
    (1.05, 0.3, 0.7, -1.2),
    (1.0, 0.45, 4.0, -2.0),
    (1.0, 0.0, 1.3, 0.9),
)
# R GRmetrics on its own toy input: GEC50, GRinf, Hill, and the GR50 it prints
GR = {
    "BT20 A 0 1 72": (0.101756683957657, 0.0308019086334784, 1.006842485438),
    "BT20 A 0 2 72": (0.103583437604038, 0.0215144093032743, 1.1955975712215),
    "BT20 A 0 3 48": (0.0741130062654238, 0.0611054066251451, 1.10565196256558),
    "BT20 A 1 2 48": (0.0915779201101929, 0.0566670296578272, 1.41543907069938),
    "BT20 C 0 1 48": (0.597459343150687, -0.798123085560293, 1.08124410392523),
    "MCF10A C 0 1 72": (1.02155623683634, 0.225178856049258, 4.27451695305029),
}


def curve(upper: float, lower: float, slope: float, log10_centre: float) -> Curves:
    return Curves(*(np.array([value]) for value in (upper, lower, slope, log10_centre * LOG10)))


def _halved(found: Curves) -> float:
    ln_dose, _, _ = found.halved(np.array([-20.0]), np.array([20.0]))
    return float(np.exp(ln_dose[0]))


def _made() -> dict[str, float]:
    low, high = (np.array([np.log(dose)]) for dose in (DOSES[0], DOSES[-1]))
    found = {}
    for at, parameters in enumerate(MADE):
        own = curve(*parameters)
        values = own.viability(np.log(DOSES)[None, :])[0]
        found |= {f"{at} at {dose:g}": float(value) for dose, value in zip(DOSES, values, strict=True)}
        found[f"{at} halved"] = _halved(own)
        found[f"{at} area"] = float(own.mean_viability(low, high)[0])
    return found


def _gr() -> dict[str, float]:
    return {name: _halved(curve(1.0, lower, slope, np.log10(centre))) for name, (centre, lower, slope) in GR.items()}


def _pharmacogx() -> dict[str, float]:
    return {"AC50": _halved(curve(1.0, 0.2, 1.0, 0.0)), "IC50": _halved(curve(1.0, 0.0, 1.0, 0.0))}


CASES = [
    Case("curvecurator", "CurveCurator", "models.LogisticModel: call, inverse_function at 0.5, calculate_auc", _made),
    Case("pharmacogx", "PharmacoGx", "computeAC50, computeIC50 of a Hill fit, its own tests", _pharmacogx),
    Case("grmetrics", "GRmetrics", "GR50 of its fits (OUTPUT/R_input1_GRmetrics.tsv)", _gr, 1e-9),
]
