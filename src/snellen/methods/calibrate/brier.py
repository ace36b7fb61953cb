"""Brier score, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int


def brier_scores(probabilities: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Of each image the squared distance of its probabilities from the truth, summed over classes: 0 to 2 (brier-1950)."""
    own = probabilities[np.arange(len(truth)), truth]
    return (probabilities**2).sum(axis=1) - 2 * own + 1


@final
@dataclass(frozen=True)
class Decomposition:
    """score = reliability - resolution + uncertainty + within, exactly.

    Attributes:
        score: mean of (confidence - correct)^2.
        reliability: what miscalibration of the bins costs.
        resolution: what bins of different accuracy gain.
        uncertainty: a (1 - a) of the accuracy a; what a single confidence of a would score.
        within: variance of the confidences within bins, less twice their covariance with being right. Murphy's identity has
            three terms because his forecasts took few values; binned, they leave this out (stephenson-2008).
    """

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float


def decompose(confidence: Float[np.ndarray, " n"], correct: Float[np.ndarray, " n"], bins: Int[np.ndarray, " n"]) -> Decomposition:
    """The Brier score of the confidences of answers given, in terms of these bins (murphy-1973, stephenson-2008)."""
    n = np.bincount(bins)
    n, sums, hits = (np.asarray(x, float)[n > 0] for x in (n, np.bincount(bins, confidence), np.bincount(bins, correct)))
    mean, accuracy, overall = sums / n, hits / n, float(correct.mean())
    place = np.unique(bins, return_inverse=True)[1]
    off = confidence - mean[place]
    return Decomposition(
        score=float(np.mean((confidence - correct) ** 2)),
        reliability=float(n @ (mean - accuracy) ** 2 / n.sum()),
        resolution=float(n @ (accuracy - overall) ** 2 / n.sum()),
        uncertainty=overall * (1 - overall),
        within=float(np.mean(off**2) - 2 * np.mean(off * correct)),
    )
