"""Made-up cohorts with a planted signal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from omics_rx.core.cohort import with_info
from omics_rx.signatures import ledger

GENES = [f"XQ{i:03d}" for i in range(120)]
PATTERNS = {f"pattern {k}": GENES[20 * k : 20 * k + 20] for k in range(5)}


def planted_cohort(seed: int, n: int = 120, *, effect: float = 1.0, shift: float = 0.0, endpoint: str = "death"):
    """Genes 0 to 5 follow a hidden risk (pattern 0); the rest is noise. Each cohort has its own offsets."""
    random = np.random.default_rng(seed)
    hidden = random.normal(size=n)
    values = random.normal(size=(n, len(GENES)))
    values[:, :6] = 0.8 * hidden[:, None] + 0.6 * values[:, :6]
    values[:, 3:6] *= -1
    values = values * random.uniform(0.5, 2, len(GENES)) + random.normal(8, 2, len(GENES)) + shift
    time = random.exponential(40 * np.exp(-effect * hidden)) + 0.1
    censored = random.exponential(60, n) + 0.1
    obs = pd.DataFrame(
        {"time": np.minimum(time, censored), "event": time <= censored, "endpoint": endpoint},
        index=[f"s{seed}-{i}" for i in range(n)],
    )
    cohort = AnnData(values.astype(np.float32), obs=obs, var=pd.DataFrame(index=GENES))
    return with_info(cohort, unit="log2 intensity", domain="tumour", origin=f"made {seed}")


@pytest.fixture(scope="module", autouse=True)
def own_ledger(tmp_path_factory):
    """What tests open is not written into the ledger of whoever runs them."""
    file = tmp_path_factory.mktemp("ledger") / "openings.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "place", lambda: file)
        yield file


@pytest.fixture(autouse=True)
def fresh_ledger(own_ledger, monkeypatch, tmp_path):
    """Each test may open the made-up cohorts anew."""
    monkeypatch.setattr(ledger, "place", lambda: tmp_path / "ledger" / "openings.jsonl")


@pytest.fixture
def make_cohort():
    return planted_cohort


@pytest.fixture(scope="session")
def patterns():
    return PATTERNS


@pytest.fixture(scope="session")
def planted_study():
    import omics_rx as orx

    return orx.signatures.build(
        PATTERNS, {"a": planted_cohort(1), "b": planted_cohort(2, shift=3)}, external={"c": planted_cohort(3)},
        n_genes=6, n_null=50,
    )  # fmt: skip
