"""What was read of tumours' alterations: variants and what each is, and events of 1, 0 and not known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import as_cohort
from omics_rx.core.errors import InputError, examples
from omics_rx.io.said import Aloud, said_aloud, with_reading
from omics_rx.io.said import notes as told

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike

# of the variants
COLUMNS = ("sample", "gene", "kind", "change", "effect", "origin", "prediction", "is", "why", "event")
_BARCODE = re.compile(r"^(TCGA-\w{2}-\w{4})(?:-(\d{2})[A-Z]?.*)?$")


@dataclass(frozen=True, eq=False)
class Alterations:
    """Alterations of samples.

    Attributes
    ----------
    events
        Samples x events under the screens' names (``PIK3CA_mut``, ``ERBB2_gain``, ``PTEN_loss``, ``BCR-ABL1_fusion``,
        ``MSI``; of a germline variant ``BRCA1_germline``): 1 seen, 0 looked for and not seen, NaN not known: not
        tested, or seen and of uncertain significance.
    variants
        One row a variant: ``sample``, ``gene``, ``kind``, ``change``, ``effect``, ``origin``, ``prediction``, ``is``
        (one of ``MEANINGS``), ``why`` and ``event`` (empty where it is none).
    said
        What was found and decided, one sentence each.
    """

    events: pd.DataFrame
    variants: pd.DataFrame
    said: tuple[str, ...]

    @in_words
    def of(self, sample: str) -> pd.DataFrame:
        """Variants of one sample.

        Raises
        ------
        InputError
            If it was not read.
        """
        if sample not in self.events.index:
            raise InputError(
                f"no alterations of {sample!r} were read: there are those of {examples(self.events.index)}"
            )
        own: pd.DataFrame = self.variants[self.variants["sample"] == sample].reset_index(drop=True)
        return own

    @in_words
    def onto(self, cohort: CohortLike) -> AnnData:
        """The cohort with these alterations: ``obsm["events"]`` and ``uns["variants"]``.

        Samples are matched by name, else by the TCGA barcode of sample or patient. Of a patient with a primary tumour
        and others the primary is taken, and said.

        Raises
        ------
        InputError
            If no sample of the cohort was read, or one could be several.
        """
        data = as_cohort(cohort).copy()
        found, said = _matched([str(name) for name in data.obs_names], [str(name) for name in self.events.index])
        if not found:
            raise InputError(
                f"none of the {data.n_obs} samples of the cohort ({examples(data.obs_names, 3)}) has alterations (read "
                f"for {examples(self.events.index, 3)}): name them alike"
            )
        events = self.events.reindex([found.get(str(name), None) for name in data.obs_names])
        data.obsm["events"] = events.set_axis(data.obs_names, axis=0)
        by_read = {read: name for name, read in found.items()}
        own = self.variants[self.variants["sample"].isin(by_read)].copy()
        own["sample"] = own["sample"].map(by_read)
        own.index = pd.RangeIndex(len(own)).astype(str)
        data.uns["variants"] = own
        lacking = data.n_obs - len(found)
        if lacking:
            said.append(Aloud(f"{lacking} of {data.n_obs} samples of the cohort have no alterations: not tested"))
        before = [Aloud(one) if one in said_aloud(data) else one for one in told(data)]
        return with_reading(data, [*before, *self.said, *said])


def _matched(samples: list[str], read: list[str]) -> tuple[dict[str, str], list[str]]:
    """Sample of the cohort to the sample read, and what is to be said."""
    exact = {name: name for name in samples if name in set(read)}
    if exact:
        return exact, []
    found: dict[str, str] = {}
    said: list[str] = []
    doubtful = []
    for name in samples:
        own = _BARCODE.match(name)
        if own is None:
            continue
        same = [one for one in read if (other := _BARCODE.match(one)) is not None and other[1] == own[1]]
        if own[2] is not None:
            same = [one for one in same if _code(one) in ("", own[2])]
        primary = [one for one in same if _code(one) in ("", "01")]
        if len(same) > 1 and len(primary) == 1:
            said.append(Aloud(f"of {own[1]} the primary tumour is taken, not {examples(set(same) - set(primary))}"))
            same = primary
        if len(same) == 1:
            found[name] = same[0]
        elif len(same) > 1:
            doubtful.append(f"{name}: {' or '.join(same[:3])}")
    if doubtful:
        raise InputError(f"{len(doubtful)} samples of the cohort have several sets of alterations "
                         f"({examples(doubtful)}): keep one each")  # fmt: skip
    return found, [*said, f"{len(found)} samples are matched by their TCGA barcode"] if found else said


def _code(name: str) -> str:
    found = _BARCODE.match(name)
    return (found[2] or "") if found else ""
