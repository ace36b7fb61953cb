"""Selective prediction: the error left when a model may decline the answers it is least sure of."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def risk_coverage(
    confidence: Float[np.ndarray, " n"], correct: Float[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Coverage and risk (share of errors among the answers kept) as the threshold falls (geifman-2017).

    Answers of equal confidence are kept or declined together: each gets the risk of the whole tie.
    """
    order = np.argsort(-confidence, kind="stable")
    kept = np.arange(1, len(order) + 1)
    risk = np.cumsum(1.0 - correct[order]) / kept
    last_of_tie = np.searchsorted(-confidence[order], -confidence[order], side="right") - 1
    return kept / len(order), risk[last_of_tie]


def area(coverage: Float[np.ndarray, " n"], risk: Float[np.ndarray, " n"]) -> float:
    """Mean risk over coverage; lower is better (geifman-2017)."""
    return float(np.mean(risk)) if len(coverage) else 0.0
