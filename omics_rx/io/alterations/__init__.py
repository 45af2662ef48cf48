"""Alterations of tumours from MAF, VCF, copy number or people's words: variants, what each is, and events."""

from omics_rx.io.alterations.reading import read_alterations
from omics_rx.io.alterations.value import Alterations

__all__ = ["Alterations", "read_alterations"]
