"""Selective prediction: the error left when a model may decline the answers it is least sure of."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from snellen.core import Interval, SnellenError
from snellen.stats import clopper_pearson


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


def excess_area(confidence: Float[np.ndarray, " n"], correct: Float[np.ndarray, " n"]) -> float:
    """Area under the risk-coverage curve above that of knowing one's errors: 0 at best (geifman-2019)."""
    kept, wrong = np.arange(1, len(correct) + 1), int(np.sum(1 - correct))
    best = np.maximum(kept - (len(correct) - wrong), 0) / kept
    return area(*risk_coverage(confidence, correct)) - (float(best.mean()) if len(correct) else 0.0)


def selective_accuracy(
    confidence: Float[np.ndarray, " n"], correct: Float[np.ndarray, " n"], coverage: float
) -> tuple[float, Interval, int]:
    """Accuracy of the most confident answers, at least the share `coverage` of them: value, interval (clopper-1934) and number.

    Answers as confident as the last one kept are kept too. The interval takes the threshold as given.

    Raises:
        SnellenError: no answers, or a coverage outside (0, 1].
    """
    if not 0 < coverage <= 1 or not len(confidence):
        raise SnellenError(
            f"got the coverage {coverage} of {len(confidence)} answers; expected above 0 and up to 1, of at least one"
        )
    threshold = np.sort(confidence)[::-1][max(int(np.ceil(coverage * len(confidence) - 1e-9)), 1) - 1]
    kept = correct[confidence >= threshold]
    return float(kept.mean()), clopper_pearson(int(kept.sum()), len(kept)), len(kept)
