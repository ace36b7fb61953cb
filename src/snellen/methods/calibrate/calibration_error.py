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
