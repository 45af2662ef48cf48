"""The ranker: evidence of every kind, weighed by what is known to work, never by the answer itself."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from omics_rx import harmonize
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.harmonize.mechanisms import tokens
from omics_rx.repurposing import assemble, cancers, learner, limits, opinions, questions
from omics_rx.repurposing import candidates as choice
from omics_rx.repurposing import evidence as ev
from omics_rx.repurposing import labels as lb
from omics_rx.repurposing import posterior as post
from omics_rx.repurposing.feedback import Feedback
from omics_rx.repurposing.gather import Given, gather
from omics_rx.repurposing.hers import frequent, told_of_patient, with_told
from omics_rx.repurposing.ledger import Ledger
from omics_rx.repurposing.ranking import Ranking
from omics_rx.repurposing.rule import rule_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike

SUBTYPES = (*lb.SUBTYPES, "Normal")
_DRUG_COLUMNS = ("name", "aliases", "smiles", "inchikey", "targets", "mechanism")
_GATHERED = ("sources_", "subtypes_from_", "people_", "library_absent_", "inputs_", "reference_", "screen_", "own_",
             "said_", "apart_", "ledger_", "evidence_")  # fmt: skip


class Ranker(Feedback, BaseEstimator):  # type: ignore[misc,unused-ignore]
    """Rank drugs for a tumour subtype by all evidence there is, with explanations that add up.

    Parameters
    ----------
    labels
        None to rank by evidence alone. To learn how to weigh it: ``"resources"`` for the shipped labels of breast
        cancer, a frame like them (``drug``, ``subtype``, ``status``), or ``"cancers"`` for what is approved in other
        cancers by the evidence of their lines, so that breast cancer is held out. With too few labels the ranker falls
        back to the average of ranks and says so.
    rule
        How evidence alone ranks: ``"questions"``, which asks for the drug and for the subtype apart, or ``"average"``,
        the average of oriented ranks of all kinds. With labels it is not used.
    seed
        Seed of the ensemble.

    Attributes
    ----------
    sources_ : Sources
        What evidence is drawn from.
    evidence_ : dict of str to DataFrame
        Subtype to evidence; only the subtypes that have enough tumours.
    labels_ : DataFrame
        Labels of drugs that the screen holds.
    learnt_ : bool
        Whether scores are learnt from labels; else they are the average of oriented ranks.
    rule_ : str
        How scores are made, in words.
    """

    def __init__(self, labels: pd.DataFrame | str | None = None, *, rule: str = "questions", seed: int = 0) -> None:
        self.labels = labels
        self.rule = rule
        self.seed = seed

    @in_words
    def fit(
        self, model: Any, cohort: CohortLike, library: pd.DataFrame | None = None, *,
        extra: Any = None, direction: Any = None, universe: pd.DataFrame | str | None = "resources",
        network: Any = "resources", cells: AnnData | None = None, kinds: Sequence[ev.Kind] = (),
        progress: bool | None = None,
    ) -> Ranker:  # fmt: skip
        """Gather the evidence and learn how to weigh it.

        Parameters
        ----------
        model
            Fitted ``ResponseModel``; its ``screen_`` gives the drugs and the measured evidence.
        cohort
            Tumours. Subtypes are called by ``scores.subtype`` unless ``obs["subtype"]`` holds them.
        library
            Perturbation profiles x genes, rows named by drug; adds reversal. Sets of genes (1, -1 and 0 for most) are
            scored as sets; with columns ``dose``, ``time`` and ``line`` the sRGES of each drug is shown, too.
        extra
            Drugs x columns of the user's own, a named series, or one such frame a subtype (by any of its names). It
            must not hold what the labels hold.
        direction
            Column of ``extra`` to ``"high"`` or ``"low"``: which values speak for a drug. High, where it is not told;
            asked for columns such as docking scores and IC50, of which low is often good.
        universe
            Drugs to judge beside the screened ones: ``"resources"`` for launched drugs outside oncology, a frame with
            ``name`` and ``smiles``, or None. They are predicted from structure and targets; ``applicability`` tells
            how far that reaches, and a ranking lists them apart.
        network
            Network of genes, for ``proximity``: ``"resources"`` for the map of human protein interactions that ships
            (HuRI and Lit-BM), one from ``repurposing.read_network``, what that takes (a file, a frame of edges, a
            networkx graph), or None for none.
        cells
            Single cells of such tumours whose ``obs`` tells malignant ones; adds ``malignant_cells``.
        kinds
            Kinds of evidence of your own (:class:`~omics_rx.repurposing.evidence.Kind`), made as the registered ones
            are: a name, a unit, a direction, a source and a function of a case.
        progress
            Whether to draw a bar.

        Raises
        ------
        InputError
            For labels, a library or extra evidence that cannot be used.
        """
        self._check_settings()
        given = Given(library, extra, direction, universe, network, cells, tuple(kinds))
        for name, value in gather(model, cohort, given, subtypes=SUBTYPES).items():
            setattr(self, name, value)
        self.ledger_ = Ledger()
        self.evidence_ = self._drawn()
        return self._learn(progress=progress)

    @in_words
    def taught(
        self, labels: pd.DataFrame | str | None, *, rule: str = "questions", progress: bool | None = None
    ) -> Ranker:
        """Another ranker on the same evidence, taught by other labels, or by another rule.

        Raises
        ------
        NotFittedError
            Before :meth:`fit`.
        """
        self._check_fitted()
        other = Ranker(labels, rule=rule, seed=self.seed)
        other._check_settings()
        for name in _GATHERED:
            setattr(other, name, getattr(self, name))
        return other._learn(progress=progress)

    @in_words
    def redrawn(self, **changed: Any) -> Ranker:
        """Another ranker of the same labels and rule on changed evidence, as if something had not been known.

        Parameters
        ----------
        **changed
            Attributes of :class:`~omics_rx.repurposing.evidence.Sources` (``sources_``) to their new values.

        Raises
        ------
        NotFittedError
            Before :meth:`fit`.
        InputError
            If the sources have no such attribute.
        """
        self._check_fitted()
        unknown = sorted(set(changed) - {field.name for field in dataclasses.fields(self.sources_) if field.init})
        if unknown:
            raise InputError(f"the sources of evidence have no {examples(unknown)}: see repurposing.evidence.Sources")
        other = copy.copy(self)
        other.sources_ = dataclasses.replace(self.sources_, **changed)
        other.evidence_ = other._drawn()  # noqa: SLF001
        return other._learn(progress=False)  # noqa: SLF001

    @property
    def subtypes_(self) -> pd.Series:
        """Subtype of each tumour."""
        return self.sources_.subtypes

    @property
    def lines_(self) -> pd.Series:
        """Group of each breast line that has one."""
        return self.sources_.line_groups.dropna()

    @property
    def kinds_(self) -> tuple[ev.Kind, ...]:
        """Kinds that scores are made from."""
        return self.sources_.kinds("questions" if self.asks_ else "all")

    def _check_settings(self) -> None:
        """Refuse, before minutes are spent, a rule that there is not and labels that are no labels."""
        if self.rule not in ("questions", "average"):
            raise InputError(f"rule is {self.rule!r}: give 'questions' or 'average'")
        if self.labels is not None:
            self._label_table()

    @property
    def asks_(self) -> bool:
        """Whether scores are made by the two questions."""
        return self.labels is None and self.rule == "questions"

    def _drawn(self) -> dict[str, pd.DataFrame]:
        """Evidence for each subtype that has enough tumours."""
        counts = self.subtypes_.value_counts()
        n_all = int(counts.sum())
        ready = [s for s in SUBTYPES if ev.MIN_TUMOURS <= counts.get(s, 0) <= n_all - ev.MIN_TUMOURS]
        unused = [subtype for subtype in self.own_.named if subtype not in ready]
        if unused:
            raise InputError(
                f"extra evidence is given for {examples(unused)}, which cannot be ranked in this cohort "
                f"({examples(f'{name} {count}' for name, count in counts.items())} tumours): leave it out"
            )
        if not ready:
            ev.Case(self.sources_, str(counts.index[0]) if len(counts) else SUBTYPES[0]).check()
        return {subtype: ev.subtype_evidence(self.sources_, subtype) for subtype in ready}

    def _learn(self, *, progress: bool | None) -> Ranker:
        kinds = [kind.name for kind in self.kinds_]
        pairs = pd.concat(
            {subtype: table[kinds] for subtype, table in self.evidence_.items()}, names=["subtype", "drug_id"]
        ).swaplevel()
        # evidence that is known of one drug, or equal for all, places no drug
        placed = np.isfinite(self._places(pairs))
        self._pairs = pairs[placed.any(axis=1)]
        self._fit, why, self._answers = None, "", self._answered() if self.asks_ else None
        self.n_training_ = 0
        self.labels_absent_: list[str] = []
        self.labels_ = pd.DataFrame(columns=["drug_id", "drug", "subtype", "status"])
        if self.labels is not None:
            self._fit, why = self._cross_fitted(progress=progress)
        self.learnt_ = self._fit is not None
        self.rule_ = rule_of(self, why)
        return self

    def _answered(self) -> questions.Answers:
        return questions.answers(self._pairs, self.kinds_, screened=self.sources_.screened, subtypes=lb.SUBTYPES)

    def _cross_fitted(self, *, progress: bool | None) -> tuple[learner.CrossFit | None, str]:
        table = self._label_table()
        self.labels_, self.labels_absent_ = lb.match(table, self.sources_.drugs)
        shipped, _ = lb.match(lb.shipped(), self.sources_.drugs)
        # classes of the shipped labels hold whatever the user's say, so that a label's absence frees no relative
        classes = pd.concat([frame.set_index("drug_id")["mechanism"] for frame in (shipped, self.labels_)])
        words = tokens(self.sources_.drugs, classes)
        evidence = self._pairs
        if self.across_:
            of_lines = cancers.evidence(self.screen_, self.sources_.held_out)
            evidence = pd.concat([evidence, of_lines.reindex(columns=evidence.columns)])
            training = cancers.training_pairs(self.screen_.drugs)
        else:
            training = lb.training_pairs(self.labels_)
            training = training[training["kind"] != "mismatch"]  # which subtype a drug is for is left to the evidence
        training = training[pd.MultiIndex.from_frame(training[["drug_id", "subtype"]]).isin(evidence.index)]
        self.n_training_ = len(training)
        why = learner.enough(training, words)
        if why:
            return None, why
        directions = [kind.direction for kind in self.kinds_]
        fit = learner.cross_fit(evidence, training, words, directions=directions, seed=self.seed, progress=progress)
        return fit.first(len(self._pairs)), ""

    @property
    def across_(self) -> bool:
        """Whether scores are learnt from other cancers than of the breast."""
        return isinstance(self.labels, str) and self.labels == "cancers"

    def _label_table(self) -> pd.DataFrame:
        if isinstance(self.labels, pd.DataFrame):
            return self.labels
        if self.labels in ("resources", "cancers"):
            return lb.shipped()  # with "cancers" they are shown beside the ranking and teach nothing
        raise InputError(f"labels is {self.labels!r}: give 'resources', 'cancers', a frame or None")

    @in_words
    def rank(
        self, subtype: str, *, by: str = "subtype", candidates: str | Iterable[str] = "existing"
    ) -> Ranking:  # fmt: skip
        """Rank the drugs for one subtype, or for one patient.

        Parameters
        ----------
        subtype
            The subtype, by whatever it is called (``"TNBC"``, ``"luminal A"``); with ``by="patient"`` the name of a
            tumour of the cohort.
        by
            ``"subtype"`` or ``"patient"``. A patient is ranked by her own expression and predictions and by the lines
            of her subtype; the models are taught anew beside her, which takes as long as :meth:`fit`.
        candidates
            What the list offers: ``"existing"``, launched drugs that are not yet approved for the subtype;
            ``"investigational"``, drugs in trials; ``"all"``, every drug; or a list of names. The others, those
            approved for the subtype among them, stand in ``others``.

        Raises
        ------
        UnknownNameError
            If the subtype is none or several (``"ER+"`` is LumA and LumB), the cohort has no such tumour, or a
            candidate is no drug that was scored.
        InputError
            If too few tumours of the cohort are of the subtype, or no drug is left by ``candidates``.
        NotFittedError
            Before :meth:`fit`.
        """
        self._check_fitted()
        if by not in ("subtype", "patient"):
            raise InputError(f"by is {by!r}: rank by 'subtype' or by 'patient'")
        if by == "patient":
            return self._rank_patient(subtype, candidates)
        subtype = harmonize.subtype(subtype, SUBTYPES)
        case = ev.Case(self.sources_, subtype)
        case.check()
        return self._ranked(case, self.evidence_[subtype], candidates)

    def coverage(self) -> pd.DataFrame:
        """What each subtype's ranking rests on: who is well served, and who is not.

        Returns
        -------
        DataFrame
            Index subtype (those that can be ranked); ``n_tumours``, ``n_lines`` (breast lines that stand for it),
            ``n_working`` and ``n_other_labels`` (labels), and the share of drugs that have each kind of evidence.
        """
        self._check_fitted()
        return limits.coverage(self)

    def _rank_patient(self, patient: str, candidates: str | Iterable[str]) -> Ranking:
        if patient not in self.subtypes_.index:
            raise unknown_name("tumour", patient, self.subtypes_.index.astype(str))
        found, subtype = ev.patient_evidence(self.sources_, patient)
        case = ev.Case(self.sources_, subtype, patient)
        # her rows come after all others, so that every model is the one it was without her
        own = pd.concat({case.key: found[list(self._pairs)]}, names=["subtype", "drug_id"]).swaplevel()
        other = copy.copy(self)
        other._with_pairs(own[own.notna().any(axis=1)])  # noqa: SLF001
        return with_told(other._ranked(case, found, candidates), told_of_patient(self, case))  # noqa: SLF001

    def _with_pairs(self, more: pd.DataFrame) -> None:
        """Score further pairs beside those there are."""
        self._pairs = pd.concat([self._pairs, more])
        if self._answers is not None:
            self._answers = self._answered()
        if self._fit is not None:
            self._fit, _ = self._cross_fitted(progress=False)

    def _ranked(self, case: ev.Case, evidence: pd.DataFrame, candidates: str | Iterable[str]) -> Ranking:
        kinds, key, subtype = self.kinds_, case.key, case.subtype
        names = [kind.name for kind in kinds]
        here = self._here(key)
        drugs = self._pairs.index.get_level_values(0)[here]
        parts, members = self._parts(here), self._members(here, case)
        beside = self._members(here, case, ("tumours", "lines")) if self._answers is not None else None
        if len(self.ledger_.outcomes()):
            kinds, names = (*kinds, ev.OUTCOMES), [*names, ev.OUTCOMES.name]
            shift, told = self._moved_by_outcomes(subtype, drugs, parts.sum(axis=1))
            parts, members = np.column_stack([parts, shift]), members + shift
            beside = None if beside is None else beside + shift
            evidence = evidence.assign(**{ev.OUTCOMES.name: pd.Series(told, index=drugs)})
        explanations = pd.DataFrame(parts, index=drugs, columns=names)
        score = parts.sum(axis=1)
        group = choice.groups(
            self.sources_.drugs.loc[drugs], subtype, candidates, screened=self.screen_.drugs.index
        )  # fmt: skip
        table, others = assemble.parted(
            self, subtype, evidence, shown=(drugs, names), score=score, members=members, group=group, with_lines=beside
        )  # fmt: skip
        if self._answers is not None:
            first = np.array([kind.question == "drug" for kind in kinds])
            for name, which in (("subtype_score", ~first), ("drug_score", first)):
                own = pd.Series(parts[:, which].sum(axis=1), drugs)
                for frame in (table, others):
                    frame.insert(frame.columns.tolist().index("score") + 1, name, own.reindex(frame.index))
        explanations.insert(0, "base", 0.0)
        explanations["score"] = score
        explanations.insert(0, "name", self.sources_.drugs.loc[drugs, "name"])
        info = ev.describe(evidence, kinds, self.sources_.members())
        return Ranking(
            subtype=key,
            table=table,
            unranked=assemble.unranked(self, evidence.index.difference(drugs, sort=False)),
            evidence=evidence,
            evidence_info=info,
            explanations=explanations.loc[[*table.index, *others.index]].rename_axis("drug_id").reset_index(),
            rule=self.rule_,
            limits=(*choice.said(candidates, group), *frequent(self, case), *limits.limits(self, subtype, info)),
            labels=self.labels_,
            drugs=self.sources_.drugs[[c for c in _DRUG_COLUMNS if c in self.sources_.drugs]],
            provenance=assemble.provenance(self, key, candidates),
            opinions=self._opinions(here, drugs),
            others=others,
        )

    def _opinions(self, here: np.ndarray, drugs: pd.Index) -> pd.DataFrame:
        if self._answers is not None:  # a sum of shares and contrasts has nothing to be found out by sampling
            return pd.DataFrame()
        places = self._places(self._pairs)
        return opinions.opinions(self._fit, places, here, drugs=drugs, kinds=list(self._pairs), seed=self.seed)

    def _here(self, key: str) -> np.ndarray:
        return np.asarray(self._pairs.index.get_level_values(1) == key)

    @in_words
    def scores_before(self, subtype: str) -> tuple[pd.Index, np.ndarray]:
        """Drugs ranked for a subtype, and their scores before any outcome."""
        here = self._here(subtype)
        return self._pairs.index.get_level_values(0)[here], self._parts(here).sum(axis=1)

    def _moved_by_outcomes(self, subtype: str, drugs: pd.Index, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What outcomes add to the scores, in their unit, and to the expected outcomes; the order is the same."""
        known, _, found = self.outlook(subtype)
        told = pd.Series(found.shift, index=known).reindex(drugs).fillna(0.0).to_numpy()
        return told * float(scores.std() or 1.0) / post.TRUST, told

    def _places(self, pairs: pd.DataFrame) -> np.ndarray:
        """Oriented ranks of pairs, pairs x kinds."""
        return learner.oriented_ranks(pairs, [kind.direction for kind in self.kinds_])

    def _parts(self, here: np.ndarray) -> np.ndarray:
        """Contributions to the scores, pairs x kinds."""
        if self._answers is not None:
            return np.asarray(self._answers.parts[here])
        if self._fit is not None:
            return np.asarray(self._fit.contributions[:, here].mean(axis=0))
        return learner.averaged(self._places(self._pairs[here]))

    def _members(self, here: np.ndarray, case: ev.Case, over: tuple[str, ...] = ("tumours",)) -> np.ndarray:
        """Scores of each member, members x pairs; by the default rule as other tumours (and lines) would have them."""
        if self._answers is not None:
            errors = ev.errors(case, self.kinds_, over).loc[self._pairs.index.get_level_values(0)[here]]
            return questions.members(self._answers, self._pairs, errors, kinds=self.kinds_, here=here, seed=self.seed)
        if self._fit is not None:
            return np.asarray(self._fit.contributions[:, here].sum(axis=2) + self._fit.reweighed[:, here])
        return learner.reweighed_means(self._places(self._pairs[here]), list(self._pairs), seed=self.seed)
