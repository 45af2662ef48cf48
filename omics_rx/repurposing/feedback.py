"""Learning from the next experiment: outcomes in, what moved and why out, and what to try next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx import harmonize
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, NotFittedError, examples
from omics_rx.harmonize.mechanisms import tokens
from omics_rx.repurposing import learner, posterior
from omics_rx.repurposing import outcomes as outcomes_
from omics_rx.repurposing.evidence.kind import Kind
from omics_rx.repurposing.evidence.sources import Sources
from omics_rx.repurposing.explain import ranks
from omics_rx.repurposing.ledger import Ledger
from omics_rx.repurposing.selectivity import without_general

if TYPE_CHECKING:
    from omics_rx.repurposing.ranker import Ranker

EXPLORE = 0.5


class Feedback:
    """Mixin of :class:`~omics_rx.repurposing.ranker.Ranker`: ``update``, ``undo`` and ``propose``.

    Attributes
    ----------
    ledger_ : Ledger
        Every outcome ever given, and every batch taken back.
    moved_ : DataFrame
        What the last ``update`` or ``undo`` moved: see :meth:`update`.
    """

    ledger_: Ledger
    moved_: pd.DataFrame
    evidence_: dict[str, pd.DataFrame]
    sources_: Sources

    if TYPE_CHECKING:  # the ranker has it

        @property
        def kinds_(self) -> tuple[Kind, ...]:
            """Kinds that scores are made from."""
            ...

        def scores_before(self, subtype: str) -> tuple[pd.Index, np.ndarray]:
            """Drugs ranked for a subtype, and their scores before any outcome."""
            ...

    @in_words
    def update(
        self, outcomes: pd.DataFrame | None = None, *, ledger: Path | str | None = None, success: object = None
    ) -> Ranker:
        """Learn from experiments; every later ranking takes them into account, as the evidence ``outcomes``.

        An outcome is evidence of the drug it was found for and, by what they share, of others: it moves scores for
        its own subtype only.

        Parameters
        ----------
        outcomes
            One row an experiment: ``drug`` (name, id or InChIKey), ``model`` (a line of the screen, or any name),
            ``readout``, ``direction`` (1 worked, -1 did not, or between; see ``success``), ``source``; ``subtype``
            where the model is no breast line of the screen; ``weight`` (1 is one experiment) where they differ;
            ``note`` and ``date`` are passed over, any other column is refused. None only reads ``ledger``.
        ledger
            File the outcomes are appended to; it is read and checked first.
        success
            Which value of ``direction`` is a success, where it is not told from -1 to 1: 1 (or 0) for 0 and 1, for
            fractions and for True and False, the word for words such as yes and no. What is not said is asked.

        Returns
        -------
        Ranker
            Itself. ``moved_`` has one row a moved drug and subtype, largest move first: ``name``, ``before`` and
            ``after`` (ranks), ``expected`` (change of the expected outcome, -1 to 1) and ``why``.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        IntegrityError
            If the ledger was changed after it was written.
        InputError
            For unknown drugs, directions that can be read in two ways, subtypes that cannot be told or are not those of
            the line, outcomes that repeat or contradict each other or the
            ledger; nothing is learnt then.
        """
        self._check_fitted()
        rows = outcomes_.tidy(outcomes, self, success=success) if outcomes is not None else None

        def grow(held: Ledger) -> Ledger:
            known = held.outcomes()
            outcomes_.check_ranked(known, self)
            if rows is None:
                return held
            outcomes_.check_against(rows, known)
            return held.with_batch(rows)

        return self._moved_to(grow, ledger)

    @in_words
    def undo(self, *, ledger: Path | str | None = None) -> Ranker:
        """Take the last batch of outcomes back; the ledger keeps it and says so. ``moved_`` tells what moved.

        Raises
        ------
        NotFittedError, IntegrityError, InputError
            Before ``fit``; if the ledger was changed; if there is nothing to undo.
        """
        self._check_fitted()
        return self._moved_to(Ledger.without_last, ledger)

    def _checked(self, found: Ledger, file: Path | str) -> Ledger:
        """The ledger of a file, which must go on from the one in memory."""
        if self.ledger_.records and self.ledger_.head not in {record["hash"] for record in found.records}:
            raise InputError(
                f"{file} lacks the {len(self.ledger_.records)} records that this ranker learnt from: name their "
                "ledger, or fit another ranker"
            )
        return found

    def _moved_to(self, grow: Callable[[Ledger], Ledger], file: Path | str | None) -> Ranker:
        alike = {subtype: self.likeness(subtype, self.scores_before(subtype)[0]) for subtype in self.evidence_}
        before = {subtype: self.outlook(subtype, alike[subtype]) for subtype in self.evidence_}
        new = grow(self.ledger_) if file is None else Ledger.grown(file, lambda found: grow(self._checked(found, file)))
        self.ledger_ = new
        after = {subtype: self.outlook(subtype, alike[subtype]) for subtype in self.evidence_}
        self.moved_ = _moves(self, before, after)
        return self  # type: ignore[return-value]

    @in_words
    def propose(self, subtype: str, n: int = 5, *, explore: float = EXPLORE) -> pd.DataFrame:
        """Which drugs to try next: those expected to work, and those that would teach most.

        Parameters
        ----------
        subtype
            What the experiments stand for.
        n
            Drugs in the batch; drugs with an outcome for the subtype are left out.
        explore
            Weight of the uncertainty beside the expected outcome; 0 takes the best drugs alone.

        Returns
        -------
        DataFrame
            Index ``drug_id``, in order of choice; ``name``, ``rank``, ``expected`` (outcome, about -1 to 1),
            ``uncertainty`` (its standard deviation before the batch) and ``value`` (``expected + explore *
            uncertainty``).

        Raises
        ------
        UnknownNameError, NotFittedError, InputError
            For a subtype that was not ranked; before ``fit``; if ``n`` is not above 0 or ``explore`` below 0.
        """
        self._check_fitted()
        subtype = harmonize.subtype(subtype, self.evidence_)
        if n < 1 or explore < 0:
            raise InputError(f"n is {n} and explore {explore}: ask for at least one drug, and explore by 0 or more")
        drugs, base, found = self.outlook(subtype)
        expected = posterior.TRUST * posterior.standard(base) + found.shift
        tried = self.ledger_.outcomes().query("subtype == @subtype")["drug_id"]
        free = ~drugs.isin(tried)
        chosen = posterior.batch(expected, found.covariance, free, n=n, explore=explore)
        table = pd.DataFrame(
            {
                "name": self.sources_.drugs.loc[drugs, "name"].to_numpy(),
                "rank": ranks(expected),
                "expected": expected,
                "uncertainty": found.sd,
                "value": expected + explore * found.sd,
            },
            index=drugs.rename("drug_id"),
        )
        return table.iloc[chosen]

    @in_words
    def outlook(
        self, subtype: str, alike: np.ndarray | None = None
    ) -> tuple[pd.Index, np.ndarray, posterior.Posterior]:
        """Drugs ranked for a subtype, their scores before any outcome, and what outcomes make of them.

        Parameters
        ----------
        subtype
            The subtype.
        alike
            From :meth:`likeness`, of these drugs; None to find it, which takes most of the time.
        """
        drugs, base = self.scores_before(subtype)
        held = self.ledger_.outcomes()
        held = held[held["subtype"] == subtype]
        seen = held[["direction", "weight"]].assign(at=drugs.get_indexer(pd.Index(held["drug_id"])))
        table = self.likeness(subtype, drugs) if alike is None else alike
        return drugs, base, posterior.update(table, base, seen)

    @in_words
    def likeness(self, subtype: str, drugs: pd.Index) -> np.ndarray:
        """How alike drugs are, as outcomes spread by it: see :func:`omics_rx.repurposing.posterior.likeness`."""
        kinds = self.kinds_
        pairs = self.evidence_[subtype].loc[drugs, [kind.name for kind in kinds]]
        keyed = pd.concat({subtype: pairs}, names=["subtype", "drug_id"]).swaplevel()
        places = learner.oriented_ranks(keyed, [kind.direction for kind in kinds])
        words = tokens(self.sources_.drugs)
        profiles = without_general(self.sources_.responses).T.reindex(drugs)
        return posterior.likeness(places, [words[drug] for drug in drugs], profiles.to_numpy())

    def _check_fitted(self) -> None:
        if not hasattr(self, "sources_"):
            raise NotFittedError("the ranker has no evidence yet: call fit(model, cohort) first")


def _moves(ranker: Any, before: dict[str, Any], after: dict[str, Any]) -> pd.DataFrame:
    words = tokens(ranker.sources_.drugs, structures=False)
    held = ranker.ledger_.outcomes()
    frames = []
    for subtype, (drugs, base, then) in before.items():
        now = after[subtype][2]
        prior = posterior.TRUST * posterior.standard(base)
        old, new = ranks(prior + then.shift), ranks(prior + now.shift)
        own = held[held["subtype"] == subtype]
        reasons = _reasons(drugs, own, words)
        frames.append(
            pd.DataFrame(
                {
                    "drug_id": drugs,
                    "name": ranker.sources_.drugs.loc[drugs, "name"].to_numpy(),
                    "subtype": subtype,
                    "before": old,
                    "after": new,
                    "expected": now.shift - then.shift,
                    "why": reasons,
                }
            )[old != new]
        )
    table = pd.concat(frames, ignore_index=True)
    order = np.argsort(-(table["before"] - table["after"]).abs().to_numpy(), kind="stable")
    ordered: pd.DataFrame = table.iloc[order].reset_index(drop=True)
    return ordered


def _reasons(drugs: pd.Index, own: pd.DataFrame, words: dict[str, set[str]]) -> list[str]:
    """Its own outcomes, else the tried drugs it shares a mechanism with, else that it moved with the rest."""
    mine = dict(list(own.groupby("drug_id")))
    tried = own.drop_duplicates("drug_id")[["drug_id", "drug"]]
    said = []
    for drug in drugs:
        if drug in mine:
            rows = mine[drug]
            each = [f"{'worked' if d > 0 else 'did not work'} in {model}" for d, model in
                    zip(rows["direction"], rows["model"], strict=True)]  # fmt: skip
            said.append("its own outcome: " + examples(dict.fromkeys(each), 3))
            continue
        shared = [(name, sorted(words[drug] & words[other])) for other, name in
                  zip(tried["drug_id"], tried["drug"], strict=True)]  # fmt: skip
        kin = [f"{name} ({', '.join(both)})" for name, both in shared if both]
        said.append(f"shares a mechanism with {examples(kin, 3)}" if kin else
                    "alike in evidence or response profile, or passed by others")  # fmt: skip
    return said
