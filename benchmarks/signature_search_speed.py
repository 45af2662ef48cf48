"""101 combinations, 5 outer folds, 400 patients, 2,000 candidate genes: python benchmarks/signature_search_speed.py.

Beside a naive loop over the same learners that fits the selector again for every combination, on one core, one
combination after another, as the published searches do. The naive loop takes longer than is worth waiting for, so it
runs on the first of the five folds and is scaled up; its risks are compared with those of the search. Seconds of the
clock, and processor seconds of all processes, which say more on a machine that others use too. With --count, each
distinct fit of one fold is timed once and the loop's time added up from them: a minute instead of half an hour.
"""

import argparse
import os
import resource
import tempfile
import time as clock
import warnings

import joblib
import numpy as np
import pandas as pd
from joblib.externals.loky import get_reusable_executor

from omics_rx.core.work import one_thread, subseed
from omics_rx.signatures import combinations, learners
from omics_rx.signatures.search_fold import Fits
from omics_rx.signatures.search_run import searched
from omics_rx.signatures.selectors import kept_by
from omics_rx.signatures.training import CohortScale, TrainingSet

N, P, FOLDS = 400, 2000, 5


def made() -> TrainingSet:
    random = np.random.default_rng(0)
    X = random.normal(size=(N, P))
    hidden = random.normal(size=(N, 4))
    X[:, :80] = 0.6 * np.repeat(hidden, 20, axis=1) + 0.8 * X[:, :80]
    time = random.exponential(40 * np.exp(-hidden @ [0.6, 0.4, 0.2, 0.0])) + 0.1
    censored = random.exponential(60, N) + 0.1
    return TrainingSet(
        X, tuple(f"G{at}" for at in range(P)), pd.Index([f"made/{at}" for at in range(N)]),
        np.minimum(time, censored), time <= censored, np.full(N, "made"),
    )  # fmt: skip


def naive_fold(train: TrainingSet, wanted, seen) -> np.ndarray:
    """Every combination by itself: its selector, then its learner."""
    seed = subseed(0, "outer", 0)
    learnt, held = train.rows(seen), train.rows(~seen)
    scale = CohortScale.learn(learnt)
    z, target = scale.apply(learnt), scale.apply(held)
    risks = []
    for combination in wanted:
        kept = np.arange(P)
        if combination.selector:
            selector = learners.make(combination.selector, seed=subseed(seed, "search", combination.selector))
            kept = kept_by(selector.fit(z, learnt.time, learnt.event, stratum=learnt.cohort))
        model = learners.make(combination.learner, seed=subseed(seed, "search", combination.learner))
        model.fit(z[:, kept], learnt.time, learnt.event, stratum=learnt.cohort)
        risks.append(model.predict(target[:, kept]))
    return np.column_stack(risks)


def added_up(train: TrainingSet, wanted, seen) -> tuple[float, float]:
    """Processor seconds of one fold's distinct fits, and of as many as the naive loop would make of them.

    Each distinct fit is made and timed once; the naive loop pays a selector's seconds for each combination it is in.
    """
    learnt = train.rows(seen)
    fits = Timed(CohortScale.learn(learnt).apply(learnt), learnt, seed=subseed(0, "outer", 0))
    naive = 0.0
    for combination in wanted:
        fits.asked.clear()
        fits.of(combination)
        naive += sum(fits.seconds[key] for key in fits.asked)
    return sum(fits.seconds.values()), naive


class Timed(Fits):
    """Fits that know what each of them took, and which were asked for."""

    def __init__(self, *of, **more) -> None:
        super().__init__(*of, **more)
        self.seconds, self.asked = {}, []

    def _fit(self, name, columns):
        self.asked.append((name, columns.tobytes()))
        return super()._fit(name, columns)

    def _fresh(self, name, columns):
        start = clock.process_time()
        found = super()._fresh(name, columns)
        self.seconds[name, columns.tobytes()] = clock.process_time() - start
        return found


def processor() -> float:
    """Processor seconds of this process and of workers that have ended."""
    get_reusable_executor().shutdown(wait=True)
    both = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--count", action="store_true", help="only time each distinct fit of one fold, and add up")
    asked = asked.parse_args()
    train, wanted = made(), combinations.named("101")
    print(f"{len(wanted)} combinations, {FOLDS} folds, {N} patients ({train.n_events} events), {P} genes")
    if asked.count:
        with one_thread():
            work, naive = added_up(train, wanted, train.folds(FOLDS, seed=0, name="search") != 0)
        print(
            f"one fold: {work:.0f} processor s, {naive:.0f} with selectors fitted anew: {naive / work:.1f} times more"
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OMICS_RX_CACHE"] = folder
        start, work = clock.perf_counter(), processor()
        with joblib.parallel_config("loky", n_jobs=asked.jobs):
            found = searched(train, wanted, n_folds=FOLDS, progress=False)
        ours, ours_work = clock.perf_counter() - start, processor() - work
        start = clock.perf_counter()
        searched(train, wanted, n_folds=FOLDS, progress=False)
        again = clock.perf_counter() - start
    print(
        f"search, {asked.jobs} jobs: {ours:.0f} s, {ours_work:.0f} processor s; again from the cache: {again:.1f} s",
        flush=True,
    )
    print(f"failed: {int((found.table['failure'] != '').sum())}")
    print(found.table.head(5).drop(columns="failure").round(3).to_string(index=False), flush=True)
    seen = found.fold.to_numpy() != 0
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start, work = clock.perf_counter(), processor()
        risks = naive_fold(train, wanted, seen)
        theirs, theirs_work = (clock.perf_counter() - start) * FOLDS, (processor() - work) * FOLDS
    gap = np.abs(risks - found.risks.loc[~seen, [combination.name for combination in wanted]].to_numpy()).max()
    print(f"naive loop, one process, scaled from 1 of {FOLDS} folds: {theirs:.0f} s, {theirs_work:.0f} processor s")
    print(f"{theirs / ours:.1f} times faster by the clock, {theirs_work / ours_work:.1f} times less work")
    print(f"largest difference of a risk: {gap:.1e}")


if __name__ == "__main__":
    main()
