"""Bins over confidence, of equal width or equal mass."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int


def equal_width(confidence: Float[np.ndarray, " n"], bins: int = 15) -> Int[np.ndarray, " n"]:
    """Bin of each confidence in [0, 1]: ((b - 1) / bins, b / bins], the first closed below (naeini-2015, guo-2017)."""
    return np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)


def equal_mass(confidence: Float[np.ndarray, " n"], bins: int = 15) -> Int[np.ndarray, " n"]:
    """Bin of each confidence when all bins hold as equal a number of cases as can be (nixon-2019); ties share a bin."""
    ordered = np.sort(confidence)
    rank = np.searchsorted(ordered, confidence, side="left")
    return np.minimum(rank * bins // max(len(confidence), 1), bins - 1)
