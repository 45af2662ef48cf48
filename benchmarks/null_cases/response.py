"""Noise and planted truth for predicted responses."""

REASONS = {
    "response.AdaptedModel.predict": "no case yet",
    "response.LibraryScreen.best": "no case yet",
    "response.ResponseModel.answer": "no case yet",
    "response.ResponseModel.predict": "no case yet",
    "response.cells.by_cluster": "no case yet",
    "response.cells.selectivity": "no case yet",
    "response.evaluate": "no case yet",
    "response.library.screen": "no case yet",
    "response.library.stream": "no case yet",
    "response.out_of_fold": "no case yet",
    "response.resistance.reliability": "lower and upper are the edges of a bin, not of an interval",
    "response.scaffolds.activity": "no case yet",
}
