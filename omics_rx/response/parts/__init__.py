"""The parts of a response model, one contract: see :mod:`omics_rx.response.parts.base`."""

from omics_rx.core.registry import Registry

PARTS = Registry(
    "response part",
    {
        "global_mean": "omics_rx.response.parts.baselines:GlobalMean",
        "drug_mean": "omics_rx.response.parts.baselines:DrugMean",
        "line_mean": "omics_rx.response.parts.baselines:LineMean",
        "mean_effects": "omics_rx.response.parts.baselines:MeanEffects",
        "tissue_mean": "omics_rx.response.parts.baselines:TissueMean",
        "kernel": "omics_rx.response.parts.kernel_ridge:KernelRidge",
        "genomic": "omics_rx.response.parts.genomic:GenomicEvents",
        "lightgbm": "omics_rx.response.parts.trees:GradientBoosting",
        "forest": "omics_rx.response.parts.trees:Forest",
        "network": "omics_rx.response.parts.network:GraphNetwork",
    },
)
