"""Saving a fitted model to one ``.orx`` file and reading it back; the default model, fitted once on a machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core import bundle, cache
from omics_rx.core.arguments import in_words
from omics_rx.core.damage import told_as_damage
from omics_rx.core.errors import InputError, IntegrityError
from omics_rx.core.screen import DrugScreen
from omics_rx.response import asked
from omics_rx.response.intervals import Intervals
from omics_rx.response.model import Learnt, ResponseModel
from omics_rx.response.parts import PARTS
from omics_rx.response.parts.base import Cells, State, Training
from omics_rx.response.similarity import N_BITS, DrugFeatures, texts
from omics_rx.response.stack import Stack
from omics_rx.response.upgrade import UPGRADE_FROM

KIND = "response_model"
SCHEMA = 3


def save(model: ResponseModel, path: Path | str) -> Path:
    """Write a fitted model at once or not at all.

    Parameters
    ----------
    model
        A fitted model.
    path
        File to write, by custom ``*.orx``.

    Raises
    ------
    NotFittedError, OutputError
        If the model was not fitted; if the file cannot be written.
    """
    asked.path(path)
    screen, learnt = model.screen_, model.learnt_
    states = {name: part.state() for name, part in learnt.stack.parts.items()}
    record = {
        "settings": _settings(model),
        "screen": {"name": screen.name, "fingerprint": screen.fingerprint},
        "weights": dict(learnt.stack.weights),
        "parts": {name: state.record for name, state in states.items()},
        "texts": {name: sorted(state.texts) for name, state in states.items()},
        "coverage": learnt.intervals.coverage,
        "grouped_by": learnt.intervals.grouped_by,
        "card": card(model),
    }
    members = {
        **_screen_members(screen),
        **_training_members(learnt),
        **{f"part-{name}.safetensors": bundle.tensors(state.arrays) for name, state in states.items() if state.arrays},
        **{
            f"part-{name}-{title}.txt": text.encode()
            for name, state in states.items()
            for title, text in state.texts.items()
        },
    }
    return bundle.save(path, kind=KIND, schema=SCHEMA, record=record, members=members)


def card(model: ResponseModel) -> dict[str, Any]:
    """Return the model card: what it was trained on, what it answers, what it does not."""
    screen, training = model.screen_, model.learnt_.training
    unit = "AUC, 0 to 1," if model.target == "auc" else "ln IC50 in ln uM"
    return {
        "trained_on": {
            "screen": screen.name, "lines": len(training.cells), "drugs": len(training.drugs),
            "genes": len(training.cells.genes), "responses": int(np.isfinite(training.y).sum()),
        },
        "answers": f"{unit} of cell lines, tumours and single-cell profiles, for known and new drugs",
        "limits": [
            "Trained on cell lines grown in dishes: no immune cells, no stroma, no pharmacokinetics.",
            "Intervals hold for cell lines like those trained on; they do not cover tumours.",
            "For a drug unlike every training drug the prediction is close to a mean.",
            "For research; not for choosing a patient's treatment.",
        ],
    }  # fmt: skip


def _settings(model: ResponseModel) -> dict[str, Any]:
    settings: dict[str, Any] = model.get_params()
    if isinstance(settings["parts"], Mapping):
        settings["parts"] = {name: dict(own) for name, own in settings["parts"].items()}
    elif not isinstance(settings["parts"], str):
        settings["parts"] = list(settings["parts"])
    return settings


def _screen_members(screen: DrugScreen) -> dict[str, bytes]:
    values = screen.cells.X
    dense = values.toarray() if hasattr(values, "toarray") else np.asarray(values)
    members = {
        "responses.parquet": bundle.parquet(screen.responses),
        "drugs.parquet": bundle.parquet(_plain(screen.drugs)),
        "cells.parquet": bundle.parquet(_plain(screen.cells.obs)),
        "expression.safetensors": bundle.tensors({"X": dense.astype(np.float32)}),
        "names.json": json.dumps(
            {"genes": list(screen.cells.var_names), "info": _info(screen)}, ensure_ascii=True
        ).encode(),
    }
    events = screen.cells.obsm.get("events")
    if events is not None:
        members["events.parquet"] = bundle.parquet(pd.DataFrame(events).astype(np.float32))
    return members


def _info(screen: DrugScreen) -> dict[str, str]:
    from omics_rx.core.cohort import info

    known = info(screen.cells)
    return {"unit": known.unit, "domain": known.domain, "origin": known.origin}


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Frame whose categorical and mixed columns are texts or missing, as parquet and its readers agree on."""
    plain = frame.copy()
    for name in plain.columns:
        column = plain[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(object)
        if column.dtype == object:
            column = column.map(lambda value: value if isinstance(value, bool | int | float) else str(value),
                                na_action="ignore").where(column.notna(), None)  # fmt: skip
        plain[name] = column
    return plain


def _training_members(learnt: Learnt) -> dict[str, bytes]:
    training, interval = learnt.training, learnt.intervals
    return {
        "reference.json": json.dumps(learnt.reference.as_dict()).encode(),
        "drug-terms.json": json.dumps(
            {
                "names": list(training.drugs.names),
                "targets": [sorted(terms) for terms in training.drugs.targets],
                "pathway": [sorted(terms) for terms in training.drugs.pathway],
                "cells": list(training.cells.names),
            }
        ).encode(),
        "training.safetensors": bundle.tensors(
            {
                # standardised expression is rounded to 32 bits before anything is learnt from it, so this is exact
                "z": training.cells.z.astype(np.float32),
                "y": training.y,
                "bits": np.packbits(training.drugs.bits, axis=1),
                "centre": learnt.centre,
                "spread": learnt.spread,
                "by_drug": interval.by_drug,
                "edges": interval.edges,
                "by_group": interval.by_group,
                **({} if learnt.held_out is None else {"held_out": learnt.held_out}),
            }
        ),
    }


@in_words
def load(path: Path | str) -> ResponseModel:
    """Read a saved model; it predicts what it predicted when it was saved.

    Raises
    ------
    MissingFileError, IntegrityError
        If the file is missing; if it is damaged, altered, of another kind or of a newer schema.
    """
    asked.path(path)
    opened = bundle.load(path, kind=KIND, schema=SCHEMA, upgrade_from=UPGRADE_FROM)
    with told_as_damage(f"the response model in {path}"):
        return _restored(opened)


def _restored(opened: bundle.Bundle) -> ResponseModel:
    from omics_rx.harmonize.reference import GeneReference

    record = opened.record
    settings = dict(record["settings"])
    if isinstance(settings["parts"], list):
        settings["parts"] = tuple(settings["parts"])
    model = ResponseModel(settings.pop("parts"), **settings)
    screen = _screen(opened)
    arrays = opened.arrays("training.safetensors")
    training = _training(opened, screen, arrays)
    parts = {}
    for name, part_record in record["parts"].items():
        member = f"part-{name}.safetensors"
        state = State(
            part_record,
            opened.arrays(member) if member in opened.members else {},
            {title: opened.text(f"part-{name}-{title}.txt") for title in record["texts"][name]},
        )
        parts[name] = PARTS[name]().restore(state, training)
    model.learnt_ = Learnt(
        screen,
        training,
        GeneReference.from_dict(opened.json("reference.json")),
        Stack(parts, dict(record["weights"])),
        Intervals(
            float(record["coverage"]), arrays["by_drug"], arrays["edges"], arrays["by_group"], str(record["grouped_by"])
        ),
        arrays["centre"],
        arrays["spread"],
        arrays.get("held_out"),
    )
    return model


def _screen(opened: bundle.Bundle) -> DrugScreen:
    from anndata import AnnData

    from omics_rx.core.cohort import with_info

    names = opened.json("names.json")
    cells = AnnData(
        opened.arrays("expression.safetensors")["X"],
        obs=opened.frame("cells.parquet"),
        var=pd.DataFrame(index=pd.Index(names["genes"], dtype=object)),
    )
    if "events.parquet" in opened.members:
        cells.obsm["events"] = opened.frame("events.parquet")
    screen = DrugScreen(
        opened.frame("responses.parquet"),
        with_info(cells, **{name: value for name, value in names["info"].items() if value}),
        opened.frame("drugs.parquet"),
        str(opened.record["screen"]["name"]),
    )
    if screen.fingerprint != opened.record["screen"]["fingerprint"]:
        raise IntegrityError("the screen in the file is not the one the model was fitted on: save the model again")
    return screen


def _training(opened: bundle.Bundle, screen: DrugScreen, arrays: dict[str, np.ndarray]) -> Training:
    from omics_rx.response.prepare import cells_of

    terms = opened.json("drug-terms.json")
    reference = opened.json("reference.json")
    z = pd.DataFrame(
        arrays["z"].astype(np.float64),
        index=pd.Index(terms["cells"], dtype=object),
        columns=pd.Index(reference["genes"], dtype=object),
    )
    cells: Cells = cells_of(screen.cells[terms["cells"]], z)
    drugs = DrugFeatures(
        pd.Index(terms["names"], dtype=object),
        np.unpackbits(arrays["bits"], axis=1)[:, :N_BITS],
        tuple(frozenset(found) for found in terms["targets"]),
        tuple(frozenset(found) for found in terms["pathway"]),
        tuple(texts(screen.drugs.loc[terms["names"]], "smiles")),
    )
    return Training(cells, drugs, arrays["y"], np.asarray(reference["sd"]))


@in_words
def default(screen: str = "gdsc2", *, progress: bool | None = None) -> ResponseModel:
    """Return the default model, fitted on a public screen the first time and read from the cache afterwards.

    Parameters
    ----------
    screen
        Name of the dataset: ``"gdsc2"``, or ``"gdsc"`` for both GDSC screens, which rankings use: more launched drugs
        with a measured response.
    progress
        Whether to show bars; None decides by the terminal.
    """
    from omics_rx import datasets

    loaded = datasets.load(screen, progress=progress)
    if not isinstance(loaded, DrugScreen):
        raise InputError(f"{screen} is a cohort, not a drug screen: name a screen of datasets.list()")
    model = ResponseModel()
    key = cache.key(loaded.fingerprint, _settings(model), SCHEMA, cache.code("response", "harmonize"))
    folder = cache.entry("models", key, lambda draft: _fit_into(draft, model, loaded, progress=progress))
    if hasattr(model, "learnt_"):
        return model
    return load(folder / "model.orx")


def _fit_into(folder: Path, model: ResponseModel, screen: DrugScreen, *, progress: bool | None) -> None:
    if not hasattr(model, "learnt_"):  # it was fitted, and could not be kept elsewhere
        model.fit(screen, progress=progress)
    model.save(folder / "model.orx")
