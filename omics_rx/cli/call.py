"""One call of a verb: what it says to a person, and the same for a program (``--json``)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from omics_rx import __version__
from omics_rx.core.errors import InputError, OmicsRxError

SCHEMA = 1  # of what --json prints; a key is never taken away or given another meaning under one number


@dataclass
class Call:
    """Settings of the call at hand, and what it has told so far."""

    verb: str = ""
    as_json: bool = False
    quiet: bool = False
    force: bool = False
    jobs: int | None = None
    result: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    wrote: list[str] = field(default_factory=list)


_CALLS = [Call()]


def now() -> Call:
    """Give the call at hand."""
    return _CALLS[-1]


def say(text: object) -> None:
    """Say a line on stdout; a program and a quiet call get none."""
    if not (now().as_json or now().quiet):
        typer.echo(str(text))


def note(text: object) -> None:
    """Say on stderr what a reader must know; a program gets it among its notes, too."""
    now().notes.append(str(text))
    typer.echo(str(text), err=True)


def tell(**facts: Any) -> None:
    """Keep facts for a program: frames become rows, what is missing null."""
    now().result |= facts


def wrote(path: Path, what: str = "") -> None:
    """Say what was written."""
    now().wrote.append(str(path))
    say(f"wrote {path}{what}")


def free(path: Path) -> Path:
    """Refuse to write over a file that is there, unless the call says ``--force``."""
    if path.is_file() and not now().force:
        raise InputError(f"{path} is there already: name another file, or write over it with --force")
    return path


def free_folder(folder: Path, mark: str) -> Path:
    """Refuse to write over a folder that holds a result (a file named ``mark``), unless the call says ``--force``."""
    if (folder / mark).exists() and not now().force:
        raise InputError(f"{folder} holds a result already ({mark}): name another folder, or add --force")
    return folder


_SHARED = {
    "as_json": Annotated[bool, typer.Option("--json", help="Print one JSON object in place of lines, for programs.")],
    "quiet": Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")],
    "force": Annotated[bool, typer.Option("--force", help="Write over files that are there.")],
    "jobs": Annotated[
        int | None, typer.Option(help="Worker processes; -1 takes all cores. No result depends on it.", metavar="N")
    ],
}


def verb(work: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options that all have, and print what it tells where a program asks."""

    @wraps(work)
    def run(**told: Any) -> None:
        call = Call(verb=work.__name__.replace("_", "-"), **{name: told.pop(name) for name in _SHARED})
        _CALLS[:] = [call]
        with ExitStack() as stack:
            if call.quiet or call.as_json:
                _silence(stack)
            if call.jobs is not None:
                from joblib import parallel_config

                stack.enter_context(parallel_config(n_jobs=call.jobs))
            work(**told)
        if call.as_json:
            _print({"result": call.result, "wrote": call.wrote, "notes": call.notes}, ok=True)

    hints = get_type_hints(work, include_extras=True)
    own = [one.replace(annotation=hints[one.name]) for one in signature(work).parameters.values()]
    shared = [Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind, default=None if name == "jobs" else False)
              for name, kind in _SHARED.items()]  # fmt: skip
    run.__dict__["__signature__"] = Signature([*own, *shared])
    run.__annotations__ = hints | _SHARED
    return run


def begin() -> None:
    """Forget the call before."""
    _CALLS[:] = [Call()]


def failed(error: OmicsRxError) -> None:
    """Say a user's mistake, to a program as JSON, too."""
    if now().as_json:
        _print({"error": {"kind": type(error).__name__, "message": str(error)}, "notes": now().notes}, ok=False)
    typer.echo(f"Error: {error}", err=True)


def _silence(stack: ExitStack) -> None:
    """Draw no bars and log warnings alone while the call runs."""
    from omics_rx.core import work

    log = logging.getLogger("omics_rx")
    level, log.level = log.level, logging.WARNING
    stack.callback(log.setLevel, level)
    stack.enter_context(work.silent())


def _print(told: dict[str, Any], *, ok: bool) -> None:
    head = {"schema": SCHEMA, "omics_rx": __version__, "verb": now().verb, "ok": ok}
    typer.echo(json.dumps(_clean(head | told), allow_nan=False))


def _clean(value: Any) -> Any:
    """Value that JSON holds: frames as rows with their index, series as objects, what is missing as null."""
    import numpy as np
    import pandas as pd

    if isinstance(value, dict):
        return {str(key): _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | np.ndarray | pd.Index):
        return [_clean(one) for one in (sorted(value) if isinstance(value, set) else list(value))]
    if isinstance(value, pd.DataFrame):
        frame = value.reset_index() if value.index.name else value
        return [_clean(row) for row in frame.astype(object).to_dict("records")]
    if isinstance(value, pd.Series):
        return _clean(value.to_dict())
    if isinstance(value, np.generic):
        return _clean(value.item())
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if isinstance(value, bool | int | str) else str(value)
