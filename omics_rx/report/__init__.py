"""Results to one self-contained page: ``write(study_or_ranking, "page.html")``."""

from omics_rx.report.cohort import cohort_sections
from omics_rx.report.page import Page, Section
from omics_rx.report.ranking import ranking_sections
from omics_rx.report.response import response_sections
from omics_rx.report.sections import limits_section, methods_section
from omics_rx.report.study import study_sections
from omics_rx.report.write import as_page, write

__all__ = [
    "Page", "Section", "as_page", "cohort_sections", "limits_section", "methods_section", "ranking_sections",
    "response_sections", "study_sections", "write",
]  # fmt: skip
