"""What the atoms of a molecule add to a prediction, by the part of the kernel core that reads structures.

A new drug's response is carried over from the training drugs in proportion to how alike they are, so the prediction is
a sum over training drugs. Tanimoto similarity is a sum over the bits of the molecule, each bit is a set of atoms with
their neighbours, and each of these shares its bit's contribution evenly among its atoms: the atoms add up to the
structural part exactly, whatever their numbering.

References
----------
Riniker and Landrum, Similarity maps: a visualization strategy for molecular fingerprints and machine-learning methods,
J Cheminform 5 (2013), 43: contributions of atoms to fingerprint models. Here they are exact shares, not differences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.response import similarity
from omics_rx.response.explain import asked
from omics_rx.response.few_shot import kernel_of
from omics_rx.response.parts.base import positions
from omics_rx.response.parts.kernel_ridge import KernelRidge
from omics_rx.response.similarity import N_BITS, RADIUS, DrugFeatures

if TYPE_CHECKING:
    from omics_rx.response.model import ResponseModel
    from omics_rx.response.parts.base import Cells

_RED, _BLUE = (0.80, 0.24, 0.10), (0.10, 0.40, 0.75)


class Drawn:
    """An explanation whose atoms can be drawn; ``smiles`` and ``atoms`` are those of the explanation."""

    smiles: str
    atoms: pd.DataFrame | pd.Series

    @in_words
    def svg(self, *, width: int = 360, height: int = 260) -> str:
        """Draw the molecule with its atoms coloured: blue where they add sensitivity, red where they take it.

        Parameters
        ----------
        width, height
            Size in pixels.

        Returns
        -------
        str
            An SVG element.
        """
        values = self.atoms["contribution"] if isinstance(self.atoms, pd.DataFrame) else self.atoms
        return drawn(self.smiles, values.to_numpy(), width=width, height=height)


@dataclass(frozen=True, eq=False)
class AtomExplanation(Drawn):
    """How the structure of a drug moves its predicted response.

    Attributes
    ----------
    drug_id
        The drug as it was asked for.
    sample
        The sample, or ``"training lines"`` where the mean over these is explained.
    smiles
        Structure without salt; atoms are numbered in its order.
    atoms
        What each atom adds (ln uM): index atom, ``symbol``, ``contribution``. Below 0 it makes the sample more
        sensitive.
    parts
        ``base`` (what is predicted of a drug unlike all others: the mean of the drugs and the sample's own shift),
        ``structure`` (sum of the atoms), ``targets``, ``pathway``, ``reactome``, ``properties`` (size, polarity and
        shape of the whole molecule; ln uM); their sum is ``core``.
    core
        The kernel core's prediction (ln uM) for the drug as one it has not measured.
    """

    drug_id: str
    sample: str
    smiles: str
    atoms: pd.DataFrame
    parts: pd.Series
    core: float


def drawn(smiles: str, values: np.ndarray, *, width: int, height: int) -> str:
    """Draw a molecule as SVG with a value an atom: blue below 0, red above, white at 0, darkest at the largest."""
    from rdkit.Chem import rdDepictor
    from rdkit.Chem.Draw import rdMolDraw2D

    molecule = _molecule(smiles)
    rdDepictor.Compute2DCoords(molecule)
    top = float(np.abs(values).max(initial=0.0)) or 1.0
    shades = {
        i: tuple(1 - abs(value) / top * (1 - own) for own in (_RED if value > 0 else _BLUE))
        for i, value in enumerate(values)
    }
    drawer = rdMolDraw2D.MolDraw2DSVG(width, height)
    options: Any = drawer.drawOptions()
    options.useBWAtomPalette()
    options.highlightBondWidthMultiplier = 16
    rdMolDraw2D.PrepareAndDrawMolecule(
        drawer, molecule, highlightAtoms=list(shades), highlightAtomColors=shades, highlightBonds=[]
    )
    drawer.FinishDrawing()
    text = drawer.GetDrawingText()
    return text[text.index("<svg") :]


@dataclass(frozen=True, eq=False)
class Carrier:
    """The carrying over of responses to one drug, as a sum over training drugs.

    Attributes
    ----------
    base, line
        Mean of all drugs, and what the sample does whatever the drug, in units of a drug's reach (ln uM).
    of_mean, of_preference
        What likeness 1 to each training drug adds (ln uM) to the drug's mean and, in units of its reach, to what the
        sample prefers, ``(n_drugs,)``.
    of_reach
        What likeness 1 adds to the logarithm of the drug's reach, ``(n_drugs,)``.
    drugs
        The training drugs it stands on.
    """

    base: float
    line: float
    of_mean: np.ndarray
    of_preference: np.ndarray
    of_reach: np.ndarray
    drugs: DrugFeatures


def explain_atoms(
    model: ResponseModel, drug: pd.DataFrame | str, cells: Cells | None = None, *, sample: str = "training lines"
) -> AtomExplanation:
    """Explain one drug by its structure; see :meth:`ResponseModel.explain_atoms`."""
    kernel = kernel_of(model)
    name, features = asked(model, drug)
    (smiles,) = features.smiles
    if smiles is None:
        raise InputError(f"no structure is known of {name!r}: give its SMILES")
    at = int(positions(features.names, kernel.training_.drugs.names)[0])
    carrier = carrier_of(kernel, cells, without=at if at >= 0 else None)
    reach = reach_of(features, carrier, kernel)
    shares = shares_of(features, carrier, kernel, reach)
    atoms, symbols = over_atoms(_molecule(smiles), shares.pop("structure"))
    base = carrier.base + reach * carrier.line
    parts = pd.Series({"base": base, "structure": float(atoms.sum()), **shares}, name="ln uM")
    table = pd.DataFrame({"symbol": symbols, "contribution": atoms}).rename_axis("atom")
    return AtomExplanation(name, sample, smiles, table, parts, float(parts.sum()))


def carrier_of(kernel: KernelRidge, cells: Cells | None, *, without: int | None) -> Carrier:
    """Weights of the training drugs for the mean of some cells; a drug that was trained on is left out of them.

    The matrices of the rest follow from those of all by the inverse of a block, without fitting again.
    """
    keep = np.arange(len(kernel.training_.drugs))
    if without is not None:
        keep = np.delete(keep, without)
    drugs = kernel.training_.drugs.take(keep)
    cells = kernel.training_.cells if cells is None else cells
    log_reach = np.log(kernel.reach_[keep])
    typical = float(log_reach.mean())
    basis = kernel.basis(cells, kernel.alike(cells.z) @ kernel.dual_)[:, keep].mean(axis=0)
    basis = basis / np.exp(log_reach - typical)
    line = float(basis.mean())
    alike = similarity.drug_kernel(drugs, drugs, views=kernel.mean_views)
    inverse = _without(kernel.drug_inverse_, without)
    means = kernel.drug_means_[keep]
    centre = float(means.mean())
    levels = np.column_stack([means - centre, log_reach - typical])
    of_mean, of_reach = np.linalg.solve(alike + kernel.drug_ridges_[0] * np.eye(len(keep)), levels).T
    return Carrier(centre, line, of_mean, inverse @ (basis - line), of_reach, drugs)


def reach_of(drug: DrugFeatures, carrier: Carrier, kernel: KernelRidge) -> float:
    """How far the responses to the drug are predicted to spread, 1 for a typical drug; no atom has a share in it."""
    alike = similarity.drug_kernel(drug, carrier.drugs, views=kernel.mean_views)
    return float(np.exp(alike[0] @ carrier.of_reach))


def _without(inverse: np.ndarray, drug: int | None) -> np.ndarray:
    """Inverse of a matrix less one row and column, from the inverse of the whole."""
    if drug is None:
        return inverse
    keep = np.delete(np.arange(len(inverse)), drug)
    across = inverse[keep, drug]
    left: np.ndarray = inverse[np.ix_(keep, keep)] - np.outer(across, across) / inverse[drug, drug]
    return left


def shares_of(drug: DrugFeatures, carrier: Carrier, kernel: KernelRidge, reach: float) -> dict[str, Any]:
    """What each view adds to mean and preference together: a value a bit for structure, one number for the others."""
    of_mean = _view_shares(drug, carrier.drugs, carrier.of_mean, kernel.mean_views)
    # likeness and its square are both proportional to the likeness in each view
    alike = similarity.drug_kernel(drug, carrier.drugs, views=kernel.views)[0]
    raised = reach * carrier.of_preference * (1 - kernel.squared_ + kernel.squared_ * alike)
    of_preference = _view_shares(drug, carrier.drugs, raised, kernel.views)
    names = dict.fromkeys((*of_preference, *of_mean))
    return {name: of_mean.get(name, 0.0) + of_preference.get(name, 0.0) for name in names}


def _view_shares(drug: DrugFeatures, known: DrugFeatures, carried: np.ndarray, views: Sequence[str]) -> dict[str, Any]:
    both = similarity.n_views(drug, views) * similarity.n_views(known, views)
    weights = np.divide(carried, np.sqrt(both), out=np.zeros(len(known)), where=both > 0)
    found: dict[str, Any] = {}
    for view in views:
        if view == "structure":
            own, others = drug.bits[0].astype(np.float64), known.bits.astype(np.float64)
            union = own.sum() + others.sum(axis=1) - others @ own
            found[view] = own * (np.divide(weights, union, out=np.zeros_like(weights), where=union > 0) @ others)
        else:
            found[view] = float(similarity.view(view, drug, known)[0] @ weights)
    found.setdefault("structure", np.zeros(N_BITS))
    return found


def _molecule(smiles: str) -> Any:
    from rdkit import Chem

    return Chem.MolFromSmiles(smiles)


def over_atoms(molecule: Any, bits: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Share each bit's contribution among the atoms of its environments, evenly.

    Parameters
    ----------
    molecule
        An RDKit molecule.
    bits
        What each Morgan bit adds (ln uM), ``(2048,)``; 0 where the molecule does not have it.

    Returns
    -------
    contributions, symbols
        One value and one element symbol an atom.
    """
    from rdkit.Chem import rdFingerprintGenerator

    maker = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=N_BITS, includeChirality=True)
    told = rdFingerprintGenerator.AdditionalOutput()
    told.AllocateBitInfoMap()
    maker.GetFingerprint(molecule, additionalOutput=told)
    result = np.zeros(molecule.GetNumAtoms())
    for bit, places in told.GetBitInfoMap().items():
        for centre, radius in places:
            members = _environment(molecule, centre, radius)
            result[members] += bits[bit] / len(places) / len(members)
    return result, [atom.GetSymbol() for atom in molecule.GetAtoms()]


def _environment(molecule: Any, centre: int, radius: int) -> list[int]:
    """Atoms within ``radius`` bonds of one."""
    reached = {centre}
    for _ in range(radius):
        reached |= {n.GetIdx() for i in reached for n in molecule.GetAtomWithIdx(i).GetNeighbors()}
    return sorted(reached)
