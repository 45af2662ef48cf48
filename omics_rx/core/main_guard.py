"""Whether processes may run this script from its start: they do, where a system begins a process anew."""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

from omics_rx.core.errors import WorkerError


def check_guarded() -> None:
    """Refuse to start processes that run this script from its start, where its work stands under no main guard.

    Raises
    ------
    WorkerError
        If a line of the script that is not within ``if __name__ == "__main__":`` asks for it.
    """
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    frame = inspect.currentframe()
    while frame is not None and not (frame.f_code.co_name == "<module>" and frame.f_code.co_filename == file):
        frame = frame.f_back
    if frame is None:  # a notebook, a session, or a thread: nothing is run again
        return
    try:
        tree = ast.parse(Path(str(file)).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    guards = [node for node in tree.body if isinstance(node, ast.If) and "__name__" in ast.dump(node.test)]
    if not any(node.lineno <= frame.f_lineno <= (node.end_lineno or node.lineno) for node in guards):
        raise WorkerError(
            f"each worker process would run {file} from its start, line {frame.f_lineno} again among it: put that work "
            'under if __name__ == "__main__":, or take the loky backend'
        )
