"""What a calibration of the confidence is fitted on: how sure each answer is, and whether it is right."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import optimize, special

from snellen.core import SnellenError
from snellen.methods.calibrate.logits import answers, usable
from snellen.scaling import log_odds


def odds_and_right(
    logits: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " m"], Bool[np.ndarray, " m"]]:
    """Log-odds of the confidence of each answer (clipped to ±40), and whether it is right.

    Raises:
        SnellenError: as `usable`.
    """
    usable(logits, truth)
    logits = np.asarray(logits, np.float64)
    return log_odds(logits), answers(logits) == truth


def softened(right: Bool[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
    """Targets a little inside 0 and 1, by Laplace's rule within each outcome, so that separable data have a fit (platt-1999)."""
    hits, misses = right.sum(), (~right).sum()
    return np.where(right, (hits + 1) / (hits + 2), 1 / (misses + 2))


def logistic(
    features: Float[np.ndarray, "m f"], targets: Float[np.ndarray, " m"], lows: tuple[float, ...], name: str
) -> Float[np.ndarray, " f"]:
    """Weights of the least cross-entropy of expit(features @ weights), each at or above its low.

    Raises:
        SnellenError: the fit does not converge.
    """

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        z = features @ weights
        return float((np.logaddexp(0, z) - targets * z).mean()), features.T @ (special.expit(z) - targets) / len(z)

    start = np.where(np.isfinite(lows), 1.0, 0.0)
    bounds = [(low, None) for low in lows]
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 5000, "ftol": 1e-14, "gtol": 1e-9}
    )
    if not np.isfinite(found.x).all() or found.fun > loss(start)[0] or found.status == 1:
        raise SnellenError(
            f"{name} calibration did not converge on {len(targets)} images ({found.message}); use temperature scaling"
        )
    return found.x
