"""Where a network is trained: on the CPU, or by Lightning Fabric on GPUs and in several processes.

One setting says it: ``"cpu"``, ``"gpu"`` (one), ``"gpu:4"`` (four), ``"cpu:2"`` (two processes on the CPU).
"""

from __future__ import annotations

import pickle
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from omics_rx.core.errors import InputError, MissingDependencyError
from omics_rx.core.main_guard import check_guarded

if TYPE_CHECKING:
    from torch import nn

T = TypeVar("T")


@dataclass(frozen=True)
class Worker:
    """One of the processes that train a network together.

    Attributes
    ----------
    device
        Where its tensors live.
    rank, world
        Its number, and how many there are.
    progress
        Whether it shows a bar; None decides by the terminal.
    fabric
        What adds up gradients between processes; None where there is one.
    """

    device: torch.device
    rank: int = 0
    world: int = 1
    progress: bool | None = None
    fabric: Any = None

    def add_up(self, network: nn.Module) -> None:
        """Sum the gradients of all processes, so that each makes the same step: one sum for all, not one a weight."""
        if self.world > 1:
            weights = list(network.parameters())
            own = [torch.zeros_like(value) if value.grad is None else value.grad for value in weights]
            joined = self.fabric.all_reduce(torch.cat([part.flatten() for part in own]), reduce_op="sum")
            for value, part in zip(weights, joined.split([part.numel() for part in own]), strict=True):
                value.grad = part.reshape(value.shape)

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        """Leave torch's seed and threads as they were: on the CPU, sums in one order give one result."""
        threads = torch.get_num_threads()
        devices = [] if self.device.type == "cpu" else [self.device]
        with torch.random.fork_rng(devices=devices):
            torch.set_num_threads(1)
            try:
                yield
            finally:
                torch.set_num_threads(threads)


def parsed(devices: str) -> tuple[str, int]:
    """``"cpu"`` or ``"gpu"``, and how many.

    Raises
    ------
    InputError
        If the text is none of these, or more GPUs are asked for than there are.
    """
    found = re.fullmatch(r"(cpu|gpu)(?::([1-9]\d*))?", str(devices))
    if found is None:
        raise InputError(f'devices is {devices!r}: give "cpu", "gpu", or a number of them such as "gpu:2"')
    kind, count = found[1], int(found[2] or 1)
    if kind == "gpu":
        have = len(cards())
        if have < count:
            raise InputError(
                f"devices is {devices!r} and torch sees {have} GPUs here: ask for at most that many, train with "
                'devices="cpu", or install a torch build and driver for your GPU'
            )
    return kind, count


def cards() -> list[str]:
    """Names of the graphics cards that torch can use."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return [torch.cuda.get_device_name(number) for number in range(count)]


def launch(train: Callable[..., T], devices: str, *, progress: bool | None = None) -> T:
    """Call ``train(worker=...)`` where ``devices`` says; the result is that of the first process.

    Raises
    ------
    InputError, MissingDependencyError
        See :func:`parsed`; if more than one CPU process or a GPU is asked for and Lightning is not installed.
    WorkerError
        If several processes are asked for by a script whose work stands under no main guard.
    """
    kind, count = parsed(devices)
    if (kind, count) == ("cpu", 1):
        return train(worker=Worker(torch.device("cpu"), progress=progress))
    try:
        from lightning.fabric import Fabric
    except ImportError as error:
        raise MissingDependencyError(
            f'devices="{devices}" needs Lightning: install omics-rx[scale], or train with devices="cpu"'
        ) from error
    if count > 1:
        check_guarded()
    strategy = "auto" if count == 1 else "ddp_spawn"
    fabric = Fabric(accelerator="cuda" if kind == "gpu" else "cpu", devices=count, strategy=strategy)
    launched: Callable[..., None] = _in_process  # Lightning's own annotation knows no further arguments
    with tempfile.TemporaryDirectory(prefix="omics_rx-") as folder:
        # a file, not what a process returns: weights fill the pipe between processes, and each waits for the other
        path = Path(folder) / "result"
        fabric.launch(launched, train, path, progress=progress)
        result: T = pickle.loads(path.read_bytes())  # noqa: S301 - written a moment ago, in a folder of our own
    return result


def _in_process(fabric: Any, train: Callable[..., Any], path: Path, *, progress: bool | None) -> None:
    shown = progress if fabric.global_rank == 0 else False
    result = train(worker=Worker(fabric.device, fabric.global_rank, fabric.world_size, shown, fabric))
    if fabric.global_rank == 0:
        path.write_bytes(pickle.dumps(result))
