"""Drawings of molecules, as SVG."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.plots import style

# atoms in colours that read on light and dark and that colour-blind readers tell apart; carbon is ink
_ATOMS = {7: style.BLUE, 8: style.VERMILLION, 9: style.GREEN, 15: style.ORANGE, 16: "#b58500", 17: style.GREEN,
          35: "#a0522d", 53: style.PURPLE}  # fmt: skip


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))


@in_words
def draw(smiles: str, *, width: int = 280, height: int = 200) -> str:
    """Draw one molecule.

    Parameters
    ----------
    smiles
        Structure, drawn as it is given, counter-ions and ligands included.
    width, height
        Size in pixels.

    Returns
    -------
    str
        An SVG element without background.

    Raises
    ------
    InputError
        If the SMILES cannot be read, or something stands behind it: what follows a space is no part of a structure, so
        that a name ("CO 1686") or a broken line would be drawn as another molecule.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdDepictor
    from rdkit.Chem.Draw import rdMolDraw2D

    parts = smiles.split() if isinstance(smiles, str) else []
    if len(parts) > 1:
        raise InputError(f"{smiles!r} is a name or a broken SMILES: give the structure alone, in one piece")
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(parts[0]) if parts else None
    if molecule is None:
        raise InputError(f"the SMILES {smiles!r} cannot be read: correct it, or leave the structure missing")
    rdDepictor.SetPreferCoordGen(True)  # noqa: FBT003 - rdkit takes it by position
    rdDepictor.Compute2DCoords(molecule)
    rdDepictor.StraightenDepiction(molecule)
    drawer = rdMolDraw2D.MolDraw2DSVG(width, height)
    options: Any = drawer.drawOptions()
    options.clearBackground = False
    options.bondLineWidth = 1.4
    options.padding = 0.04
    options.fixedBondLength = 26  # pixels, so that small molecules are not blown up
    options.maxFontSize = 15
    options.setAtomPalette({-1: _rgb(style.INK), 0: _rgb(style.INK), 6: _rgb(style.INK),
                            **{number: _rgb(colour) for number, colour in _ATOMS.items()}})  # fmt: skip
    rdMolDraw2D.PrepareAndDrawMolecule(drawer, molecule, kekulize=True)
    drawer.FinishDrawing()
    text = drawer.GetDrawingText()
    return text[text.index("<svg") :]


def sketch(smiles: str, *, width: int = 240, height: int = 170) -> str:
    """Draw one molecule in a few kilobytes, for pages that show hundreds: bonds of one colour are one path.

    Parameters
    ----------
    smiles
        Structure; empty text is given where it cannot be read.
    width, height
        Size in pixels.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdDepictor
    from rdkit.Chem.Draw import rdMolDraw2D

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or " " in smiles.strip():
        return ""
    rdDepictor.SetPreferCoordGen(False)  # noqa: FBT003 - rdkit takes it by position
    rdDepictor.Compute2DCoords(molecule)
    drawer = rdMolDraw2D.MolDraw2DSVG(width, height, -1, -1, True)  # noqa: FBT003 - letters stay letters
    options: Any = drawer.drawOptions()
    options.clearBackground = False
    options.fixedBondLength = 24
    options.maxFontSize = 13
    options.setAtomPalette({-1: _rgb(style.INK), 0: _rgb(style.INK), 6: _rgb(style.INK),
                            **{number: _rgb(colour) for number, colour in _ATOMS.items()}})  # fmt: skip
    rdMolDraw2D.PrepareAndDrawMolecule(drawer, molecule, kekulize=True)
    drawer.FinishDrawing()
    return _compact(drawer.GetDrawingText(), width, height)


def _compact(svg: str, width: int, height: int) -> str:
    """Join the paths of a drawing of rdkit by their look, and shorten its letters."""
    paths: dict[tuple[str, str], list[str]] = {}
    for d, look in re.findall(r"<path[^>]* d='([^']*)' style='([^']*)'", svg):
        fill, stroke = (found[1] if (found := re.search(rf"(?:^|;){name}:(#\w+)", look)) else "none"
                        for name in ("fill", "stroke"))  # fmt: skip
        paths.setdefault((fill, stroke), []).append(re.sub(r" ?([A-Z]) ?", r"\1", d.replace(",", " ")))
    drawn = [f'<path d="{"".join(of)}" fill="{fill}" stroke="{stroke}"/>' for (fill, stroke), of in paths.items()]
    letters = re.findall(r"<text x='([^']*)' y='([^']*)'[^>]*font-size:(\w+);[^>]*;fill:(#\w+)'[^>]*>([^<]*)<", svg)
    drawn += [
        f'<text x="{x}" y="{y}" font-size="{size.removesuffix("px")}" fill="{fill}">{letter}</text>'
        for x, y, size, fill, letter in letters
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'stroke-width="1.2">{"".join(drawn)}</svg>'
    )


@in_words
def draw_all(smiles: Mapping[str, str] | pd.Series, *, width: int = 280, height: int = 200) -> dict[str, str]:
    """Draw several molecules; those without a structure are left out.

    Parameters
    ----------
    smiles
        Name to SMILES, missing where the structure is not known.
    width, height
        Size of each drawing in pixels.

    Returns
    -------
    dict of str to str
        Name to SVG element.

    Raises
    ------
    InputError
        If SMILES cannot be read; all of them are named.
    """
    drawings: dict[str, str] = {}
    wrong: list[str] = []
    for name, structure in dict(smiles).items():
        if pd.isna(structure):
            continue
        try:
            drawings[str(name)] = draw(structure, width=width, height=height)
        except InputError:
            wrong.append(f"{name}: {structure}")
    if wrong:
        raise InputError(f"{len(wrong)} SMILES cannot be read ({examples(wrong)}): correct them, or leave them missing")
    return drawings
