"""The main job on real data: a breast cohort to scores, a signature, sensitivities and an explained ranking.

Every step that takes time keeps its result in the cache, keyed by its inputs and by the code that made it: a
second run is quick and needs no network, and an interrupted one continues after its last finished step.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from omics_rx import datasets, harmonize, report, repurposing, response, scores, signatures
from omics_rx.core import cache, provenance, saving
from omics_rx.core import cohort as co
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import OutputError
from omics_rx.core.texts import for_spreadsheets
from omics_rx.core.work import announce
from omics_rx.report.ranking import ranking_sentence
from omics_rx.report.study import study_sentence
from omics_rx.scores.centroids import SUBTYPES

if TYPE_CHECKING:
    from anndata import AnnData

COHORT, TRAINING, EXTERNAL, SCREEN = "gse1992", ("gse1992", "gse4335"), "gse3143", "gdsc"
_ROOMS = ("harmonize", "metrics", "io", "datasets", "scores", "signatures", "response", "repurposing")
LIMITS = (
    (
        "gse1992 records relapse and gse4335 death: the signature is trained on both endpoints together, and is "
        "judged on death in gse3143. There are few events (35, 38 and 50), so every interval is wide."
    ),
    "The risk of the patients of gse1992 in scores.csv is that of signatures made without the patient.",
    "The model learnt from cell lines in culture. Its intervals were measured on cell lines and do not cover tumours.",
    "Subtypes and sensitivities of the tumours are relative to this cohort, not to all patients.",
    "A ranking proposes experiments. It is no advice on treatment.",
)


@dataclass(frozen=True)
class Quickstart:
    """What a run made: the folder, its files, and the results themselves.

    Attributes
    ----------
    out
        Folder of the files.
    subtypes, scores
        Samples x subtype calls; samples x scores.
    study, prediction, ranking
        The signature study, the predicted sensitivities of the tumours, the ranked drugs.
    """

    out: Path
    subtypes: pd.DataFrame
    scores: pd.DataFrame
    study: Any
    prediction: Any
    ranking: Any
    files: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        judged = self.study.table[self.study.table["role"] == "external"].iloc[0]
        top = ", ".join(self.ranking.table["name"].head(5))
        return (
            f"signature: {len(self.study.signature.genes)} genes, concordance {judged['concordance']:.2f} "
            f"({judged['lower']:.2f} to {judged['upper']:.2f}) in {judged['cohort']}, {judged['events']} events\n"
            f"ranking for {self.ranking.subtype}: {top}, ...\n"
            f"wrote {', '.join(self.files)} to {self.out}"
        )


class _Run:
    """The steps, each computed when first asked for; those that take time are kept in the cache."""

    def __init__(self, subtype: str, seed: int, progress: bool | None) -> None:  # noqa: FBT001 - private
        self.subtype = subtype
        self.seed = seed
        self.progress = progress

    def _kept(self, step: str, inputs: Mapping[str, Any], write: Callable[[Path], None]) -> Path:
        key = cache.key(step, inputs, self.seed, cache.code(*_ROOMS))
        return cache.entry("quickstart", f"{step}-{key}", write)

    @cached_property
    def cohorts(self) -> dict[str, AnnData]:
        names = dict.fromkeys((*TRAINING, EXTERNAL))
        return {name: datasets.load(name, progress=self.progress) for name in names}

    @cached_property
    def tumours(self) -> AnnData:
        return self.cohorts[COHORT]

    @cached_property
    def subtypes(self) -> pd.DataFrame:
        return scores.subtype(self.tumours)

    @cached_property
    def scores(self) -> pd.DataFrame:
        parts = {
            "cell death": scores.cell_death(self.tumours),
            "immune": scores.immune(self.tumours),
        }
        # the cohort was trained on: only scores by signatures made without the patient are honest
        risk = self.study.scores[COHORT][["risk_score", "risk_group"]].add_suffix("_cross_validated")
        calls = self.subtypes[["subtype", "margin", "er_status", "pr_status", "her2_status"]]
        named = [part.add_prefix(f"{kind}: ") for kind, part in parts.items()]
        table: pd.DataFrame = pd.concat([calls, risk, *named], axis=1)
        return table

    @cached_property
    def study(self) -> Any:
        def write(folder: Path) -> None:
            training = {name: self.cohorts[name] for name in TRAINING}
            external = {EXTERNAL: self.cohorts[EXTERNAL]}
            study = signatures.build(
                "cell_death",
                training,
                external=external,
                endpoint="mixed",
                reopen=[EXTERNAL],  # a demonstration: another seed may look again, and the study says so
                seed=self.seed,
                progress=self.progress,
            )
            study.save(folder)

        return signatures.load_study(self._kept("signature", self.inputs, write))

    @cached_property
    def model(self) -> Any:
        return response.default(SCREEN, progress=self.progress)

    @cached_property
    def prediction(self) -> Any:
        return self.model.predict(self.tumours, reference="cohort")

    @cached_property
    def ranking(self) -> Any:
        def write(folder: Path) -> None:
            ranker = repurposing.Ranker(seed=self.seed).fit(self.model, self.tumours)
            ranker.rank(self.subtype).save(folder)

        inputs = {**self.inputs, "screen": self.model.screen_.fingerprint, "subtype": self.subtype}
        return repurposing.load_ranking(self._kept("ranking", inputs, write))

    @cached_property
    def inputs(self) -> dict[str, str]:
        return {name: provenance.frame_sha256(co.expression(cohort)) for name, cohort in self.cohorts.items()}


@in_words
def run_quickstart(
    out: Path | str = "omics_rx_quickstart",
    subtype: str = "Basal",
    *,
    seed: int = 0,
    progress: bool | None = None,
) -> Quickstart:
    """Take a real breast cohort to a signature, predicted sensitivities and an explained ranking of drugs.

    The cohort gse1992 is called, scored and ranked for; the signature is trained on gse1992 and gse4335 and opened
    once on gse3143; the response model is trained on GDSC1 and GDSC2. All are downloaded once.

    Parameters
    ----------
    out
        Folder for ``signature.json``, ``scores.csv``, ``sensitivity.parquet`` (ln uM, samples x drugs),
        ``ranking.csv``, ``explanations.csv``, ``provenance.json`` and ``report.html``.
    subtype
        PAM50 subtype to rank for: LumA, LumB, Her2, Basal or Normal.
    seed
        Seed of every random choice.
    progress
        Whether to draw progress bars; None draws them on a terminal or in a notebook.

    Raises
    ------
    UnknownNameError
        If the subtype is not one of the five.
    OutputError
        If the folder cannot be written.
    DownloadError
        If the data are not on this machine and cannot be downloaded.
    """
    subtype = harmonize.subtype(subtype, SUBTYPES)
    folder = _writable(Path(out))
    run = _Run(subtype, seed, progress)
    for number, (title, work) in enumerate(_STEPS.items(), start=1):
        announce(f"{number}/{len(_STEPS)} {title}", progress=progress)
        work(run)
    files = _write(run, folder)
    return Quickstart(folder, run.subtypes, run.scores, run.study, run.prediction, run.ranking, files)


_STEPS: dict[str, Callable[[_Run], Any]] = {
    "reading the cohorts": lambda run: run.cohorts,
    "calling subtypes": lambda run: run.subtypes,
    "building the signature": lambda run: run.study,
    "scoring cell death and immune infiltration": lambda run: run.scores,
    "fitting the response model": lambda run: run.model,
    "predicting sensitivities": lambda run: run.prediction,
    "ranking drugs": lambda run: run.ranking,
}


def _writable(folder: Path) -> Path:
    """Refuse a folder that cannot be written before any work is done for it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".omics_rx"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(f"the output folder {folder} cannot be written ({error}): choose another") from error
    return folder


_FILES = (
    "signature.json", "scores.csv", "sensitivity.parquet", "ranking.csv", "explanations.csv", "provenance.json",
    "report.html",
)  # fmt: skip


def _write(run: _Run, folder: Path) -> tuple[str, ...]:
    """Write every file, all together or none; ``provenance.json`` holds the hashes of the others."""
    page = _page(run)
    with saving.together(folder) as out:
        run.study.signature.save(out / "signature.json")
        for_spreadsheets(run.scores).to_csv(out / "scores.csv", index_label="sample")
        run.prediction.mean.to_parquet(out / "sensitivity.parquet")
        for_spreadsheets(run.ranking.table).to_csv(out / "ranking.csv")
        for_spreadsheets(run.ranking.explanations).to_csv(out / "explanations.csv", index=False)
        report.write(page, out / "report.html")
        told = {**_provenance(run), "files": saving.hashes(out)}
        saving.write_text(out / "provenance.json", json.dumps(told, indent=1, default=str))
    return _FILES


def _provenance(run: _Run) -> dict[str, Any]:
    parts = {"study": run.study, "prediction": run.prediction, "ranking": run.ranking}
    return {
        "made_by": "workflow.quickstart",
        "settings": {"subtype": run.subtype, "seed": run.seed},
        "cohorts": {name: co.describe(cohort) for name, cohort in run.cohorts.items()},
        "inputs": {**run.inputs, SCREEN: run.model.screen_.fingerprint},
        "versions": provenance.versions(),
        **{name: part.provenance.as_dict() for name, part in parts.items()},
    }


def _page(run: _Run) -> Any:
    drugs = run.model.screen_.drugs
    summary = (ranking_sentence(run.ranking), study_sentence(run.study))
    sections = [
        *report.ranking_sections(run.ranking, drugs=drugs),
        *report.response_sections(run.prediction, run.subtypes["subtype"], drugs, focus=run.subtype),
        *report.study_sections(run.study),
        *report.cohort_sections(co.describe(run.tumours), run.subtypes, run.scores),
        report.limits_section(LIMITS),
    ]
    return report.Page(f"{COHORT}: candidates for the {run.subtype} subtype", summary, tuple(sections))
