"""A ranking of drugs for one subtype: the table, who could not be ranked, and why each stands where it does."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from omics_rx import harmonize
from omics_rx.core import saving
from omics_rx.core.arguments import in_words
from omics_rx.core.damage import json_of, told_as_damage
from omics_rx.core.errors import InputError, IntegrityError, MissingFileError, UnknownNameError
from omics_rx.core.exact import EXACT
from omics_rx.core.paths import as_path
from omics_rx.core.provenance import Provenance
from omics_rx.core.shown import shown
from omics_rx.core.texts import for_spreadsheets, from_spreadsheets
from omics_rx.core.work import log
from omics_rx.repurposing import families
from omics_rx.repurposing.alterations.patient import Told
from omics_rx.repurposing.candidates import APART, CONTROL
from omics_rx.repurposing.explain import Explanation, explain_drug
from omics_rx.repurposing.pathways import pathways_of_first
from omics_rx.repurposing.sheet import Sheet, sheet
from omics_rx.repurposing.targets import genes_of

_FRAMES = {
    "table": ("ranking.csv", "drug_id"),
    "explanations": ("explanations.csv", None),
    "unranked": ("unranked.csv", "drug_id"),
    "evidence": ("evidence.csv", "drug_id"),
    "evidence_info": ("evidence_info.csv", "column"),
    "labels": ("labels.csv", None),
    "drugs": ("drugs.csv", "drug_id"),
    "opinions": ("opinions.csv", "drug_id"),
    "others": ("others.csv", "drug_id"),
    "her_alterations": ("alterations.csv", None),
    "her_facts": ("facts.csv", None),
    "her_labels": ("labelled.csv", None),
    "her_lines": ("measured.csv", None),
    "her_words": ("told.csv", None),
}
# of a patient whose alterations are known
_TOLD = {"her_alterations": "alterations", "her_facts": "facts", "her_labels": "labelled", "her_lines": "measured",
         "her_words": "said"}  # fmt: skip
_TEXT = ("drug_id", "name", "known", "warning", "reason", "group", "stands", "since", "failed", "ended")
_SCHEMA, _UNHASHED = 2, 1
_RECORD = "provenance.json"
_LATER = ("opinions", "others", *_TOLD)  # not written by the first rankings saved, or not of every one


@dataclass(frozen=True, eq=False)
class Ranking:
    """Drugs in the order in which they deserve the next experiment for one subtype.

    Attributes
    ----------
    subtype
        What was ranked for.
    table
        The candidates asked for: index ``drug_id``, best first; ``rank``, ``name``, ``score``, ``rank_low`` and
        ``rank_high`` (where 90% of the ranks lie that another cohort would give; of a ranker that learns, of members
        that differ in seed, labels and weights), by the default rule ``lines_low`` and ``lines_high`` (the same with
        other lines, too),
        ``stands`` (approved where, launched, in trials), ``since``, ``failed`` (trials of the subtype that found no
        gain, or that nobody looked) and ``ended`` (withdrawn, refused), one column a kind of evidence, ``n_evidence``
        (kinds that are not missing), ``known`` (what the labels say of the pair; no part of its score) and
        ``warning`` (empty, or why to doubt it).
    unranked
        Index ``drug_id``; ``name`` and ``reason``: drugs without any evidence.
    evidence
        Drugs x columns, with those that only support a kind.
    evidence_info
        Index ``column``; ``label``, ``unit``, ``direction``, ``role``, ``source``, ``coverage``, ``n``.
    explanations
        ``drug_id``, ``name``, ``base``, one column a kind of evidence, and ``score``, their sum.
    rule
        How the score is made, in words.
    limits
        What a reader must know before acting on it.
    labels
        The labels learnt from, with ``drug_id``.
    drugs
        Index ``drug_id``; ``name``, ``aliases``, ``smiles``, ``inchikey``, ``targets``, ``mechanism``.
    provenance
        Versions, inputs, settings, citations.
    opinions
        Index ``drug_id``; LIME beside the explanations, ``agreement`` of both and ``stability`` over the members: see
        :func:`omics_rx.repurposing.opinions.opinions`. Empty where none was asked.
    others
        Drugs scored that are no candidates, with the columns of ``table``, ``group`` (approved for this subtype, not
        screened, not asked for) and ``better_than`` (share of all drugs scored that it beats). See :attr:`controls`
        and :attr:`unscreened`.
    told
        Of a patient whose alterations are known: what each is and what follows from it; else None.
    """

    subtype: str
    table: pd.DataFrame
    unranked: pd.DataFrame
    evidence: pd.DataFrame
    evidence_info: pd.DataFrame
    explanations: pd.DataFrame
    rule: str
    limits: tuple[str, ...]
    labels: pd.DataFrame
    drugs: pd.DataFrame
    provenance: Provenance = field(repr=False)
    opinions: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    others: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    told: Told | None = field(default=None, repr=False)

    @property
    def kinds(self) -> list[str]:
        """Kinds of evidence the ranking is made from."""
        return list(self.evidence_info.index[self.evidence_info["role"] == "ranked"])

    @property
    def controls(self) -> pd.DataFrame:
        """Drugs approved for the subtype, best first: what a good ranking finds again (``better_than`` near 1)."""
        return self._others(CONTROL)

    @property
    def unscreened(self) -> pd.DataFrame:
        """Candidates that nobody screened, ranked among themselves by structure and targets alone."""
        return self._others(APART)

    def _others(self, group: str) -> pd.DataFrame:
        if "group" not in self.others:
            return self.table.iloc[:0]
        return self.others[self.others["group"] == group].sort_values("rank")

    @in_words
    def beside(self, drug_id: str) -> pd.DataFrame:
        """Drugs that a drug's rank is a place among."""
        if drug_id in self.table.index:
            return self.table
        if drug_id in self.unscreened.index:
            return self.unscreened
        return pd.concat([self.table, self.others[self.others["group"] != APART]])

    @in_words
    def row(self, drug_id: str) -> pd.Series:
        """Row of a drug scored, a candidate or not.

        Raises
        ------
        UnknownNameError
            If no drug that was scored has this id.
        """
        for table in (self.table, self.others):
            if drug_id in table.index:
                return table.T[drug_id]
        raise UnknownNameError(f"{drug_id!r} is no drug id of this ranking; ranking.find tells the id of a name")

    @in_words
    def findings(self, n: int = 25) -> pd.DataFrame:
        """The first ``n`` candidates by what they hit: drugs of one family of targets are one finding.

        Returns
        -------
        DataFrame
            Index ``family``, in the order of its best drug: ``rank`` and ``drug`` (the best), ``n`` and ``drugs`` (all
            of the family among the first, best first).
        """
        return families.grouped(self.table.head(n), self.drugs)

    @in_words
    def find(self, drug: str) -> str:
        """Drug id of a name, alias, InChIKey or id.

        Raises
        ------
        UnknownNameError
            If no drug of the ranking is called so.
        InputError
            If the drug was not ranked for want of evidence.
        """
        held = self.drugs.loc[self.drugs.index.isin([*self.table.index, *self.others.index, *self.unranked.index])]
        apart = self.unranked.loc[~self.unranked.index.isin(self.drugs.index), ["name"]]
        held = pd.concat([held, apart]) if len(apart) else held
        found = str(harmonize.drugs.resolve([drug], held, what="this ranking", remedy="name another")[0])
        if found in self.unranked.index:
            raise InputError(f"{drug} is not ranked: {self.unranked['reason'][found]!s}")
        return found

    @in_words
    def explain(self, drug: str) -> Explanation:
        """Why a drug (name or id) stands where it does: its evidence, contributions and a sentence."""
        drug_id = self.find(drug)
        opinion = self.opinions.T[drug_id] if drug_id in self.opinions.index else None
        targets = self.drugs.loc[drug_id, "targets"] if "targets" in self.drugs else None
        against, for_ = self.told.about(drug_id) if self.told is not None else ((), ())
        return explain_drug(
            drug_id,
            alterations=(against, for_),
            subtype=self.subtype,
            table=self.beside(drug_id),
            explanations=self.explanations.set_index("drug_id"),
            info=self.evidence_info.loc[self.kinds],
            targets=str(targets).replace(";", ", ") if isinstance(targets, str) else "",
            opinion=opinion,
        )

    @in_words
    def sheet(self, drug: str) -> Sheet:
        """What is to be known of a drug (name or id) before an experiment; ``str`` of it is Markdown."""
        return sheet(self, drug)

    @in_words
    def pathways(self, n: int = 25, *, min_overlap: int = 3) -> pd.DataFrame:
        """Pathways in which more of the first ``n`` drugs have a target than of as many drugs at random.

        Parameters
        ----------
        n
            Drugs taken from the top; those without a known target do not count.
        min_overlap
            Show pathways with at least so many different targets of these drugs; all pathways with a target of a ranked
            drug are tested and count in the correction, shown or not.

        Returns
        -------
        DataFrame
            Index ``set``, a Reactome pathway, best first: ``drugs`` (of the first, with a target in it), ``of_drugs``
            (of all), ``expected``, ``overlap`` (different targets of the first drugs), ``set_size`` (targets of any
            drug), ``p_value`` (over all permutations of the drugs), ``q_value`` (Benjamini-Hochberg over the pathways
            tested) and ``genes``. Empty where no pathway holds ``min_overlap``. The unit is the drug, which goes with
            all its targets, since these are not independent. Drugs of one mechanism are permuted one by one; that a
            ranking puts them together for another reason than their targets is not allowed for.

        Raises
        ------
        InputError
            If no target is known, of the first ``n`` drugs or at all, or no pathway holds one.
        """
        from omics_rx import scores

        known = genes_of(self.drugs["targets"].reindex(self.table.index))
        first = [str(drug) for drug in self.table.index[:n] if str(drug) in known]
        if not first:
            raise InputError(f"none of the first {n} drugs has a known target: their pathways cannot be told")
        table = pathways_of_first(known, first, scores.pathway_sets())
        return table[table["overlap"] >= min_overlap]

    @in_words
    def mechanisms(self, n: int = 25) -> pd.DataFrame:
        """What more of the first ``n`` drugs hit than of as many drugs at random, by families of targets.

        Parameters
        ----------
        n
            Drugs taken from the top.

        Returns
        -------
        DataFrame
            Index ``family`` (those of two drugs or more, as :meth:`findings` has them), best first: ``drugs`` (of the
            first), ``of_drugs`` (of all), ``expected``, ``p_value`` (share of all ways to draw as many drugs that hold
            as many of the family; exact), ``q_value`` (Benjamini-Hochberg over the families) and ``names`` (of the
            first). That a ranking puts drugs that act alike together anyway is not allowed for.

        Raises
        ------
        InputError
            If no family has two drugs.
        """
        of = families.families(self.drugs.loc[self.table.index])
        counts = of.value_counts()
        sets = {str(family): [str(family)] for family in counts.index[counts > 1]}
        if not sets:
            raise InputError(f"no two of the {len(self.table)} drugs hit the same: there is nothing to be enriched")
        first = self.table.index[:n]
        found = pathways_of_first({str(drug): [family] for drug, family in of.items()}, list(first), sets)
        names = self.drugs.loc[first, "name"].astype(str).groupby(of[first]).agg(", ".join)
        shown = found[["drugs", "of_drugs", "expected", "p_value", "q_value"]].rename_axis("family")
        return shown.assign(names=names.reindex(shown.index).fillna(""))

    @in_words
    def compare(self, other: Ranking) -> pd.DataFrame:
        """Ranks here and there, by drug.

        Returns
        -------
        DataFrame
            Index ``drug_id``; ``name``, ``rank``, ``other_rank`` (missing where a ranking lacks the drug), ``moved``
            (places gained there), ``apart`` (True where the rank intervals do not meet). Largest moves first.
        """
        here = self.table[["name", "rank", "rank_low", "rank_high"]]
        there = other.table[["name", "rank", "rank_low", "rank_high"]].add_prefix("other_")
        both = here.join(there, how="outer")
        both["name"] = both["name"].fillna(both["other_name"])
        both["moved"] = both["rank"] - both["other_rank"]
        known = both["moved"].notna()
        apart = (both["rank_low"] > both["other_rank_high"]) | (both["rank_high"] < both["other_rank_low"])
        both["apart"] = apart.where(known)
        order = both["moved"].abs().sort_values(ascending=False, kind="stable", na_position="last").index
        return both.loc[order, ["name", "rank", "other_rank", "moved", "apart"]]

    @in_words
    def save(self, folder: Path | str) -> Path:
        """Write the tables as CSV and how they came to be as ``provenance.json``; :func:`load_ranking` reads them.

        All files take their places together: whatever ends the process, the folder holds one ranking whole.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        with saving.together(folder) as draft:
            frames = {name: getattr(self, name) for name in _FRAMES if name not in _TOLD}
            if self.told is not None:
                frames |= {name: getattr(self.told, part) for name, part in _TOLD.items()}
            for name, table in frames.items():
                file, index = _FRAMES[name]
                frame = for_spreadsheets(table)
                frame.to_csv(draft / file, index=index is not None, index_label=index)  # an empty table has no names
            record = {
                "kind": "ranking",
                "schema": _SCHEMA,
                "subtype": self.subtype,
                "rule": self.rule,
                "limits": list(self.limits),
                "provenance": self.provenance.as_dict(),
                "files": saving.hashes(draft),
            }
            saving.write_text(draft / _RECORD, json.dumps(saving.sealed(record, default=str), indent=1))
        return Path(folder)

    def __repr__(self) -> str:
        first = ", ".join(self.table["name"].head(3).astype(str))
        return f"Ranking({self.subtype!r}: {len(self.table)} drugs, first {first}; {len(self.unranked)} unranked)"

    def _repr_html_(self) -> str:
        columns = [one for one in ("rank", "name", "score", "rank_low", "rank_high", "stands", "warning")
                   if one in self.table]  # fmt: skip
        return shown(
            f"Ranking for {self.subtype}: {len(self.table):,} drugs, {len(self.unranked):,} unranked",
            self.table[columns], rows=10, facts=[self.rule], doubts=self.limits[:2],
            then=[f"ranking.explain({self.table['name'].iloc[0]!r})" if len(self.table) else "ranking.unranked",
                  "ranking.controls", "orx.report.write(ranking, 'ranking.html')"],
        )  # fmt: skip


@in_words
def load_ranking(folder: Path | str) -> Ranking:
    """Read what :meth:`Ranking.save` wrote, after checking that all of it was saved together.

    Raises
    ------
    MissingFileError, IntegrityError
        If a file is missing; if one was changed or is of another saving; if the folder holds something else or another
        schema.
    """
    source = as_path(folder, what="saved ranking")
    with saving.reading(source) as place:
        record, contents = _contents(place, source)
    with told_as_damage(f"the ranking in {source}", "save it again"):
        frames = {name: _frame(contents[file], index) for name, (file, index) in _FRAMES.items() if file in contents}
        if record["schema"] == _SCHEMA:
            frames = {name: from_spreadsheets(frame) for name, frame in frames.items()}
        hers = {part: frames.pop(name) for name, part in _TOLD.items() if name in frames}
        return Ranking(
            subtype=record["subtype"], rule=record["rule"], limits=tuple(record["limits"]),
            provenance=Provenance.from_dict(record["provenance"]), told=Told.read(hers) if hers else None, **frames,
        )  # fmt: skip


def _contents(place: Path, source: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the folder says of itself, and the bytes of its tables."""
    needed = [file for name, (file, _) in _FRAMES.items() if name not in _LATER] + [_RECORD]
    absent = [file for file in needed if not (place / file).is_file()]
    if absent:
        raise MissingFileError(f"{source} holds no ranking (no {', '.join(absent)}): name a folder that save() wrote")
    record = _record(place / _RECORD)
    files = [file for file, _ in _FRAMES.values() if (place / file).is_file()]
    contents = {file: (place / file).read_bytes() for file in files}
    if record["schema"] == _UNHASHED:
        log.warning("%s was saved without hashes: whether its files belong together cannot be told; save it again",
                    source)  # fmt: skip
    else:
        saving.check_hashes(contents, record["files"], source)
    return record, contents


def _frame(data: bytes, index: str | None) -> pd.DataFrame:
    """A table; only an empty field is missing, as a drug may be called NA."""
    frame: pd.DataFrame = pd.read_csv(
        io.BytesIO(data), dtype=dict.fromkeys(_TEXT, str), low_memory=False, keep_default_na=False, na_values=[""],
        **EXACT,
    )  # fmt: skip
    if "warning" in frame:
        frame["warning"] = frame["warning"].fillna("")
    return frame.set_index(index) if index else frame


def _record(file: Path) -> dict[str, Any]:
    record = json_of(file.read_bytes(), file, remedy="save the ranking again")
    if not isinstance(record, dict) or record.get("kind") != "ranking":
        raise IntegrityError(f"{file} tells of no ranking: name a folder that Ranking.save() wrote")
    schema = record.get("schema")
    if isinstance(schema, bool) or schema not in (_UNHASHED, _SCHEMA):  # true is 1 to Python
        raise IntegrityError(f"{file} has schema {schema}, this version reads {_SCHEMA}: save it again")
    claims_none = schema == _UNHASHED and {"files", "sha256"} & set(record)  # that schema had no hashes
    if claims_none or (schema == _SCHEMA and not saving.is_as_sealed(record)):
        raise IntegrityError(f"{file} is not as it was saved: its sha256 is another: save the ranking again")
    return record
