"""Registries: a name to ``"module:attribute"``, resolved when it is first used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from omics_rx.core.errors import unknown_name


class Registry(Mapping[str, Any]):
    """A family of interchangeable members that are imported only when asked for.

    Parameters
    ----------
    kind
        What a member is, in one or two words, for error messages: ``"score"``.
    members
        Name to ``"package.module:attribute"``.

    Examples
    --------
    >>> shapes = Registry("container", {"ordered": "collections:OrderedDict"})
    >>> shapes["ordered"].__name__
    'OrderedDict'
    """

    def __init__(self, kind: str, members: Mapping[str, str]) -> None:
        self.kind = kind
        self._members = dict(members)

    def __getitem__(self, name: str) -> Any:
        if name not in self._members:
            raise unknown_name(self.kind, name, self._members)
        module, _, attribute = self._members[name].partition(":")
        return getattr(import_module(module), attribute)

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)
