"""Which settings of a study its recipe looks at; one that it would not look at is refused, never ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any

from omics_rx.core.errors import InputError
from omics_rx.signatures import noise

THERAPY = "therapy"
# of a yes-or-no outcome, and of follow-up and genes; positive to known_before and time_unit are words of the shell
OF_RESPONSES = (
    "outcome", "therapy", "positive", "ordered", "modalities", "known_before", "treatment", "control", "within",
    "expected",
)  # fmt: skip
OF_FOLLOW_UP = ("genes", "endpoint", "time_unit", "n_genes", "n_null", "n_null_whole", "site", "before")
_DEFAULTS = {"n_genes": 12, "n_null": 1000, "n_null_whole": 0, "n_permutations": noise.N_PERMUTATIONS}

_LEAST = {"n_genes": 1, "n_folds": 2}


def counts(**given: int | None) -> tuple[int, ...]:
    """Counts as told, or their defaults.

    Raises
    ------
    InputError
        If one is no whole number, or too small.
    """
    found: list[int] = []
    for name, value in given.items():
        count = _DEFAULTS.get(name) if value is None else value
        least = _LEAST.get(name, 0)
        if isinstance(count, bool) or not isinstance(count, Integral) or count < least:
            raise InputError(f"{name} is {count!r}: give a whole number, {least} or more")
        found.append(int(count))
    return tuple(found)


def unused(recipe: object, told: Mapping[str, Any], *, as_given: bool = False) -> dict[str, str]:
    """Settings that were told and that the recipe does not look at, and why.

    Parameters
    ----------
    recipe
        A name or a recipe ready to fit.
    told
        Setting to value; None, and no more than nothing, is not told.
    as_given
        Whether the recipe is an object of the user's own, which has its settings already.
    """
    given = {name for name, value in told.items() if _is_told(value)}
    if recipe == THERAPY:
        return dict.fromkeys((name for name in OF_FOLLOW_UP if name in given), "it is of studies with follow-up")
    found = dict.fromkeys((name for name in OF_RESPONSES if name in given), f'it is of the recipe "{THERAPY}"')
    if isinstance(recipe, str):
        return found
    if "n_genes" in given and (as_given or not hasattr(recipe, "n_genes")):
        found["n_genes"] = "it was made with its own" if as_given else "its genes are given, none is chosen"
    if not hasattr(recipe, "chance"):
        why = f"it deals no outcomes: {getattr(recipe, 'rule', 'it has no test by them').rstrip('.')}"
        found |= {name: why for name in ("n_permutations",) if name in given}
        if told.get("without_signal") == "tell":
            found["without_signal"] = why
    if not told.get("external"):
        alone = "random genes are held against external cohorts, and none is given"
        found |= {name: alone for name in ("n_null", "n_null_whole") if name in given}
    return found


class UnusedOptionError(InputError):
    """Settings that a recipe would not look at.

    Parameters
    ----------
    recipe
        Its name.
    found
        Setting to why.
    """

    def __init__(self, recipe: str, found: Mapping[str, str]) -> None:
        self.recipe, self.found = recipe, dict(found)
        super().__init__(self.told("{}=".format))

    def told(self, spelled: Callable[[str], str]) -> str:
        """Say it with each setting written as where it was told: in Python, or in the shell."""
        parts = [
            f"{spelled(name)} says nothing to the recipe {self.recipe} ({why})" for name, why in self.found.items()
        ]
        return f"{'; '.join(parts)}: leave {'it' if len(parts) == 1 else 'them'} out"


def refuse_unused(recipe: object, told: Mapping[str, Any], *, as_given: bool = False) -> None:
    """Refuse settings that the recipe would not look at; see :func:`unused`.

    Raises
    ------
    UnusedOptionError
        That names each and says why.
    """
    found = unused(recipe, told, as_given=as_given)
    if found:
        raise UnusedOptionError(
            recipe if isinstance(recipe, str) else getattr(recipe, "name", type(recipe).__name__), found
        )


def _is_told(value: Any) -> bool:
    """Whether a setting asks for something: not None, no count of nothing, no empty list."""
    if isinstance(value, bool) or value is None:
        return bool(value)
    if isinstance(value, int | float):
        return value > 0
    return len(value) > 0 if hasattr(value, "__len__") else True
