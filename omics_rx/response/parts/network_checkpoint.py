"""Interrupted training is taken up again where it stood, to the same losses.

A checkpoint is one ``.orx`` bundle: the network, the optimiser's moments, the step and the two best moments so far.
Nothing random needs to be kept, since each step draws from the seed and its own number.
"""

from __future__ import annotations

import hashlib
import signal
import threading
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from omics_rx.core import bundle
from omics_rx.core.paths import as_path
from omics_rx.core.work import log

if TYPE_CHECKING:
    from omics_rx.response.parts.network_training import Training

KIND = "network_checkpoint"
SCHEMA = 2
_SECONDS = 30.0
_MOMENTS = ("exp_avg", "exp_avg_sq")


class Keeper:
    """Saves a training every half minute, at its end, and when it is interrupted, always between two steps.

    Parameters
    ----------
    training
        What is kept.
    file
        The checkpoint; None keeps nothing.
    """

    def __init__(self, training: Training, file: Path | None) -> None:
        self.training, self.file = training, file
        self.saved, self.saved_step = time.monotonic(), training.step
        self.interrupted = False

    def take_up(self, file: Path | None) -> None:
        """Go on from a checkpoint, in every process."""
        if file is not None and file.exists():
            restore(self.training, file)
            self.saved_step = self.training.step

    def __enter__(self) -> Keeper:
        # an interrupt waits for the step to end: half a step cannot be taken up again
        self._catches = self.file is not None and threading.current_thread() is threading.main_thread()
        if self._catches:
            self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self.interrupted = True

    def after_step(self) -> None:
        """Save when it is time, and stop when interrupted."""
        if self.interrupted:
            raise KeyboardInterrupt
        if self.file is not None and time.monotonic() - self.saved >= _SECONDS:
            self._save()

    def _save(self) -> None:
        if self.file is not None and self.training.step > self.saved_step:
            save(self.training, self.file)
            self.saved, self.saved_step = time.monotonic(), self.training.step

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._catches:
            signal.signal(signal.SIGINT, self._before)
        if kind is None or kind is KeyboardInterrupt:
            self._save()
            if kind is not None and self.file is not None:
                log.warning("training was interrupted at step %d: fit again to go on there", self.training.step)


def file_of(folder: str | None, seed: int, *parts: Any) -> Path | None:
    """File for one training, named by everything that decides its course: another training never takes it up.

    Parameters
    ----------
    folder
        Where checkpoints are kept; None keeps none.
    seed
        Seed of the training.
    parts
        Arrays, and what shows itself as text.
    """
    if folder is None:
        return None
    digest = hashlib.sha256(f"{SCHEMA} {seed} {torch.__version__}".encode())
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
    return as_path(folder, what="folder of checkpoints") / f"network-{digest.hexdigest()[:24]}.orx"


def save(training: Training, file: Path) -> None:
    """Write a training between two steps."""
    arrays = {f"network/{name}": value.numpy() for name, value in training.weights().items()}
    names = [name for name, _ in training.network.named_parameters()]
    for position, kept in training.optimiser.state_dict()["state"].items():
        for moment in _MOMENTS:
            arrays[f"{moment}/{names[position]}"] = kept[moment].cpu().numpy()
    for number, best in enumerate(training.best):
        arrays |= {f"best {number}/{name}": value.numpy() for name, value in best.weights.items()}
    record = {
        "step": training.step,
        "pieces": training.pieces,
        "best": [
            [found.loss if np.isfinite(found.loss) else None, found.step, found.gained] for found in training.best
        ],
    }
    bundle.save(file, kind=KIND, schema=SCHEMA, record=record, members={"training.safetensors": bundle.tensors(arrays)})


def restore(training: Training, file: Path) -> None:
    """Put a training where a checkpoint stands.

    Raises
    ------
    IntegrityError
        If the file is damaged or of another kind.
    """
    opened = bundle.load(file, kind=KIND, schema=SCHEMA)
    arrays = {name: torch.from_numpy(value.copy()) for name, value in opened.arrays("training.safetensors").items()}

    def under(prefix: str) -> dict[str, torch.Tensor]:
        return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}

    training.network.load_state_dict(under("network/"))
    training.step, training.pieces = int(opened.record["step"]), int(opened.record["pieces"])
    moments = {moment: under(f"{moment}/") for moment in _MOMENTS}
    state = {
        position: {"step": torch.tensor(float(training.step)), **{m: moments[m][name] for m in _MOMENTS}}
        for position, (name, _) in enumerate(training.network.named_parameters())
        if name in moments[_MOMENTS[0]]
    }
    groups = training.optimiser.state_dict()["param_groups"]
    training.optimiser.load_state_dict({"state": state, "param_groups": groups})
    for number, (least, step, gained) in enumerate(opened.record["best"]):
        best = training.best[number]
        best.loss, best.step, best.gained = float("inf") if least is None else least, step, gained
        best.weights = under(f"best {number}/")
