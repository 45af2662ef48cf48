"""Plots draw what they are given or what a tested function says."""

REASONS = {
    "plots.group_comparison p": "no case yet: the p it draws",
    "plots.kaplan_meier": "draws metrics.survival.kaplan_meier and the p of metrics.survival.log_rank",
    "plots.measured_against_predicted": "draws the interval it is given",
    "plots.volcano q": "no case yet: the q it draws",
}
