"""Logits fit to be calibrated: checked, and as log probabilities."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy import special

from snellen.core import SnellenError


def log_probabilities(logits: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n k"]:
    """Log softmax in float64; -inf stays -inf."""
    return special.log_softmax(np.asarray(logits, np.float64), axis=1)


def are_probabilities(outputs: Float[np.ndarray, "n k"]) -> bool:
    """Whether rows hold probabilities rather than logits: none below 0, each row with sum 1 ± .01."""
    return bool(len(outputs)) and bool((outputs >= 0).all()) and bool((np.abs(outputs.sum(axis=1) - 1) < 0.01).all())


def usable(
    logits: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, "m k"], Int[np.ndarray, " m"]]:
    """The rows a fit can use, in float64: those whose true answer is not ruled out by a logit of -inf.

    Raises:
        SnellenError: the arrays do not belong together, hold NaN or +inf or rows of -inf alone, or no row is left.
    """
    logits = np.asarray(logits, np.float64)
    n, k = logits.shape
    if k < 2 or len(truth) != n or (n and not 0 <= truth.min() <= truth.max() < k):
        raise SnellenError(
            f"got logits of shape {(n, k)} with {len(truth)} true classes; expected one of 0 to {k - 1} for each row"
        )
    if np.isnan(logits).any() or np.isposinf(logits).any() or np.isneginf(logits).all(axis=1).any():
        raise SnellenError("got logits that are NaN, +inf or -inf for all classes; expected finite numbers: check the model")
    kept = np.isfinite(logits[np.arange(n), truth])
    if not kept.any():
        raise SnellenError(f"got {n} images to fit on, all with a true answer ruled out or none at all; expected at least one")
    return logits[kept], truth[kept]


def answers(logits: Float[np.ndarray, "n k"]) -> Int[np.ndarray, " n"]:
    """The class answered: the last of the largest, as an exam takes it (geirhos-2021)."""
    return logits.shape[1] - 1 - np.argmax(logits[:, ::-1], axis=1)
