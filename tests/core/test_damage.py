"""What is damage of a file, and what is a fault of this package's own."""

import json
import sys
import types

import pytest

from omics_rx.core import damage
from omics_rx.core.errors import InputError, IntegrityError


def _here(text, name="fault"):
    """A function that counts as a line of this package."""
    module = types.ModuleType(name)
    exec(compile(text, f"{damage._PACKAGE}/io/{name}.py", "exec"), module.__dict__)
    return module.read


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("def read(file):\n    return not_there(file)", NameError),
        ("def read(file):\n    return None.strip()", AttributeError),
        ("def read(file):\n    return len(5)", TypeError),
        ("def read(file):\n    assert not file", AssertionError),
        ("def read(file):\n    raise NotImplementedError", NotImplementedError),
        ("def read(file):\n    import not_a_package_of_anybody", ImportError),
    ],
)
def test_a_fault_of_our_own_is_no_damage(text, error):
    with pytest.raises(error) as told:
        damage.guarded(_here(text))("a.tsv")
    assert type(told.value) is not IntegrityError


@pytest.mark.parametrize(
    "text",
    [
        "import json\ndef read(file):\n    return json.loads(5)",  # a library raises the TypeError
        "def read(file):\n    return {}['x']",
        "def read(file):\n    return [][1]",
        "def read(file):\n    return int('x')",
        "def read(file):\n    return b'\\xff'.decode()",
    ],
)
def test_what_content_causes_is_damage(text):
    with pytest.raises(IntegrityError, match=r"a.tsv is damaged, or not what it is taken for"):
        damage.guarded(_here(text))("a.tsv")


def test_errors_on_purpose_and_wrong_calls_stay():
    def read(file, *, unit=None):
        raise InputError(f"{file}: {unit}")

    with pytest.raises(InputError, match=r"a\.tsv: None"):
        damage.guarded(read)("a.tsv")
    with pytest.raises(TypeError, match="unexpected keyword"):
        damage.guarded(read)("a.tsv", units="TPM")


def test_a_loader_calls_a_wrong_shape_damage_and_a_missing_name_a_fault():
    with pytest.raises(IntegrityError), damage.told_as_damage("x"):
        json.loads("{}")["name"].strip()
    with pytest.raises(IntegrityError), damage.told_as_damage("x"):
        json.loads("[1]")["name"]
    with pytest.raises(NameError), damage.told_as_damage("x"):
        sys.modules[__name__].no_such_thing if False else undefined_name  # noqa: F821
