"""Noise and planted truth for signatures, studies and panels."""

REASONS = {
    "signatures.Study.save": "writes down what signatures.build found",
    "signatures.build": "no case yet",
    "signatures.clinical_gain": "no case yet",
    "signatures.compare_groups": "no case yet",
    "signatures.compare_risk_groups": "no case yet",
    "signatures.from_weights": "takes figures from its caller and estimates none",
    "signatures.learning_curve": "no case yet",
    "signatures.load_study": "reads what signatures.build wrote",
    "signatures.search": "no case yet",
    "signatures.search_panel": "no case yet",
}
