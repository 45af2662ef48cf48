"""Names and curves; upper and lower are the limits of a dose-response curve."""

REASONS = {
    "harmonize.fit_curves": "upper and lower are the limits of the curve, not of an interval",
}
