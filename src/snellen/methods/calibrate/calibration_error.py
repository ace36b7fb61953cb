"""Expected calibration error, as a function of sums, so that it can be resampled."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int


def bin_sums(
    confidence: Float[np.ndarray, " n"], correct: Float[np.ndarray, " n"], bins: Int[np.ndarray, " n"], count: int
) -> Float[np.ndarray, "n columns"]:
    """One row an image: for each bin whether it fell there, its confidence and its correctness; 3 * count columns."""
    member = (bins[:, None] == np.arange(count)).astype(float)
    return np.concatenate([member, member * confidence[:, None], member * correct[:, None]], axis=1)


def calibration_error(sums: Float[np.ndarray, "... columns"]) -> Float[np.ndarray, ...]:
    """Sum over bins of share * |accuracy - confidence|, from column sums of `bin_sums` (naeini-2015, guo-2017)."""
    n, confidence, correct = np.split(sums, 3, axis=-1)
    return np.abs(correct - confidence).sum(axis=-1) / n.sum(axis=-1)


def maximum_calibration_error(sums: Float[np.ndarray, "... columns"]) -> Float[np.ndarray, ...]:
    """The largest |accuracy - confidence| of any filled bin, from column sums of `bin_sums` (naeini-2015, guo-2017).

    A bin with one answer counts as much as the fullest: in small samples it is mostly chance.
    """
    n, confidence, correct = np.split(sums, 3, axis=-1)
    return (np.abs(correct - confidence) / np.maximum(n, 1e-300)).max(axis=-1)


def squared_calibration_error(sums: Float[np.ndarray, "... columns"], debiased: bool = True) -> Float[np.ndarray, ...]:
    """Sum over bins of share * (accuracy - confidence)^2, from column sums of `bin_sums` (kumar-2019).

    Debiased: less the variance of the accuracy of each bin, a (1 - a) / (n - 1), which chance adds in the mean; the result may be
    below zero, and bins of one answer count nothing, since they tell nothing of it. It is the error of the binned confidences, a
    lower bound on that of the confidences themselves.
    """
    n, confidence, correct = np.split(sums, 3, axis=-1)
    filled = np.maximum(n, 1.0)
    accuracy = correct / filled
    gap = (accuracy - confidence / filled) ** 2
    if debiased:
        gap = np.where(n > 1, gap - accuracy * (1 - accuracy) / np.maximum(n - 1, 1.0), 0.0)
    return (n * gap).sum(axis=-1) / n.sum(axis=-1)
