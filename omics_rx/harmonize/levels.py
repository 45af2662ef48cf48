"""A column of patients as levels: kinds of text, numbers cut at stated points, sites read from barcodes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.core.texts import says_nothing

NOT_KNOWN = "not known"
_MOST = 60  # levels that a reader can follow; sites of a consortium are some forty
_FEW = 12  # levels up to which texts are levels whatever their sizes
_WHOLE = 6  # different whole numbers up to which numbers are levels
_CUTS: Mapping[str, tuple[float, ...]] = {"age": (50.0, 65.0)}
# one thing under the names that registries and trials give it; the first is what it is asked for by
_NAMES: Mapping[str, tuple[str, ...]] = {
    "age": ("age", "age_at_diagnosis", "age_at_initial_pathologic_diagnosis", "age_years", "age_at_index"),
    "race": ("race", "race_list", "ancestry"),
    "stage": ("stage", "ajcc_pathologic_stage", "ajcc_pathologic_tumor_stage", "pathologic_stage", "tumor_stage",
              "pathological_stage"),
    "grade": ("grade", "nhg", "histological_grade", "tumor_grade", "neoplasm_histologic_grade",
              "grade_pre_chemotherapy"),
    "er_status": ("er_status", "er", "er_positive", "er_status_by_ihc", "er_ihc",
                  "breast_carcinoma_estrogen_receptor_status"),
    "her2_status": ("her2_status", "her2", "her2_positive", "her2_status_by_ihc", "her2_ihc"),
    "site": ("site", "tissue_source_site", "center", "centre", "hospital"),
    "year": ("year", "year_of_diagnosis", "initial_pathologic_dx_year", "year_of_initial_pathologic_diagnosis",
             "diagnosis_year", "dx_year"),
}  # fmt: skip
_BARCODE = re.compile(r"^TCGA[-.]([A-Z0-9]{2})[-.][A-Z0-9]{4}", re.IGNORECASE)
_ISO = re.compile(r"^(\d{4})-\d{2}-\d{2}")
_MONTHS = (
    r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b"
)
_DATE = re.compile(rf"^\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}|{_MONTHS}.*\d|\d.*{_MONTHS}", re.IGNORECASE)


class NoColumnError(InputError):
    """Patients of whom nothing is recorded under any name of what was asked for."""


@dataclass(frozen=True, eq=False)
class Levels:
    """Level of each patient.

    Attributes
    ----------
    asked, column
        What was asked for, and the column it was read from.
    labels
        Level of each patient as text; ``"not known"`` where the column says nothing.
    order
        Levels in the order they are told; ``"not known"`` last where there is such a patient.
    said
        What a reader must know: where numbers were cut, which spellings are one level.
    """

    asked: str
    column: str
    labels: pd.Series = field(repr=False)
    order: tuple[str, ...]
    said: tuple[str, ...]

    @property
    def known(self) -> tuple[str, ...]:
        """Levels without those that are not known."""
        return tuple(name for name in self.order if name != NOT_KNOWN)


def levels_of(
    obs: pd.DataFrame, asked: str, *, cuts: Sequence[float] | None = None, single: bool = False
) -> Levels:  # fmt: skip
    """Read a column as levels; nobody is left out, and no two levels become one without a word.

    Texts are levels as they stand; those that differ by case or spaces alone are one. Six different whole numbers or
    fewer are levels, other numbers are cut: age at 50 and 65, everything else in thirds of these patients, unless
    ``cuts`` says where. ``"site"`` is read from TCGA's barcodes where no column holds it.

    Parameters
    ----------
    obs
        Patients x columns.
    asked
        Name of a column, or ``"age"``, ``"race"``, ``"stage"``, ``"grade"``, ``"er_status"``, ``"her2_status"``,
        ``"site"``, ``"year"`` under a name that registries give it.
    cuts
        Where numbers are cut, rising; who lies at a cut belongs to the level above.
    single
        Whether a column with one level will do.

    Raises
    ------
    InputError
        If there is no such column (:class:`NoColumnError`) or several; if it holds dates, free text, one level, or
        numbers among words.
    """
    column, values, said = _found(obs, asked)
    missing = says_nothing(values) if not pd.api.types.is_numeric_dtype(values) else values.isna().to_numpy()
    if missing.all():
        raise InputError(f"{column} says nothing about any of {len(values)} patients: leave it out")
    numbers, values, more = _as_numbers(values, missing, column)
    said += more
    if numbers is not None:
        labels, order, told = _cut(numbers, asked, column, cuts)
    else:
        if cuts is not None:
            raise InputError(f"{column} holds words ({examples(values[~missing].unique(), 3)}): only numbers are cut")
        labels, order, told = _kinds(values, missing, column)
    if len(order) < 2 and not single:
        raise InputError(f"{column} has one level in these patients ({order[0]}) and tells none apart: leave it out")
    said += told
    labels = labels.where(~missing, NOT_KNOWN).astype(object)
    if missing.any():
        order = [*order, NOT_KNOWN]
        said.append(
            f"{column} is not known of {int(missing.sum())} of {len(values)} patients: they are a row of their own and "
            "in no test."
        )
    return Levels(asked, column, labels, tuple(order), tuple(said))


def site_of(names: pd.Index) -> pd.Series:
    """Tissue source site in TCGA's barcodes, missing where a name is none."""
    return pd.Series(
        [found.group(1).upper() if (found := _BARCODE.match(str(name))) else None for name in names],
        index=names, dtype=object,
    )  # fmt: skip


def _plain(name: object) -> str:
    return re.sub(r"[^a-z0-9]+", "_", str(name).casefold()).strip("_")


def _found(obs: pd.DataFrame, asked: str) -> tuple[str, pd.Series, list[str]]:
    """Column that holds what was asked for, its values, and where they were read if not there."""
    if asked in obs:
        same = obs.loc[:, asked]
        if isinstance(same, pd.DataFrame):
            raise InputError(f"{same.shape[1]} columns are called {asked}: keep one")
        return asked, same, []
    wanted = set(_NAMES.get(_plain(asked), (_plain(asked),)))
    fitting = [name for name in obs if _plain(name) in wanted]
    if len(fitting) > 1:
        raise InputError(f"{examples(fitting)} may be {asked}: name the one that is meant")
    if fitting:
        return str(fitting[0]), obs[fitting[0]], [f"{asked} is read from {fitting[0]}."]
    if _plain(asked) in ("site", "tissue_source_site"):
        sites = site_of(obs.index)
        if sites.notna().mean() > 0.5:
            return asked, sites, ["The site is read from TCGA's barcodes (tissue source site)."]
    told = examples(list(map(str, obs)), 12) or "none"
    raise NoColumnError(f"the patients have no column {asked}: they have {told}")


def _as_numbers(
    values: pd.Series, missing: np.ndarray, column: str
) -> tuple[pd.Series | None, pd.Series, list[str]]:  # fmt: skip
    """Numbers of a column, or None where it holds words."""
    if pd.api.types.is_bool_dtype(values):
        return None, values, []
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.year.astype(np.float64), values, [f"Of the dates in {column} the year is taken."]
    if pd.api.types.is_numeric_dtype(values):
        if np.isinf(values.to_numpy(dtype=np.float64, na_value=np.nan)).any():
            raise InputError(f"{column} holds infinite values: make them missing")
        return values.astype(np.float64), values, []
    known = values[~missing].astype(object)
    if known.map(lambda value: isinstance(value, bool | np.bool_)).all():
        return None, values, []
    numbers = pd.to_numeric(known, errors="coerce")
    if numbers.notna().all():
        return numbers.astype(np.float64).reindex(values.index), values, []
    words = known[numbers.isna()].astype(str)
    years = words.map(lambda text: float(found.group(1)) if (found := _ISO.match(text)) else np.nan)
    if years.notna().all() and numbers.isna().all():
        return years.astype(np.float64).reindex(values.index), values, [f"Of the dates in {column} the year is taken."]
    if words.map(lambda text: bool(_DATE.search(text))).mean() > 0.5:
        raise InputError(
            f"{column} holds dates in words ({examples(words.unique(), 3)}): give the year as a number, or dates as "
            "YYYY-MM-DD"
        )
    if numbers.notna().mean() > 0.5:
        raise InputError(
            f"{column} holds {len(words)} words among numbers ({examples(words.unique(), 3)}): make them numbers or "
            "missing"
        )
    return None, values, []


def _cut(
    numbers: pd.Series, asked: str, column: str, cuts: Sequence[float] | None
) -> tuple[pd.Series, list[str], list[str]]:  # fmt: skip
    """Level of each number, the levels in order, and where it was cut."""
    known = numbers.dropna()
    different = np.sort(known.unique())
    why, usual = "", _CUTS.get(_plain(asked), _CUTS.get(_group_of(column), ()))
    if cuts is None and not usual and different.size <= _WHOLE and (different == np.round(different)).all():
        return numbers.map(lambda value: f"{value:g}"), [f"{value:g}" for value in different], []
    if cuts is None:
        cuts = usual
        if not cuts:
            cuts = sorted({float(np.round(one, 2)) for one in np.quantile(known, [1 / 3, 2 / 3])})
            why = " (thirds of these patients)"
    given = [float(cut) for cut in cuts]
    if not given or not np.isfinite(given).all() or sorted(set(given)) != given:
        raise InputError(f"the cuts of {column} are {examples(given)}: give rising numbers")
    used = [cut for cut in given if different[0] < cut <= different[-1]]
    names = _names_between(used) if used else ["all"]
    at = np.searchsorted(used, numbers.to_numpy(dtype=np.float64, na_value=np.nan), side="right")
    labels = pd.Series([names[min(place, len(names) - 1)] for place in at], index=numbers.index, dtype=object)
    order = [name for name in names if (labels[numbers.notna()] == name).any()]
    where = " and ".join(f"{cut:g}" for cut in given)
    return labels, order, [f"{column} is cut at {where}{why}; who lies at a cut belongs to the level above."]


def _group_of(column: str) -> str:
    return next((name for name, others in _NAMES.items() if _plain(column) in others), "")


def _names_between(cuts: Sequence[float]) -> list[str]:
    """Names of the levels that cuts make.

    Examples
    --------
    >>> _names_between([50, 65])
    ['under 50', '50 to under 65', '65 and over']
    """
    inner = [f"{low:g} to under {high:g}" for low, high in itertools.pairwise(cuts)]
    return [f"under {cuts[0]:g}", *inner, f"{cuts[-1]:g} and over"]


def _kinds(values: pd.Series, missing: np.ndarray, column: str) -> tuple[pd.Series, list[str], list[str]]:
    """Level of each text, the commonest spelling standing for those that differ by case or spaces alone."""
    texts = values.astype(object).map(str)
    plain = texts.map(lambda text: " ".join(text.split()).casefold())
    known = ~missing
    spelling: dict[str, str] = {}
    told = []
    for key, own in texts[known].groupby(plain[known], sort=False):
        counts = own.map(lambda text: " ".join(text.split())).value_counts()
        spelling[str(key)] = str(counts.index[0])
        if len(counts) > 1:
            told.append(f"{column}: {examples(list(counts.index))} differ by case or spaces alone and are one level.")
    sizes = plain[known].value_counts()
    few = int(sizes[sizes <= 2].sum())
    if len(sizes) > _MOST or (len(sizes) > _FEW and few > known.sum() / 2):
        raise InputError(
            f"{column} holds {len(sizes)} different texts in {int(known.sum())} patients "
            f"({examples([spelling[str(key)] for key in sizes.index], 3)}): that is free text, give it as levels"
        )
    order = _sorted(values, [spelling[str(key)] for key in sizes.index])
    return plain.map(lambda key: spelling.get(key, key)), order, told


def _sorted(values: pd.Series, names: list[str]) -> list[str]:
    """Levels in the order of an ordered category, else by name."""
    if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered:
        place = {" ".join(str(name).split()).casefold(): at for at, name in enumerate(values.cat.categories)}
        return sorted(names, key=lambda name: place.get(name.casefold(), len(place)))
    return sorted(names)
