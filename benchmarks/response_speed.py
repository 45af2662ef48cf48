"""How fast the default model is fitted and asked, and how much memory that takes.

    python benchmarks/response_speed.py
    python benchmarks/response_speed.py --tumours 1000 --drugs 500

Tumours are training lines with noise, standardised among themselves; drugs are those of GDSC2 and, beyond them,
substances of GDSC1 and launched drugs outside oncology, by structure. Seconds are of the wall clock and of the
processor; memory is the most that the process held.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import pandas as pd
from anndata import AnnData

import omics_rx as orx
from omics_rx.core.cohort import with_info
from omics_rx.core.work import rng
from omics_rx.response import library


def timed(what: str, call):
    """Call, and print seconds and memory."""
    wall, processor = time.perf_counter(), time.process_time()
    found = call()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what}: {wall:.1f} s ({processor:.1f} s of processor), most memory so far {most:.2f} GiB", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tumours", type=int, default=1000)
    parser.add_argument("--drugs", type=int, default=500)
    told = parser.parse_args()
    screen = timed("load GDSC2", lambda: orx.datasets.load("gdsc2", progress=False))
    model = timed("fit the default", lambda: orx.response.ResponseModel().fit(screen, progress=False))
    lines = screen.cells[model.learnt_.training.cells.names].to_df()
    random = rng(0, "tumours")
    values = lines.to_numpy()[random.integers(len(lines), size=told.tumours)]
    values = values + 0.3 * random.normal(size=values.shape)
    cohort = AnnData(values.astype(np.float32), var=pd.DataFrame(index=lines.columns))
    cohort.obs_names = [f"tumour-{i}" for i in range(told.tumours)]
    cohort = with_info(cohort, unit="z", domain="tumour")
    more = orx.datasets.load("gdsc1", progress=False).drugs
    more = pd.concat([more[more["smiles"].notna()].reset_index(drop=True), library.launched()])
    more = more[["name", "smiles", "targets", "mechanism"]].drop_duplicates("name")
    own = screen.drugs.loc[model.learnt_.training.drugs.names].rename_axis(None)
    more = more[~more["name"].isin(own["name"])].set_index("name", drop=False)
    asked = pd.concat([own[["name", "smiles", "targets", "mechanism", "pathway"]], more]).iloc[: told.drugs]
    timed(f"predict {told.tumours} tumours x the screen's {len(own)} drugs", lambda: model.predict(cohort))
    found = timed(f"predict {told.tumours} tumours x {len(asked)} drugs", lambda: model.predict(cohort, asked))
    print(f"{int((~found.drugs['known']).sum())} of the {len(asked)} drugs are new")
    timed("again, structures read before", lambda: model.predict(cohort, asked))


if __name__ == "__main__":
    main()
