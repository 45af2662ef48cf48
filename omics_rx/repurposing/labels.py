"""What is known of a drug in a subtype: approved, sibling of an approved drug, failed, approved elsewhere."""

from __future__ import annotations

import pandas as pd

from omics_rx.core import resources
from omics_rx.core.errors import InputError, examples

SUBTYPES = ("LumA", "LumB", "Her2", "Basal")
STATUSES = ("approved", "sibling", "failed", "other_cancer", "supportive")
SCOPES = ("subtype", "any")
POSITIVE = ("approved", "sibling")
_COLUMNS = ("drug", "subtype", "status", "scope", "mechanism", "year", "citation", "inchikey", "alias")


def shipped() -> pd.DataFrame:
    """Drug x breast subtype labels that come with the package, each with its citation.

    Returns
    -------
    DataFrame
        ``drug``, ``inchikey``, ``alias``, ``subtype``, ``status`` (one of ``STATUSES``), ``scope`` (``"subtype"``: the
        use is defined by this subtype; ``"any"``: it is open to it), ``mechanism``, ``year`` of the first approval
        for that use, ``biomarker``, ``citation``, ``note``.
    """
    return resources.table("labels_breast.tsv")


def match(labels: pd.DataFrame, drugs: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Find each label's drug in a screen: by id, by InChIKey, or by a name where no structure contradicts it.

    Parameters
    ----------
    labels
        ``drug``, ``subtype`` and ``status``; the other columns of :func:`shipped` where known.
    drugs
        Drugs of a screen: index ``drug_id``; ``name``, ``aliases``, ``inchikey``.

    Returns
    -------
    DataFrame, list of str
        The labels of drugs that the screen holds, with ``drug_id``, one row a drug and subtype; and the names of
        the drugs it does not hold.

    Raises
    ------
    InputError
        For missing columns, unknown statuses, scopes or subtypes, and labels that contradict each other.
    """
    table = _checked(labels)
    finder = _Finder(drugs)
    rows = zip(table["drug"], table["alias"], table["inchikey"], strict=True)
    table["drug_id"] = [finder.find(str(drug), alias, key) for drug, alias, key in rows]
    absent = sorted(set(table.loc[table["drug_id"].isna(), "drug"].astype(str)))
    table = table.dropna(subset=["drug_id"]).drop_duplicates(["drug_id", "subtype", "status"])
    twice = table.duplicated(["drug_id", "subtype"], keep=False)
    if twice.any():
        pairs = table.loc[twice, ["drug", "subtype", "status"]].agg(" / ".join, axis=1)
        raise InputError(
            f"{table.loc[twice, ['drug_id', 'subtype']].drop_duplicates().shape[0]} drug and subtype pairs have "
            f"labels that contradict each other ({examples(pairs)}): keep one status a pair"
        )
    return table.reset_index(drop=True), absent


def _checked(labels: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in ("drug", "subtype", "status") if name not in labels]
    if missing:
        raise InputError(f"the labels have no column {', '.join(missing)}: they have {examples(labels.columns, 10)}")
    table = labels.reset_index(drop=True).copy()
    for name in _COLUMNS:
        if name not in table:
            table[name] = "subtype" if name == "scope" else None
    for column, allowed in (("status", STATUSES), ("scope", SCOPES), ("subtype", SUBTYPES)):
        strange = table.loc[~table[column].isin(allowed), column]
        if len(strange):
            raise InputError(
                f"{len(strange)} labels have an unknown {column} ({examples(strange.unique())}): "
                f"use one of {', '.join(allowed)}"
            )
    return table


class _Finder:
    """Looks up drugs by identity; a name counts only where no structure contradicts it."""

    def __init__(self, drugs: pd.DataFrame) -> None:
        self._ids = set(drugs.index)
        self._keys = {str(key): str(drug) for drug, key in drugs["inchikey"].items() if isinstance(key, str)}
        self._block = {str(drug): str(key)[:14] for drug, key in drugs["inchikey"].items() if isinstance(key, str)}
        self._names: dict[str, set[str]] = {}
        aliases = drugs["aliases"].fillna("") if "aliases" in drugs else pd.Series("", index=drugs.index)
        for drug, name, others in zip(drugs.index, drugs["name"], aliases, strict=True):
            for word in (str(name), *str(others).split(";")):
                if word.strip():
                    self._names.setdefault(word.strip().casefold(), set()).add(str(drug))

    def find(self, drug: str, alias: object, key: object) -> str | None:
        if drug in self._ids:
            return drug
        if isinstance(key, str) and key in self._keys:
            return self._keys[key]
        for word in (drug, alias):
            found = self._names.get(word.strip().casefold(), set()) if isinstance(word, str) else set()
            if len(found) == 1:
                (candidate,) = found
                block = self._block.get(candidate)
                if not isinstance(key, str) or block is None or block == key[:14]:
                    return candidate
        return None


def find_drugs(names: pd.Index, drugs: pd.DataFrame) -> pd.Series:
    """Drug id of each name, id, alias or InChIKey; missing where the screen has none or it is ambiguous."""
    finder = _Finder(drugs)
    return pd.Series([finder.find(str(name), None, str(name)) or finder.find(str(name), None, None) for name in names],
                     index=names, dtype=object)  # fmt: skip


def training_pairs(matched: pd.DataFrame) -> pd.DataFrame:
    """Turn labels into what a ranker learns: pairs that should rank high, pairs that should not, and their weight.

    An approved drug whose use is defined by subtypes is positive in those and negative in the others, except where it
    is merely open to them, which teaches nothing; a sibling of one is positive only. A drug open to any subtype is
    positive in all it is open to. Failed and other-cancer pairs are negative; supportive care is left out. The
    positives of a drug weigh one together, and so do its negatives; all siblings of one mechanism weigh as one drug.

    Parameters
    ----------
    matched
        Labels with ``drug_id``, from :func:`match`.

    Returns
    -------
    DataFrame
        ``drug_id``, ``subtype``, ``positive`` (bool), ``kind`` (``"positive"``; ``"mismatch"``, another subtype of a
        drug that has positives; ``"other drug"``, one that has none), ``weight`` (above 0).
    """
    rows = []
    siblings = matched[matched["status"] == "sibling"]
    n_siblings = siblings.groupby(siblings["mechanism"].fillna(siblings["drug_id"]))["drug_id"].nunique()
    for drug, own in matched[matched["status"] != "supportive"].groupby("drug_id", sort=True):
        good = own[own["status"].isin(POSITIVE)]
        defined = good[good["scope"] == "subtype"]
        positive = set(defined["subtype"] if len(defined) else good["subtype"])
        listed_bad = set(own.loc[~own["status"].isin(POSITIVE), "subtype"])
        elsewhere = set(SUBTYPES) - set(good["subtype"]) if "approved" in set(defined["status"]) else set()
        negative = listed_bad | elsewhere
        first = own["mechanism"].dropna()
        share = 1.0
        if len(good) and (good["status"] == "sibling").all():
            share = 1.0 / float(n_siblings.get(first.iloc[0] if len(first) else drug, 1))
        for chosen, is_positive in ((positive, True), (negative, False)):
            kind = "positive" if is_positive else "mismatch" if positive else "other drug"
            rows += [(drug, subtype, is_positive, kind, share / len(chosen)) for subtype in sorted(chosen)]
    return pd.DataFrame(rows, columns=["drug_id", "subtype", "positive", "kind", "weight"])
