"""Pages write down what results say."""

REASONS = {
    "report.ranking_sections": "writes down the figures of a ranking",
    "report.study_sections": "writes down the figures of a study",
}
