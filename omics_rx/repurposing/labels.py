"""What is known of a drug in a subtype: approved, sibling of an approved drug, failed, approved elsewhere."""

from __future__ import annotations

import pandas as pd

from omics_rx import harmonize
from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples, row_names
from omics_rx.harmonize.drugs import Finder, is_inchikey

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


@in_words
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
    finder = Finder(drugs)
    rows = zip(table["drug"], table["alias"], table["inchikey"], strict=True)
    table["drug_id"] = [_labelled(finder, str(drug), alias, key) for drug, alias, key in rows]
    absent = sorted(set(table.loc[table["drug_id"].isna(), "drug"].astype(str)))
    table = table.dropna(subset=["drug_id"]).drop_duplicates(["drug_id", "subtype", "status"])
    twice = table.duplicated(["drug_id", "subtype"], keep=False)
    if twice.any():
        pairs = row_names(table.loc[twice, ["drug", "subtype", "status"]])
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
    table["subtype"] = harmonize.subtypes.subtypes(table["subtype"], SUBTYPES, what="labels' subtypes")
    for column, allowed in (("status", STATUSES), ("scope", SCOPES), ("subtype", SUBTYPES)):
        strange = table.loc[~table[column].isin(allowed), column]
        if len(strange):
            raise InputError(
                f"{len(strange)} labels have an unknown {column} ({examples(strange.unique())}): "
                f"use one of {', '.join(allowed)}"
            )
    return table


def _labelled(finder: Finder, drug: str, alias: object, key: object) -> str | None:
    """Drug of a label: by id, by InChIKey, or by a name where no structure contradicts it."""
    if drug in finder.names:
        return drug
    structured = isinstance(key, str) and is_inchikey(key)
    if structured and (found := finder.by_key(str(key))).how == "InChIKey":
        return found.drug_id
    for word in (drug, alias):
        candidate = finder.by_name(word, explain=False).drug_id if isinstance(word, str) else None
        block = finder.keys.get(candidate) if candidate else None
        if candidate and (not structured or not block or block[:14] == str(key)[:14]):
            return candidate
    return None


@in_words
def find_drugs(names: pd.Index, drugs: pd.DataFrame) -> pd.Series:
    """Drug id of each name, id, alias or InChIKey; missing where the screen has none or it is ambiguous."""
    finder = Finder(drugs)
    # why a name is none is not asked here: to look for near names takes most of the time in a library of thousands
    found = [finder.by_name(str(name), explain=False).drug_id for name in names]
    return pd.Series(found, index=names, dtype=object)


@in_words
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
