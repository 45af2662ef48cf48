"""What is damage of a file, and what is a fault of this package's own."""

import json
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
    "text",
    [
        "def read(file):\n    return not_there(file)",
        "def read(file):\n    return None.strip()",
        "def read(file):\n    return len(5)",
        "def read(file):\n    assert not file",
        "def read(file):\n    raise NotImplementedError",
    ],
)
def test_what_may_be_a_fault_of_our_own_is_said_to_be(text):
    """A file can be of a shape that a line of ours trips over, so that there is one clear error in either case."""
    with pytest.raises(IntegrityError, match="if it is whole, this is a fault of omics_rx: please report it"):
        damage.guarded(_here(text))("a.tsv")


def test_a_package_that_is_missing_is_no_damage():
    with pytest.raises(ImportError):
        damage.guarded(_here("def read(file):\n    import not_a_package_of_anybody"))("a.tsv")


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
    with pytest.raises(IntegrityError, match=r"a.tsv is damaged, or not what it is taken for") as told:
        damage.guarded(_here(text))("a.tsv")
    assert "fault of omics_rx" not in str(told.value)


def test_errors_on_purpose_and_wrong_calls_stay():
    def read(file, *, unit=None):
        raise InputError(f"{file}: {unit}")

    with pytest.raises(InputError, match=r"a\.tsv: None"):
        damage.guarded(read)("a.tsv")
    with pytest.raises(TypeError, match="unexpected keyword"):
        damage.guarded(read)("a.tsv", units="TPM")


def test_a_loader_calls_a_wrong_shape_damage():
    with pytest.raises(IntegrityError), damage.told_as_damage("x"):
        json.loads("{}")["name"].strip()
    with pytest.raises(IntegrityError), damage.told_as_damage("x"):
        json.loads("[1]")["name"]
