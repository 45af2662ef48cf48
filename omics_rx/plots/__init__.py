"""Plots: frames in, Axes out. ``ax=None`` draws into new axes, which a notebook displays."""

from omics_rx.plots.arms import arm_chances, interaction_forest
from omics_rx.plots.cells import umap
from omics_rx.plots.discrimination import auc_over_time, effects_forest, ratio_forest, roc_curves
from omics_rx.plots.doses import dose_response
from omics_rx.plots.molecules import draw, draw_all
from omics_rx.plots.network import drug_network
from omics_rx.plots.prognosis import calibration, decision_curve
from omics_rx.plots.ranking import evidence_heatmap, intervals, shap_bars, volcano, waterfall
from omics_rx.plots.response import contributions, measured_against_predicted, sensitivity_heatmap
from omics_rx.plots.scores import composition, group_comparison, heatmap
from omics_rx.plots.subgroups import control_chart, subgroup_forest
from omics_rx.plots.survival import concordance_forest, gene_weights, kaplan_meier

__all__ = [
    "arm_chances", "auc_over_time", "calibration", "composition", "concordance_forest", "contributions",
    "control_chart",
    "decision_curve", "dose_response", "draw", "draw_all", "drug_network", "effects_forest", "evidence_heatmap",
    "gene_weights",
    "group_comparison", "heatmap", "interaction_forest", "intervals", "kaplan_meier", "measured_against_predicted",
    "ratio_forest", "roc_curves", "sensitivity_heatmap", "shap_bars", "subgroup_forest", "umap", "volcano", "waterfall",
]  # fmt: skip
