import pytest

from omics_rx.core import errors
from omics_rx.core.registry import Registry


def test_examples_stop_at_five_and_say_how_many_more():
    assert errors.examples(range(7)) == "0, 1, 2, 3, 4 (and 2 more)"
    assert errors.examples(["only"]) == "only"


def test_unknown_name_suggests_the_nearest():
    error = errors.unknown_name("subtype", "basal", ["LumA", "LumB", "Basal"])
    assert "Did you mean Basal" in str(error)


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.InputError, ValueError),
        (errors.UnknownNameError, ValueError),
        (errors.MissingFileError, FileNotFoundError),
        (errors.DownloadError, OSError),
        (errors.MissingDependencyError, ImportError),
    ],
)
def test_errors_are_caught_as_what_a_user_expects(error, builtin):
    assert issubclass(error, errors.OmicsRxError)
    assert issubclass(error, builtin)


def test_registry_resolves_on_use_and_refuses_unknown_names():
    registry = Registry("thing", {"join": "os.path:join", "broken": "no_such_module:x"})
    assert registry["join"]("a", "b") == "a/b"
    assert list(registry) == ["join", "broken"]
    assert "broken" in registry
    with pytest.raises(ModuleNotFoundError):
        registry["broken"]
    with pytest.raises(errors.UnknownNameError, match="Did you mean join"):
        registry["joint"]
