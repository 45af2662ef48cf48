"""Drugs of a screen, found by whatever they are called or however they are drawn; what is not certain is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, UnknownNameError, examples
from omics_rx.harmonize import drug_names, forms
from omics_rx.harmonize.drug_names import squeezed, without_salt_words
from omics_rx.harmonize.structures import Structure, is_flat, is_inchikey, structure, why_not

COLUMNS = ("drug_id", "how", "note", "problem")


@dataclass(frozen=True)
class Found:
    """What became of one drug asked for.

    Attributes
    ----------
    drug_id
        The drug; None where there is none.
    how
        How it was told: ``"drug_id"``, ``"InChIKey"``, ``"name"``, ``"brand name"``, ``"structure"``, ...
    note
        What was decided that a user ought to know; empty where nothing was.
    problem
        Why there is no certain drug, with the remedy; empty where there is one, or where the structure is a new one.
    """

    drug_id: str | None = None
    how: str = ""
    note: str = ""
    problem: str = ""


class Finder:
    """One door to the drugs of a screen.

    Parameters
    ----------
    drugs
        Index ``drug_id``; ``name``, and ``aliases`` (``;``), ``inchikey`` and ``smiles`` where known. Each drug is
        also found by every name that the package's tables hold of its compound.
    what
        What they are called in messages: ``"this screen"``.
    """

    def __init__(self, drugs: pd.DataFrame, *, what: str = "this screen") -> None:
        self.what = what
        self.ids = [str(drug) for drug in drugs.index]
        self.names = dict(zip(self.ids, _texts(drugs, "name"), strict=True))
        self._aliases = dict(zip(self.ids, _texts(drugs, "aliases"), strict=True))
        self._smiles = dict(zip(self.ids, _texts(drugs, "smiles"), strict=True))
        given = dict(zip(self.ids, _texts(drugs, "inchikey"), strict=True))
        self.keys = {drug: given[drug] or self._key(drug) for drug in self.ids}

    @in_words
    def find(self, text: str | None = None, smiles: str | None = None, *, inchikey: str | None = None) -> Found:
        """Find one drug by its structure or, where there is none, by what it is called.

        A structure decides; a name that says otherwise is noted, and decides only between drugs that the structure
        leaves open.
        """
        drawn_too = smiles is not None or bool(inchikey)
        called = self.by_name(text, explain=not drawn_too) if text else Found(problem="no name and no structure")
        if smiles is None and inchikey:
            return self._with_name(self.by_key(inchikey), called, text)
        if smiles is None:
            return called
        wrong = why_not(smiles)
        if wrong:
            return Found(problem=wrong)
        drawn = structure(smiles)
        return self._with_name(self.by_structure(drawn), called, text)

    def _with_name(self, drawn: Found, called: Found, text: str | None) -> Found:
        """Bring together what the structure and what the name say."""
        if drawn.problem:  # several drugs share the bonds: the name may say which
            if called.drug_id and called.drug_id in drawn.how.split(" / "):
                return Found(called.drug_id, "structure and name", f"the structure leaves it open, {text} was taken")
            return Found(problem=drawn.problem)
        other = self._other_compound(drawn, called, text)
        note = "; ".join(filter(None, (drawn.note, other)))
        return Found(drawn.drug_id, drawn.how, note)

    def _other_compound(self, drawn: Found, called: Found, text: str | None) -> str:
        """What is said where the name is that of another compound than the structure; empty where they agree."""
        if called.drug_id is None or called.drug_id == drawn.drug_id or not text:
            return ""
        held = self.keys.get(called.drug_id)
        if drawn.drug_id is None and not held:
            return ""
        return f"the name is that of {self.label(called.drug_id)}, the structure is not: the structure was used"

    @in_words
    def by_name(self, text: str, *, explain: bool = True) -> Found:
        """Find a drug by its id, InChIKey or any of its names; ``explain`` says why there is none."""
        said = str(text).strip()
        if said in self.names:
            return Found(said, "drug_id")
        if is_inchikey(said):
            return self.by_key(said, asked_alone=True)
        bare = without_salt_words(said, esters=True)
        ester = f"{said!r} was read as a salt of {bare}: an ester would be another compound"
        for name, note in ((said, ""), (without_salt_words(said), ""), (bare, ester)):
            found = self._called(name)
            if found:
                return self._one(found, said, note)
        inside = [found for part in drug_names.parts_of(said) if (found := self._called(part))]
        told = list(dict.fromkeys(drug for one in inside for drug, _ in one))
        if told:
            return self._one([(drug, "name in brackets") for drug in told], said, "")
        return Found(problem=self._unknown(said) if explain else "not found by name")

    @in_words
    def by_key(self, key: str, *, asked_alone: bool = False) -> Found:
        """Find a drug by its InChIKey, or by that of the same bonds."""
        exact = [drug for drug, own in self.keys.items() if own == key]
        if exact:
            return Found(exact[0], "InChIKey")
        near = [drug for drug, own in self.keys.items() if own and own[:14] == key[:14]]
        flat = is_flat(key)
        if flat and len(near) == 1:
            return Found(near[0], "InChIKey of the bonds", f"{key} says no stereo: {self.label(near[0])} was taken")
        if flat and near:
            return Found(None, " / ".join(near), problem=f"{key} fits {self._labels(near)}: give the full InChIKey")
        if asked_alone:
            return Found(problem=f"{key} is no compound of {self.what}")
        return Found(None, "new InChIKey")

    @in_words
    def by_structure(self, drawn: Structure) -> Found:
        """Find a drug by its structure: the same, a tautomer, or the same bonds with less or more stereo."""
        notes = "; ".join(drawn.notes)
        exact = [drug for drug, key in self.keys.items() if key == drawn.inchikey]
        kin = self._alike(drawn.smiles)
        if exact:
            other = [drug for drug, how in kin.items() if how == "less" and drug != exact[0]]
            more = f"{self._labels(other)} share its bonds, with more stereo" if other else ""
            return Found(exact[0], "structure", "; ".join(filter(None, (notes, more))))
        fitting = {drug: how for drug, how in kin.items() if how not in ("other", None)}
        if len(fitting) == 1:
            ((drug, how),) = fitting.items()
            said = f"{forms.WORDS[how]}: {self.label(drug)} was taken" if how != "same" else ""
            return Found(drug, "structure" if how == "same" else how, "; ".join(filter(None, (notes, said))))
        if fitting:
            told = self._labels(fitting)
            return Found(
                None, " / ".join(fitting), problem=f"the structure fits {told}: write its stereo, or give the name"
            )
        return Found(None, "new structure", "; ".join(filter(None, (notes, self._strangers(drawn.smiles, kin)))))

    def _strangers(self, smiles: str, kin: dict[str, forms.Likeness | None]) -> str:
        """What is said of a new structure that has the atoms of a known drug."""
        stereo = [drug for drug, how in kin.items() if how == "other"]
        if stereo:
            return f"another stereoisomer of {self._labels(stereo)}: judged as a new compound"
        frame = [drug for drug, one in self._frames.items() if one == forms.frame(smiles)]
        if frame:
            return (
                f"the atoms of {self._labels(frame)} with other double bonds or protons, and no tautomer that RDKit's "
                "rules reach: judged as a new compound"
            )
        return ""

    @cached_property
    def _frames(self) -> dict[str, str]:
        return {drug: forms.frame(smiles) for drug, smiles in self._drawn.items()}

    def _alike(self, smiles: str) -> dict[str, forms.Likeness | None]:
        """Drugs of the same skeleton, and how alike they are."""
        own = forms.skeleton(smiles)
        near = [drug for drug, one in self._skeletons.items() if one == own]
        found = {drug: forms.likeness(smiles, self._drawn[drug]) for drug in near}
        return {drug: how for drug, how in found.items() if how is not None}

    @cached_property
    def _drawn(self) -> dict[str, str]:
        """Structure of each drug that has one, as this package writes it."""
        drawn = {drug: text for drug, text in self._smiles.items() if text and not why_not(text)}
        return {drug: structure(text).smiles for drug, text in drawn.items()}

    @cached_property
    def _skeletons(self) -> dict[str, str]:
        return {drug: forms.skeleton(smiles) for drug, smiles in self._drawn.items()}

    @cached_property
    def _tiers(self) -> tuple[dict[str, list[tuple[str, str]]], ...]:
        """Squeezed names to drugs: their own names, their own aliases, all other names of the compounds they are."""
        tiers: tuple[dict[str, list[tuple[str, str]]], ...] = ({}, {}, {})
        for drug in self.ids:
            aliases = [part.strip() for part in (self._aliases[drug] or "").split(";") if part.strip()]
            listed = [(self.names[drug] or "", "name"), *((alias, "alias") for alias in aliases)]
            for tier, names in zip(tiers, (listed[:1], listed[1:], self._known_names(drug)), strict=True):
                for name, kind in names:
                    for key in dict.fromkeys((squeezed(name), squeezed(without_salt_words(name)))):
                        if key and drug not in [other for other, _ in tier.get(key, ())]:
                            tier.setdefault(key, []).append((drug, kind))
        return tiers

    def _known_names(self, drug: str) -> tuple[tuple[str, str], ...]:
        """Names that the package's tables hold of the compound a drug is."""
        held, key = drug_names.all_names(), self.keys[drug]
        if key in held:
            return held[str(key)]
        if drug in held:
            return held[drug]
        told = drug_names.known_as(self.names[drug] or "")
        same = [one for one in told if not key or not is_inchikey(one) or one[:14] == key[:14]]
        return held[same[0]] if len(same) == 1 else ()

    def _called(self, name: str) -> list[tuple[str, str]]:
        exact = [drug for drug in self.ids if self.names[drug] == name]
        if len(exact) == 1:
            return [(exact[0], "name")]
        key = squeezed(name)
        return next((tier[key] for tier in self._tiers if key in tier), []) if key else []

    def _one(self, found: list[tuple[str, str]], said: str, note: str) -> Found:
        if len(found) == 1:
            return Found(found[0][0], found[0][1], note)
        told = self._labels([drug for drug, _ in found])
        return Found(None, " / ".join(drug for drug, _ in found), problem=f"{said!r} fits {told}: give the drug_id")

    def _unknown(self, said: str) -> str:
        """Why a name finds nothing: another compound, an antibody, a slip of the hand, or not known."""
        if drug := drug_names.antibody(said):
            return f"{said!r} is the antibody {drug}: antibodies are out of scope, {self.what} holds small molecules"
        others = drug_names.known_as(said)
        if others:
            called = {names[0][0] for one in others for names in [drug_names.all_names()[one]]}
            return f"{said!r} ({examples(sorted(called))}) is not in {self.what}"
        if said and any(mark in said for mark in "=#[@") and not why_not(said):
            return f"{said!r} is a SMILES, not a name: give a frame with a column smiles"
        near = drug_names.near(said, [name for name in self.names.values() if name])
        return f"{said!r} is not in {self.what}" + (f": did you mean {' or '.join(near)}?" if near else "")

    def _key(self, drug: str) -> str | None:
        text = self._smiles[drug]
        return structure(text).inchikey if text and not why_not(text) else None

    @in_words
    def label(self, drug: str) -> str:
        """Name of a drug, with its id where it has none."""
        return str(self.names[drug] or drug)

    def _labels(self, drugs: Iterable[str]) -> str:
        return examples([self.label(drug) for drug in drugs])


def _texts(frame: pd.DataFrame, column: str) -> list[str | None]:
    if column not in frame:
        return [None] * len(frame)
    return [str(value).strip() or None if pd.notna(value) else None for value in frame[column]]


@in_words
def find(asked: Iterable[object] | pd.DataFrame, among: pd.DataFrame, *, what: str = "this screen") -> pd.DataFrame:
    """Find drugs of a table by whatever they are called or however they are drawn.

    Parameters
    ----------
    asked
        Names, aliases, code names, brand names, ids or InChIKeys; or a frame with ``name``, ``smiles`` and
        ``inchikey`` where known, its index an id or a name.
    among
        Drugs of a screen: index ``drug_id``; ``name``, ``aliases``, ``inchikey``, ``smiles``.
    what
        What they are called in messages.

    Returns
    -------
    DataFrame
        One row a drug asked for, in the order given: ``drug_id`` (missing where none is certain), ``how`` it was told,
        ``note`` (what was decided that one ought to know) and ``problem`` (why there is none, with the remedy).
    """
    finder = Finder(among, what=what)
    if isinstance(asked, pd.DataFrame):
        columns = [_texts(asked, column) for column in ("name", "smiles", "inchikey")]
        rows = []
        for key, name, smiles, inchikey in zip(asked.index, *columns, strict=True):
            found = finder.find(name or str(key), smiles, inchikey=inchikey)
            if found.drug_id is None and smiles is None and str(key) in finder.names:
                found = Found(str(key), "drug_id")
            rows.append(found)
        index = asked.index
    else:
        texts = ["" if one is None or one != one else str(one) for one in asked]
        rows = [finder.by_name(text) for text in texts]
        index = pd.Index(texts, dtype=object)
    return pd.DataFrame(
        {column: pd.Series([getattr(one, column) for one in rows], index=index, dtype=object) for column in COLUMNS}
    )


@in_words
def resolve(
    asked: Iterable[object], among: pd.DataFrame, *, what: str = "this screen", remedy: str = "leave them out"
) -> pd.Index:
    """``drug_id`` of each drug asked for by name, or one error that says of each why there is none.

    Raises
    ------
    UnknownNameError
        If a drug is not found or not certain.
    InputError
        If one drug is asked for twice.
    """
    found = find(asked, among, what=what)
    lost = found[found["drug_id"].isna()]
    if len(lost):
        said = examples(dict.fromkeys(lost["problem"]))
        raise UnknownNameError(f"{len(lost)} of {len(found)} drugs were not found ({said}): correct or {remedy}")
    twice = found.index[found["drug_id"].duplicated(keep=False)]
    if len(twice):
        raise InputError(f"{len(twice)} names are of drugs that are given twice ({examples(twice)}): keep one a drug")
    return pd.Index(found["drug_id"].to_numpy(), dtype=object, name="drug_id")
