"""Readers hand on what a file says."""

REASONS = {
    "io.read_ctrp": "upper and lower are the limits of a publisher's curve, not of an interval",
}
