"""Means that pass over what is undefined."""

from __future__ import annotations

import numpy as np

from snellen.arrays import Numbers


def defined_mean(values: np.ndarray, axis: int) -> Numbers:
    """The mean of the finite values along `axis`; NaN where there is none."""
    finite = np.isfinite(values)
    count = finite.sum(axis=axis)
    return np.where(finite, values, 0.0).sum(axis=axis) / np.where(count > 0, count, np.nan)
