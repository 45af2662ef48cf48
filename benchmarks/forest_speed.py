"""Random survival forest on binned times, beside scikit-survival's: python benchmarks/forest_speed.py [--trees 500].

1,000 patients, 100 genes, one core for both; the same leaves, features a split and seed. Concordance on
2,000 patients not seen, and the size of the fitted model in memory as pickle counts it (nothing is saved as one).
"""

import argparse
import pickle
import time as clock

import numpy as np
from sksurv.ensemble import RandomSurvivalForest
from sksurv.util import Surv

from omics_rx.core.work import one_thread
from omics_rx.metrics import survival
from omics_rx.signatures import learners

N, P, LEAF = 1000, 100, 15


def made(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, P))
    time = random.exponential(np.exp(-0.3 * X[:, :10].sum(axis=1))) * 30 + 0.1
    censored = random.exponential(50, n) + 0.1
    return X, np.minimum(time, censored), time <= censored


def judged(name: str, model, X, outcome, fresh) -> tuple[float, float]:
    start = clock.process_time()
    model.fit(X, *outcome)
    took = clock.process_time() - start
    start = clock.process_time()
    risk = model.predict(fresh[0])
    predicted = clock.process_time() - start
    found = survival.concordance(fresh[1], fresh[2], risk, n_boot=1).value
    size = len(pickle.dumps(model)) / 1e6
    print(f"{name}: fit {took:.1f} s, predict {predicted:.1f} s, C {found:.4f}, {size:,.1f} MB", flush=True)
    return took, found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--trees", type=int, default=500)
    trees = asked.parse_args().trees
    X, time, event = made(0, N)
    fresh = made(1, 2000)
    with one_thread():
        ours, concordance = judged(
            "here", learners.make("random_forest", n_trees=trees, min_leaf=LEAF), X, (time, event), fresh
        )
        theirs, reference = judged(
            "scikit-survival",
            RandomSurvivalForest(trees, min_samples_leaf=LEAF, max_features="sqrt", random_state=0),
            X, (Surv.from_arrays(event, time),), fresh,
        )  # fmt: skip
    print(f"{theirs / ours:.1f} times faster, C {concordance - reference:+.4f}")


if __name__ == "__main__":
    main()
