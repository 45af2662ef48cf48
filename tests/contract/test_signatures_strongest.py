"""Strongest is a transformer of scikit-learn's: all of its own checks hold."""

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from omics_rx.signatures.classifiers import Strongest


def _name(part):
    return getattr(getattr(part, "func", None), "__name__", type(part).__name__)


@pytest.mark.filterwarnings("ignore")  # of scikit-learn's checks on purpose-made data
@pytest.mark.parametrize(
    ("estimator", "check"),
    # arrays of other libraries are an option of the environment's
    [pair for pair in estimator_checks_generator(Strongest(k=3)) if "array_api" not in _name(pair[1])],
    ids=_name,
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)
