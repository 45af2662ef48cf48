"""What CurveCurator prints."""

from __future__ import annotations

import numpy as np
from peer_curves import DOSES, MADE


def _curvecurator() -> dict[str, float]:
    from curve_curator.models import LogisticModel

    x, found = np.log10(DOSES), {}
    for at, (upper, lower, slope, centre) in enumerate(MADE):
        model = LogisticModel(pec50=-centre, slope=slope, front=upper, back=lower)
        given = {"pec50": -centre, "slope": slope, "front": upper, "back": lower}
        values = model.core(x, **given)
        found |= {f"{at} at {dose:g}": float(value) for dose, value in zip(DOSES, values, strict=True)}
        found[f"{at} halved"] = float(10 ** model.inverse_function(np.array([0.5]), **given)[0])
        found[f"{at} area"] = float(model.calculate_auc(x, params=given))
    return found


LIVE = {"curvecurator": _curvecurator}
