"""Univariate Cox over 18,000 genes x 1,000 patients, beside lifelines: python benchmarks/univariate_cox.py.

lifelines is timed on 20 genes and scaled up. Coefficients are compared on those genes.
"""

import time as clock

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter

from omics_rx.signatures.selectors import univariate_cox

N, P, SAMPLE = 1000, 18_000, 20


def main() -> None:
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(8, 2, size=(N, P)))
    time = np.ceil(random.exponential(np.exp(-0.2 * (X[0] - 8)) * 30))
    event = random.random(N) < 0.4
    start = clock.perf_counter()
    found = univariate_cox(X, time, event)
    ours = clock.perf_counter() - start
    start = clock.perf_counter()
    theirs = [
        CoxPHFitter()
        .fit(pd.DataFrame({"x": X[at], "t": time, "e": event}), "t", "e", fit_options={"precision": 1e-12})
        .params_["x"]
        for at in range(SAMPLE)
    ]
    each = (clock.perf_counter() - start) / SAMPLE
    gap = np.abs(found["coefficient"].iloc[:SAMPLE] - theirs).max()
    print(f"here: {ours:.1f} s for {P:,} genes x {N:,} patients")
    print(f"lifelines: {each * P:.0f} s ({each * 1000:.0f} ms a gene), {each * P / ours:.0f} times longer")
    print(f"largest difference of a coefficient over {SAMPLE} genes: {gap:.1e}")


if __name__ == "__main__":
    main()
