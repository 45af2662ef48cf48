"""What is wrong with the arguments of a call, in words, where it would end in an error of pandas or numpy.

A public function takes whatever works like what its annotations name. Where a call fails inside, its arguments are held
against the annotations: one of another kind, or an empty one, is told instead of the inner error, which stays as its
cause. An error that the arguments do not explain is left as it is. One thing fails without an error, and is refused
beforehand: a text in place of a list of names, which would be read letter by letter.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from omics_rx.core.errors import InputError, OmicsRxError

_P = ParamSpec("_P")
_R = TypeVar("_R")

# what an annotation means by a short name; a name that is neither here nor below fits whatever it is given
_ALIASES = {
    "Asked": "DataFrame | str | Sequence[str]", "ClinicalSource": "Path | DataFrame",
    "CohortLike": "AnnData | DataFrame", "Expression": "Path | DataFrame | AnnData", "Metric": "Callable",
    "GeneSetsLike": "Mapping | Sequence | object", "Predict": "Callable", "Source": "Path | DataFrame",
    "Structures": "Path | DataFrame | Iterable",
}  # fmt: skip
_SAID = {
    "AnnData": "an AnnData", "ArrayLike": "an array of numbers", "Callable": "a function", "DataFrame": "a DataFrame",
    "Floats": "an array of numbers", "Index": "an Index", "Iterable": "a list", "Mapping": "a dict",
    "MuData": "a MuData", "None": "None", "Path": "a path", "Sequence": "a list", "Series": "a Series",
    "bool": "True or False", "dict": "a dict", "float": "a number", "int": "a whole number", "list": "a list",
    "ndarray": "an array", "set": "a set", "str": "a text", "tuple": "a tuple",
}  # fmt: skip
_LISTS = {"Collection", "Iterable", "Sequence", "frozenset", "list", "set", "tuple"}
_MAPS = {"Mapping", "dict"}
_ARRAYS = {"ArrayLike", "Floats", "NDArray", "ndarray"}
_ANY = {"Any", "Hashable", "object"}
_PLAIN: dict[str, Any] = {"Path": (Path, str), "bool": Integral, "float": Real, "int": Integral, "str": str}
_FOREIGN = {"builtins", "numpy", "pandas"}


def in_words(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Say which argument is unfit or empty, where a call fails by an error that was not raised on purpose.

    Raises
    ------
    InputError
        Of the call: an argument is of another kind than its annotation names, is empty, or lacks what is looked up; or
        a text is given for a list.

    Examples
    --------
    >>> @in_words
    ... def longest(names: 'Iterable[str]') -> str:
    ...     return max(names, key=len)
    >>> longest(None)
    Traceback (most recent call last):
    omics_rx.core.errors.InputError: longest: names is None, where a list is needed
    """
    signature = inspect.signature(function)  # once, and not at every call
    lists = _lists(signature)

    @wraps(function)
    def told(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        for parameter, value in _given(signature, args, kwargs) if lists else ():
            if parameter.name in lists and isinstance(value, str):
                single = f": a single one is [{value[:30]!r}]" if _holds_names(parameter) else ""
                raise InputError(f"{function.__name__}: {'; '.join(_unfit(parameter, value))}{single}")
        try:
            return function(*args, **kwargs)
        except OmicsRxError:
            raise
        except Exception as error:
            given = _given(signature, args, kwargs)
            wrong = [said for part in given for said in _unfit(*part)] or list(_lacking(given, error))
            if not wrong:
                raise
            raise InputError(f"{function.__name__}: {'; '.join(wrong)}") from error

    return told


def _lists(signature: inspect.Signature) -> set[str]:
    """Parameters that take a list of whatever kind, and no single text."""
    return {
        parameter.name for parameter in signature.parameters.values()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and _LISTS & (options := set(_options(str(parameter.annotation)))) and not options & {"str", "Path", *_ANY}
    }  # fmt: skip


def _holds_names(parameter: inspect.Parameter) -> bool:
    return "[str]" in str(parameter.annotation) or "[object]" in str(parameter.annotation)


_Given = tuple[inspect.Parameter, Any]


def _given(signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[_Given]:
    """Give each parameter with the value that a call has for it; none where names or numbers do not bind."""
    try:
        bound = signature.bind(*args, **kwargs).arguments
    except TypeError:
        return []
    return [(signature.parameters[name], value) for name, value in bound.items()]


def _unfit(parameter: inspect.Parameter, value: Any) -> Iterator[str]:
    """Say what a value is and what is asked for, or that it is empty; nothing where it fits."""
    if parameter.annotation is parameter.empty or parameter.kind in (
        parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD,
    ):  # fmt: skip
        return
    options = list(_options(str(parameter.annotation).strip("'")))
    if not any(_fits(option, value) for option in options):
        asked = " or ".join(dict.fromkeys(_said(option) for option in options if option != "None"))
        yield f"{parameter.name} is {_shown(value)}, where {asked} is needed"
    elif _is_empty(value) and not _is_empty(parameter.default):
        yield f"{parameter.name} is empty"


def _is_same(item: Any, other: Any) -> bool:
    """Whether two are one; a Series of texts makes each text anew when it is asked for it."""
    return item is other or (isinstance(item, str) and isinstance(other, str) and item == other)


def _takes_tables(parameter: inspect.Parameter) -> bool:
    return bool({"AnnData", "DataFrame", "MuData"} & set(_options(str(parameter.annotation).strip("'"))))


def _lacking(given: list[_Given], error: Exception) -> Iterator[str]:
    """Say what a table lacks, or holds in place of numbers, where that is what an inner error tells."""
    if isinstance(error, AttributeError):
        for parameter, value in given:
            if error.obj is value:
                yield f"{parameter.name} is {_shown(value)}, which has no {error.name!r}"
            elif isinstance(value, Iterable) and any(_is_same(item, error.obj) for item in value):
                yield f"{parameter.name} holds {_shown(error.obj)}, which has no {error.name!r}"
    tables = [parameter.name for parameter, value in given if "DataFrame" in _kinds(value)]
    if tables and isinstance(error, KeyError) and error.args:
        yield f"{' or '.join(tables)} lacks what is needed of it: {error.args[0]}"
    elif "truth value of a" in str(error):
        whole = [
            parameter.name for parameter, value in given
            if hasattr(value, "shape") and not _takes_tables(parameter)
        ]  # fmt: skip
        if whole:
            yield f"{' or '.join(whole)} is a table or an array, where a single value is needed"
    elif isinstance(error, TypeError | ValueError):
        for parameter, value in given:
            if _holds_text(value):
                yield f"{parameter.name} holds text, where numbers are needed"


def _holds_text(value: Any) -> bool:
    """Whether a column of a table, or an array, is no numbers."""
    kinds = getattr(value, "dtypes", getattr(value, "dtype", ()))
    return any(str(kind).startswith(("object", "str", "<U", "category")) for kind in getattr(kinds, "array", [kinds]))


def _options(annotation: str) -> Iterator[str]:
    """What an annotation allows, one a kind, by the name alone but for a Literal: ``pd.DataFrame | None``."""
    depth, start = 0, 0
    for at, letter in enumerate(annotation + "|"):
        depth += (letter in "[(") - (letter in "])")
        if letter == "|" and depth == 0:
            part = annotation[start:at].strip()
            start = at + 1
            name = part.partition("[")[0].rpartition(".")[2]
            if name in _ALIASES:
                yield from _options(_ALIASES[name])
            else:
                yield part if name == "Literal" else name


def _fits(option: str, value: Any) -> bool:
    """Whether a value is what one option of an annotation names."""
    if option.startswith("Literal["):
        return f"{value!r}".replace('"', "'") in option.replace('"', "'")
    if option in _ANY or value is None:
        return option in _ANY or option == "None"
    if option in _PLAIN:
        return isinstance(value, _PLAIN[option])
    if option == "Callable":
        return callable(value)
    text, mapping = isinstance(value, str), isinstance(value, Mapping)
    if option in _LISTS:
        return isinstance(value, Iterable) and not text
    if option in _MAPS:
        return mapping
    if option in _ARRAYS:
        return (
            isinstance(value, Iterable)
            and not text
            and not mapping
            and not (option == "ndarray" and "DataFrame" in _kinds(value))
        )
    # what is no plain thing and no table may do the work of a class of another name
    return option in _kinds(value) or type(value).__module__.partition(".")[0] not in _FOREIGN


def _kinds(value: Any) -> set[str]:
    """Names of the classes of a value, so that pandas and anndata need not be imported to ask."""
    return {kind.__name__ for kind in type(value).__mro__}


def _said(option: str) -> str:
    if option.startswith("Literal["):
        return f"one of {option[8:-1]}"
    return _SAID.get(option, f"a {option}")


def _shown(value: Any) -> str:
    """What a value is, in a word or two."""
    if value is None or isinstance(value, Real):
        return str(value)
    if isinstance(value, str):
        return f"the text {value[:30]!r}"
    kind = type(value).__name__
    return f"an {kind}" if kind[0] in "AEIOaeio" else f"a {kind}"


def _is_empty(value: Any) -> bool:
    """Whether nothing is in it: no letter, no item, no row or no column."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return 0 in shape
    return hasattr(value, "__len__") and not isinstance(value, type) and len(value) == 0
