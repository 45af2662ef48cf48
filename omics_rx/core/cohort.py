"""A cohort is an AnnData, samples x genes: its unit, its domain, its endpoint.

``uns["omics_rx"]`` is read and written here and nowhere else. Where it is missing (a frame, or after
``anndata.concat``) unit and domain are detected from the values and names, and said to be detected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np
import pandas as pd

from omics_rx.core.detection import detect_domain
from omics_rx.core.errors import InputError, examples
from omics_rx.core.texts import says_nothing
from omics_rx.core.unit_values import detect_unit, units_in
from omics_rx.core.units import BASES, unit_named

if TYPE_CHECKING:
    from anndata import AnnData

    CohortLike: TypeAlias = AnnData | pd.DataFrame

DOMAINS = ("cell_line", "tumour", "single_cell")
_KEY = "omics_rx"
_EXPRESSION = {"rna", "gex", "mrna", "expression", "gene expression", "genes", "gene"}
_N_ROWS = 120
_LONGEST_MEDIAN = 300  # months; of a cohort in days it is a year


@dataclass(frozen=True)
class CohortInfo:
    """What is known of a cohort's values.

    Attributes
    ----------
    unit
        One of ``UNITS``, or ``"mixed"`` where samples of two units were put together.
    domain
        One of ``DOMAINS``.
    origin
        Dataset or file the cohort came from, empty when unknown.
    detected
        Which of ``unit`` and ``domain`` were detected rather than told.
    """

    unit: str
    domain: str
    origin: str = ""
    detected: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Endpoint:
    """Follow-up of a cohort.

    Attributes
    ----------
    time
        Months from diagnosis to the event or to the last contact, shape ``(n_samples,)``, above 0.
    event
        Whether the event was seen, shape ``(n_samples,)``.
    samples
        Names of the samples with both known, in the cohort's order.
    name
        What the event is: ``"death"``, ``"relapse"``, or ``"event"`` when not said.
    """

    time: np.ndarray
    event: np.ndarray
    samples: pd.Index
    name: str

    @property
    def n_events(self) -> int:
        """Number of events seen."""
        return int(self.event.sum())


def as_cohort(data: CohortLike, *, copy: bool = True) -> AnnData:
    """Take an AnnData as it is, or wrap a samples x genes frame.

    Parameters
    ----------
    data
        AnnData or frame.
    copy
        Whether the values of a frame are copied; without, nothing may be written into the result.

    Raises
    ------
    InputError
        If the data is neither, has no samples or genes, repeats sample names, or holds text or infinite values.
    """
    from anndata import AnnData

    if isinstance(data, pd.DataFrame):
        text = [str(name) for name, kind in data.dtypes.items() if not pd.api.types.is_numeric_dtype(kind)]
        if text:
            raise InputError(
                f"{len(text)} of {data.shape[1]} columns hold text, not expression ({examples(text)}): "
                "pass a numeric samples x genes frame and keep clinical columns apart"
            )
        index, columns = data.index.astype(str), data.columns.astype(str)
        _refuse_repeated(index)
        extended = any(isinstance(kind, pd.api.extensions.ExtensionDtype) for kind in data.dtypes)
        values = data.to_numpy(dtype=np.float64, na_value=np.nan) if extended else data.to_numpy()
        # floats keep their precision: rounding them to 32 bits makes ties, and ties change rank scores
        values = values.astype(values.dtype if values.dtype in (np.float32, np.float64) else np.float64, copy=copy)
        cohort = AnnData(values, obs=pd.DataFrame(index=index), var=pd.DataFrame(index=columns))
    elif isinstance(data, AnnData):
        cohort = data
    elif hasattr(data, "mod"):
        cohort = _genes_of(data.mod)
    else:
        raise InputError(f"a cohort is an AnnData or a samples x genes DataFrame, not a {type(data).__name__}")
    if 0 in cohort.shape:
        raise InputError(f"the cohort has {cohort.n_obs} samples and {cohort.n_vars} genes: nothing to work on")
    _refuse_repeated(cohort.obs_names)
    return cohort


def _genes_of(modalities: Mapping[str, AnnData]) -> AnnData:
    """Expression among the modalities of a MuData.

    Raises
    ------
    InputError
        If none, or several, are named as expression is.
    """
    found = [name for name in modalities if name.casefold() in _EXPRESSION]
    if len(found) != 1:
        raise InputError(
            f"{len(found)} of the modalities {examples(modalities)} are expression by their names: pass the one that "
            "holds genes, such as mdata['rna']"
        )
    return modalities[found[0]]


def _refuse_repeated(samples: pd.Index) -> None:
    repeated = samples[samples.duplicated()].unique()
    if len(repeated):
        raise InputError(
            f"{len(repeated)} sample names stand for several samples ({examples(repeated)}): give each its own name"
        )


def expression(data: CohortLike) -> pd.DataFrame:
    """Samples x genes frame of a cohort's values, float64; NaN is a gene missing for that sample.

    Raises
    ------
    InputError
        If a value is infinite.
    """
    if isinstance(data, pd.DataFrame):
        data = as_cohort(data)
    cohort = as_cohort(data)
    values = cohort.X
    if values is None:
        raise no_values(cohort)
    dense = values.toarray() if hasattr(values, "toarray") else np.asarray(values)
    dense = dense.astype(np.float64)
    infinite = np.isinf(dense).sum(axis=0)
    if infinite.any():
        raise InputError(
            f"{int(infinite.sum())} values are infinite, in {int((infinite > 0).sum())} genes "
            f"({examples(cohort.var_names[infinite > 0])}): a logarithm of zero? Add 1 before taking it"
        )
    return pd.DataFrame(dense, index=cohort.obs_names.copy(), columns=cohort.var_names.copy())


def no_values(cohort: AnnData) -> InputError:
    """Error for a cohort whose X is empty; it names where values are."""
    places = [f"layers[{name!r}]" for name in cohort.layers] + (["raw"] if cohort.raw is not None else [])
    where = f"values are in {examples(places)}: put one of them into X" if places else "put the values into X"
    return InputError(f"the cohort has no X; {where}")


def info(data: CohortLike) -> CohortInfo:
    """Unit, domain and origin of a cohort, detected where they were not told."""
    cohort = as_cohort(data, copy=False)
    told: Mapping[str, Any] = cohort.uns.get(_KEY, {})
    detected = [name for name in ("unit", "domain") if not told.get(name)]
    values = sample_of_values(cohort.X) if detected and cohort.X is not None else np.empty((0, 0))
    unit = told.get("unit") or with_base(detect_unit(values), cohort)
    return CohortInfo(
        unit=str(unit),
        domain=str(told.get("domain") or detect_domain(cohort.obs_names, values)),
        origin=str(told.get("origin", "")),
        detected=tuple(detected),
    )


def units_of(data: CohortLike) -> tuple[str, ...]:
    """Units that the samples of a cohort look like: one, or several where samples of two kinds were put together."""
    cohort = as_cohort(data, copy=False)
    return units_in(sample_of_values(cohort.X)) if cohort.X is not None else ("unknown",)


def with_base(unit: str, cohort: AnnData) -> str:
    """Unit of logarithms whose base is not told by their values, by scanpy's own record of it where there is one."""
    record = cohort.uns.get("log1p")
    if unit not in ("log2 expression", "log2 intensity") or not isinstance(record, Mapping):
        return unit
    base = float(record.get("base") or np.e)
    names = [log for log, number in BASES.items() if abs(number - base) < 1e-6]
    return f"{names[0]}(normalised counts + 1)" if names else unit


def with_info(
    cohort: AnnData, *, unit: str | None = None, domain: str | None = None, origin: str | None = None
) -> AnnData:
    """Cohort that says its unit, domain or origin; None leaves one as it is.

    The new cohort has its own ``obs``, ``var``, ``obsm`` and ``uns`` and shares the matrices: put a new one in
    ``X`` or ``layers``, never write into theirs.

    Raises
    ------
    InputError
        If unit or domain is none of ``UNITS`` and ``DOMAINS``; units may be written as :func:`unit_named` reads them.
    """
    unit = None if unit is None else unit_named(unit)
    if domain is not None and domain not in DOMAINS:
        raise InputError(f"domain {domain!r} is not known: use one of {', '.join(DOMAINS)}")
    changed = _sharing_values(cohort)
    record = dict(changed.uns.get(_KEY, {}))
    told = {"unit": unit, "domain": domain, "origin": origin}
    record.update({name: value for name, value in told.items() if value is not None})
    changed.uns[_KEY] = record
    return changed


def record(cohort: AnnData, name: str) -> Any:
    """Read what a room wrote into the cohort's record, or None."""
    return cohort.uns.get(_KEY, {}).get(name)


def with_record(cohort: AnnData, name: str, value: Any) -> AnnData:
    """Cohort with something more in its record: frames, text and numbers that h5ad can hold.

    The matrices are shared with the cohort given; see :func:`with_info`.
    """
    changed = _sharing_values(cohort)
    changed.uns[_KEY] = {**changed.uns.get(_KEY, {}), name: value}
    return changed


def _sharing_values(cohort: AnnData) -> AnnData:
    """Cohort with its own annotations over the same matrices; a part of another becomes a cohort of its own.

    A cohort on disk is opened once more, so that its matrix stays there.
    """
    from anndata import AnnData, read_h5ad

    if cohort.is_view:
        return cohort.to_memory() if cohort.isbacked else cohort.copy()
    if cohort.isbacked:
        changed = read_h5ad(str(cohort.filename), backed="r")
        changed.obs, changed.var, changed.uns = cohort.obs.copy(), cohort.var.copy(), dict(cohort.uns)
        return changed
    return AnnData(
        X=cohort.X, obs=cohort.obs.copy(), var=cohort.var.copy(), uns=dict(cohort.uns), raw=cohort.raw,
        layers=named_layers(cohort),
        **{name: _copies(getattr(cohort, name)) for name in ("obsm", "varm", "obsp", "varp")},
    )  # fmt: skip


def named_layers(cohort: AnnData) -> dict[str, Any]:
    """Layers that have a name, in their order; since anndata 0.13 the nameless one among them is ``X`` itself."""
    return {name: values for name, values in cohort.layers.items() if name is not None}


def _copies(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.copy() for name, value in mapping.items()}


def describe(data: CohortLike) -> dict[str, Any]:
    """Unit, domain, origin and size as plain values, for reports and provenance."""
    cohort = as_cohort(data)
    return {**asdict(info(cohort)), "n_samples": cohort.n_obs, "n_genes": cohort.n_vars}


def is_dask(values: Any) -> bool:
    """Whether a matrix is a dask array, or a view of one as anndata makes it, told without importing dask."""
    return any(base.__module__.partition(".")[0] == "dask" for base in type(values).__mro__)


def computed(values: Any) -> Any:
    """A matrix in memory, dense or sparse: what dask would compute later is computed now."""
    return values.compute() if is_dask(values) else values


def sample_of_values(values: Any) -> np.ndarray:
    """Values of some samples from all over a matrix, in memory, on disk or of dask arrays; shape ``(n, p)``, dense."""
    n_rows = values.shape[0]
    rows: Any = slice(0, n_rows)
    if n_rows > _N_ROWS:
        rows = np.unique(np.linspace(0, n_rows - 1, _N_ROWS).astype(int))
    taken = computed(values[rows])
    return taken.toarray() if hasattr(taken, "toarray") else np.asarray(taken)


@overload
def endpoint(data: AnnData, *, required: Literal[True] = True) -> Endpoint: ...
@overload
def endpoint(data: AnnData, *, required: Literal[False]) -> Endpoint | None: ...
def endpoint(data: AnnData, *, required: bool = True) -> Endpoint | None:
    """Check and return the follow-up in ``obs["time"]`` (months) and ``obs["event"]``.

    Parameters
    ----------
    data
        Cohort; ``obs["endpoint"]`` may name the event.
    required
        False returns None where there is no follow-up at all.

    Raises
    ------
    InputError
        If a column is missing, a time is no number, infinite, negative or zero, times are those of days, an event is
        not yes or no, or no event was seen.
    """
    absent = [name for name in ("time", "event") if name not in data.obs]
    if absent:
        if not required and len(absent) == 2:
            return None
        raise InputError(
            f"the cohort has no obs column {' and '.join(absent)}: "
            'set obs["time"] (months) and obs["event"] (True when seen)'
        )
    time = _as_times(data.obs["time"])
    event = _as_event(data.obs["event"])
    known = np.isfinite(time) & np.isfinite(event)
    bad = known & (time <= 0)
    if bad.any():
        raise InputError(
            f"{int(bad.sum())} follow-up times are zero or negative ({examples(data.obs_names[bad])}): "
            "remove these samples or correct their dates"
        )
    if known.any() and np.median(time[known]) > _LONGEST_MEDIAN:
        raise InputError(
            f'the median of obs["time"] is {np.median(time[known]):,.0f} months, {np.median(time[known]) / 12:,.0f} '
            "years: no cohort is followed so long, so it is in days; divide it by 30.4375"
        )
    if not event[known].sum():
        raise InputError(f"no event was seen in {int(known.sum())} samples: nothing can be learnt or judged from it")
    names = data.obs["endpoint"].dropna().unique() if "endpoint" in data.obs else []
    if len(names) > 1:
        raise InputError(f"the cohort mixes endpoints ({examples(names)}): keep one")
    return Endpoint(
        time[known], event[known].astype(bool), data.obs_names[known], str(names[0]) if len(names) else "event"
    )


def _as_times(column: pd.Series) -> np.ndarray:
    """Times as numbers, NaN where nothing is known; texts such as ``30.2+``, dates and infinite ones are refused."""
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        raise InputError('obs["time"] holds dates or durations: give months, such as durations.dt.days / 30.4375')
    numbers = pd.to_numeric(column.astype(object), errors="coerce").to_numpy(dtype=np.float64)
    unread = ~np.isfinite(numbers) & ~says_nothing(column.astype(object))
    if unread.any():
        texts = column[unread].astype(str)
        marked = ", and a plus behind the censored as False in the events" if texts.str.endswith("+").any() else ""
        raise InputError(
            f"{int(unread.sum())} follow-up times are no finite numbers ({examples(texts.unique())}): write months as "
            f"numbers{marked}"
        )
    return numbers


def _as_event(column: pd.Series) -> np.ndarray:
    """Events as 0, 1 or NaN; anything else is refused."""
    numbers = pd.to_numeric(column.astype(object), errors="coerce").to_numpy(dtype=np.float64)
    unread = np.isnan(numbers) & ~says_nothing(column.astype(object))
    other = np.isfinite(numbers) & ~np.isin(numbers, (0, 1))
    if unread.any() or other.any():
        strange = column[unread | other].astype(str).unique()
        raise InputError(
            f"{int((unread | other).sum())} events are neither 0 nor 1 ({examples(strange)}): "
            "code a seen event as 1 and a censored one as 0"
        )
    return numbers
