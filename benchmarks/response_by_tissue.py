"""How well unseen lines of each tissue are predicted, and whether tissues with more lines are predicted better.

Held-out predictions that the fitted default model keeps (five inner folds of lines, GDSC2).

Usage: python benchmarks/response_by_tissue.py
"""

from __future__ import annotations

from omics_rx import response


def main() -> None:
    model = response.default()
    for column in ("tissue", "breast_subtype", "msi"):
        table = response.by_group(model, column)
        print(table.round({"rmse": 2, "bias": 2, "normalised_r": 3, "preference_r": 3}).to_string(), "\n")
    tissues = response.by_group(model)
    for figure in ("normalised_r", "preference_r", "rmse"):
        together = tissues["n_lines"].corr(tissues[figure], method="spearman")
        print(f"{figure} with the number of lines of the tissue, Spearman: {together:.2f}")


if __name__ == "__main__":
    main()
