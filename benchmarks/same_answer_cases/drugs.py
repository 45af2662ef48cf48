"""Drugs: all compounds of the default screen, drawn and called in every legal way, found by the door predict uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

import pandas as pd
from same_answer import Row

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.harmonize import drug_names
from omics_rx.harmonize.drugs import Finder

ITSELF = "the drug itself"
SALTS = {
    "hydrochloride": "Cl", "mesylate": "CS(=O)(=O)[O-]", "esylate": "CCS(=O)(=O)O", "triethylamine": "CCN(CC)CC",
    "arginine": "NC(CCCNC(N)=N)C(=O)O", "lysine": "NCCCCC(N)C(=O)O", "choline": "C[N+](C)(C)CCO.[Cl-]",
    "pamoate": "OC(=O)c1cc2ccccc2c(Cc2c(O)c(C(=O)O)cc3ccccc23)c1O", "hydrate": "O.O",
}  # fmt: skip
N_TAUTOMERS = 3


@cache
def drugs() -> pd.DataFrame:
    """Compounds of the default screen."""
    return orx.datasets.load("gdsc2", progress=False).drugs


@cache
def finder() -> Finder:
    """The door to them."""
    return Finder(drugs())


def answer(drug: str, *, name: str | None = None, smiles: str | None = None, key: str | None = None) -> str:
    """Who is found; an error where the door asks, or says that it took a structure for another compound."""
    found = finder().find(name, smiles, inchikey=key)
    if found.problem or (found.drug_id is None and found.note):
        raise InputError(found.problem or found.note)
    return ITSELF if found.drug_id == drug else str(found.drug_id or "a new compound, without a word")


def molecule(smiles: str):
    """RDKit's molecule."""
    from rdkit import Chem

    return Chem.MolFromSmiles(smiles)


def flat(smiles: str) -> dict[str, str]:
    """Without stereo."""
    from rdkit import Chem

    return {"flat": Chem.MolToSmiles(molecule(smiles), isomericSmiles=False)}


def protonated(smiles: str) -> dict[str, str]:
    """As the rules of docking charge it at pH 7.4, alone and with chloride."""
    from rdkit import Chem

    from omics_rx.repurposing.docking import protonated as charged

    if "." in smiles:
        return {}
    form = charged(molecule(smiles))
    if not any(atom.GetFormalCharge() for atom in form.GetAtoms()):
        return {}
    text = Chem.MolToSmiles(form)
    return {"ion": text, "ion and chloride": f"{text}.[Cl-]"}


def salted(smiles: str) -> dict[str, str]:
    """With each counter-ion."""
    return {} if "." in smiles else {name: f"{smiles}.{salt}" for name, salt in SALTS.items()}


def labelled(smiles: str) -> dict[str, str]:
    """With a heavy carbon, and with deuterium on a methyl."""
    from rdkit import Chem

    own = Chem.RWMol(molecule(smiles))
    carbons = [atom for atom in own.GetAtoms() if atom.GetAtomicNum() == 6]
    if not carbons:
        return {}
    carbons[0].SetIsotope(13)
    ways = {"13C": Chem.MolToSmiles(own)}
    full = Chem.AddHs(molecule(smiles))
    hydrogens = [
        a
        for a in full.GetAtoms()
        if a.GetAtomicNum() == 1 and a.GetNeighbors()[0].GetTotalNumHs(includeNeighbors=True) == 3
    ]
    for atom in hydrogens[:3]:
        atom.SetIsotope(2)
    return ways | ({"deuterium": Chem.MolToSmiles(Chem.RemoveHs(full))} if hydrogens else {})


def tautomers(smiles: str) -> dict[str, str]:
    """Some that RDKit's rules reach."""
    from rdkit import Chem, rdBase
    from rdkit.Chem.MolStandardize import rdMolStandardize

    own = molecule(smiles)
    if "." in smiles or own.GetNumHeavyAtoms() > 60:
        return {}
    maker = rdMolStandardize.TautomerEnumerator()
    maker.SetMaxTautomers(20)
    maker.SetRemoveSp3Stereo(False)  # noqa: FBT003
    maker.SetRemoveBondStereo(False)  # noqa: FBT003
    with rdBase.BlockLogs():
        texts = [Chem.MolToSmiles(one) for one in maker.Enumerate(own)]
    return {f"tautomer {i}": text for i, text in enumerate(texts[:N_TAUTOMERS])}


def written(smiles: str) -> dict[str, str]:
    """Atoms in another order, kekulised."""
    from rdkit import Chem

    own = molecule(smiles)
    ways = {f"order {i}": text for i, text in enumerate(Chem.MolToRandomSmilesVect(own, 2, randomSeed=7))}
    Chem.Kekulize(own, clearAromaticFlags=True)
    return ways | {"kekulised": Chem.MolToSmiles(own, kekuleSmiles=True)}


def broken(smiles: str) -> dict[str, str]:
    """With a space or a line break in it, which must be asked."""
    middle = len(smiles) // 2
    return {"space": f"{smiles[:middle]} {smiles[middle:]}", "line": f"{smiles[:middle]}\n{smiles[middle:]}"}


def spelled(name: str) -> dict[str, str]:
    """Case, hyphens, spaces, a salt's words."""
    return {
        "lower": name.lower(), "upper": name.upper(), "spaces for hyphens": name.replace("-", " "),
        "without hyphens": name.replace("-", ""), "hydrochloride": f"{name} hydrochloride",
        "mesylate": f"{name} mesylate monohydrate", "padded": f"  {name} ",
    }  # fmt: skip


DRAWN: dict[str, Callable[[str], dict[str, str]]] = {
    "flat": flat, "protonated": protonated, "salt": salted, "isotope": labelled, "tautomer": tautomers,
    "written otherwise": written,
}  # fmt: skip
PLATINUM = {
    "dots": "N.N.Cl[Pt]Cl", "ions": "N.N.[Cl-].[Cl-].[Pt+2]", "charges": "[NH3+][Pt-2]([NH3+])(Cl)Cl",
    "dative": "[NH3]->[Pt](<-[NH3])(Cl)Cl", "covalent": "N[Pt](N)(Cl)Cl", "half dative": "[NH3]->[Pt](N)(Cl)Cl",
}  # fmt: skip


def rows() -> Iterator[Row]:
    """One row a kind of spelling, a case a drug."""
    known = drugs()
    structured = known["smiles"].dropna()
    for kind, ways_of in DRAWN.items():
        yield Row(
            kind,
            lambda: ITSELF,
            {
                f"{known['name'][drug]}: {way}": partial(answer, drug, smiles=text)
                for drug, smiles in structured.items()
                for way, text in ways_of(smiles).items()
            },
        )
    (cisplatin,) = known.index[known["name"] == "Cisplatin"]
    yield Row(
        "cisplatin",
        lambda: ITSELF,
        {way: partial(answer, cisplatin, smiles=text) for way, text in PLATINUM.items()},
    )
    yield Row(
        "SMILES broken by a space or a line",
        None,
        {
            f"{known['name'][drug]}: {way}": partial(answer, drug, smiles=text)
            for drug, smiles in structured.items()
            for way, text in broken(smiles).items()
        },
    )
    yield Row(
        "name",
        lambda: ITSELF,
        {
            f"{name}: {way}": partial(answer, drug, name=text)
            for drug, name in known["name"].items()
            for way, text in spelled(name).items()
        },
    )
    for kind in ("alias", "official name", "brand name", "code name", "common name"):
        yield Row(
            kind,
            lambda: ITSELF,
            {
                f"{known['name'][drug]}: {name}": partial(answer, drug, name=name)
                for drug in known.index
                for name, what in drug_names.all_names().get(drug, ())
                if what == kind
            },
        )
    strangers = ("ICI 118551", "CO 1686", "FCCP", "BSO", "CCO", "Herceptin", "trastuzumab", "Keytruda", "TAK-0", "N")
    yield Row("names of none of them", None, {name: partial(answer, "", name=name) for name in strangers})
