"""Made-up patients of four kinds of measurement, with a planted response."""

import numpy as np
import pandas as pd
import pytest


def made_patients(seed=0, n=160, *, effect=2.0, prefix="P"):
    """Clinical, DNA, RNA and treatment tables; receptors, TMB and an immune score carry the response."""
    random = np.random.default_rng(seed)
    immune, er = random.normal(size=n), random.random(n) < 0.6
    tmb = random.gamma(2, 40, n)
    odds = effect * (immune - 1.2 * er + 0.4 * (tmb - 80) / 55) - 0.4
    pcr = random.random(n) < 1 / (1 + np.exp(-odds))
    burden = np.where(pcr, 0, 1 + np.digitize(-odds + random.logistic(size=n), [0.5, 1.8]))
    index = [f"{prefix}{seed}-{at:03d}" for at in range(n)]
    clinical = pd.DataFrame(
        {
            "age": random.integers(30, 75, n), "er": np.where(er, "Positive", "negative"),
            "grade": random.integers(1, 4, n), "stage": random.choice(["I", "II", "III"], n),
            "pcr": np.where(pcr, "pCR", "RD"), "rcb": [f"RCB-{('0', 'I', 'II', 'III')[at]}" for at in burden],
        },
        index=index,
    )  # fmt: skip
    dna = pd.DataFrame({"tmb": tmb, "hrd": random.integers(0, 60, n), "tp53": random.random(n) < 0.5}, index=index)
    rna = pd.DataFrame(random.normal(size=(n, 8)), index=index, columns=[f"score{at}" for at in range(8)])
    rna["score0"] = immune + 0.3 * random.normal(size=n)
    rna["score1"] = immune + 0.6 * random.normal(size=n)
    treatment = pd.DataFrame({"cycles": random.integers(4, 9, n), "taxane": random.random(n) < 0.8}, index=index)
    return {"clinical": clinical, "dna": dna, "rna": rna, "treatment": treatment}


QUICK = {"learners": ("ridge", "naive_bayes"), "n_repeats": 1, "n_permutations": 19, "progress": False}


@pytest.fixture(scope="session")
def patients():
    return made_patients


@pytest.fixture(scope="session")
def one_table():
    return lambda seed=1, n=160: pd.concat(made_patients(seed, n).values(), axis=1)


@pytest.fixture(scope="session")
def study():
    from omics_rx import signatures

    return signatures.build_response(
        {"a": made_patients(1)}, "pcr", external={"b": made_patients(2, 120)}, ordered="rcb", n_jobs=1, **QUICK
    )
