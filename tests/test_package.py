"""What a user meets first: a light import, short signatures, examples that run."""

import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import omics_rx

HEAVY = ("torch", "scanpy", "anndata", "sksurv", "rdkit", "shap", "matplotlib", "pandas", "sklearn", "lightgbm")
ROOMS = ("datasets", "harmonize", "io", "metrics", "plots", "report", "repurposing", "response", "scores", "signatures")


def modules():
    found = pkgutil.walk_packages(omics_rx.__path__, "omics_rx.")
    return sorted(module.name for module in found if not module.name.endswith("__main__"))


def in_fresh_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_importing_the_package_loads_nothing_heavy():
    code = f"import sys, omics_rx; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert in_fresh_python(code) == "[]"


@pytest.mark.parametrize("room", ROOMS)
def test_naming_a_room_loads_nothing_heavy(room):
    heavy = tuple(name for name in HEAVY if name != "pandas")
    code = f"import sys, omics_rx; omics_rx.{room}; print([name for name in {heavy!r} if name in sys.modules])"
    assert in_fresh_python(code) == "[]"


def test_names_are_listed_and_unknown_ones_refused():
    assert {"check", "cite", "response"} <= set(dir(omics_rx))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        omics_rx.nothing


@pytest.mark.parametrize("name", modules())
def test_examples_in_docstrings_run(name):
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.failed == 0


def public_callables():
    for name in modules():
        module = importlib.import_module(name)
        for attribute, value in vars(module).items():
            if attribute.startswith("_") or getattr(value, "__module__", None) != name:
                continue
            if inspect.isfunction(value):
                yield f"{name}.{attribute}", value
            elif inspect.isclass(value):
                for method, function in vars(value).items():
                    if inspect.isfunction(function) and not method.startswith("_"):
                        yield f"{name}.{attribute}.{method}", function


def test_public_calls_are_documented_and_keep_flags_named():
    undocumented, positional_flags = [], []
    for name, function in public_callables():
        if not function.__doc__:
            undocumented.append(name)
        for parameter in inspect.signature(function).parameters.values():
            named = parameter.kind is inspect.Parameter.KEYWORD_ONLY
            if isinstance(parameter.default, bool) and not named:
                positional_flags.append(f"{name}({parameter.name})")
    assert undocumented == []
    assert positional_flags == []


@pytest.mark.parametrize("room", ROOMS)
def test_what_users_type_takes_at_most_three_positional_arguments(room):
    module = getattr(omics_rx, room)
    long = []
    for name in getattr(module, "__all__", []):
        value = getattr(module, name)
        if not callable(value):
            continue
        positional = [
            parameter
            for parameter in inspect.signature(value).parameters.values()
            if parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}
        ]
        if len(positional) > 3 and not hasattr(value, "__dataclass_fields__"):
            long.append(name)
    assert long == []
