"""Noise and planted truth for the ranker."""

REASONS = {
    "repurposing.Ranker.rank": "no case yet",
    "repurposing.Ranking.compare": "reads the intervals of both rankings",
    "repurposing.Ranking.pathways p": "no case yet",
    "repurposing.Ranking.pathways q": "no case yet",
    "repurposing.load_ranking": "reads what repurposing.Ranker.rank wrote",
}
