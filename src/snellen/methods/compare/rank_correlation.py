"""Spearman's rank correlation of many rows with one."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata


def rank_correlation(rows: Float[np.ndarray, "... k"], other: Float[np.ndarray, " k"]) -> Float[np.ndarray, ...]:
    """Of each row with `other` (spearman-1904), in [-1, 1]; NaN where all values of a row are equal. Infinity ranks highest."""
    ours, theirs = rankdata(rows, axis=-1), rankdata(other)
    ours, theirs = ours - ours.mean(axis=-1, keepdims=True), theirs - theirs.mean()
    with np.errstate(invalid="ignore", divide="ignore"):
        return (ours * theirs).sum(axis=-1) / np.sqrt((ours**2).sum(axis=-1) * (theirs**2).sum())
