"""Vector scaling: a weight and a bias for each class."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy import optimize, special

from snellen.core import SnellenError
from snellen.methods.calibrate.logits import usable
from snellen.methods.calibrate.temperature import fit_temperature
from snellen.scaling import Vector


def fit_vector(logits: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"], penalty: float = 1.0) -> Vector:
    """Weights and biases of the least negative log likelihood (guo-2017), with a penalty on leaving temperature scaling.

    It is the sum of the losses over images, plus `penalty` / 2 times the sum over classes of b^2 + (r (w - 1 / T))^2, with r the
    root mean square of all logits: how far, in logits, a class is moved. What few images or a class that never occurs do not
    tell stays as temperature scaling leaves it, and separable classes drive no weight to infinity. The published method is that
    of a penalty near 0.

    Raises:
        SnellenError: as `fit_temperature`, a penalty of 0 or less, or the fit does not converge.
    """
    if not penalty > 0:
        raise SnellenError(f"got the penalty {penalty}; expected a number above 0")
    centre = 1 / fit_temperature(logits, truth).temperature
    logits, truth = usable(logits, truth)
    n, k = logits.shape
    known = np.isfinite(logits)
    scores = np.where(known, logits, 0.0)
    stiffness = penalty * np.concatenate([np.full(k, (scores**2).sum() / known.sum()), np.ones(k)])
    target = np.zeros((n, k))
    target[np.arange(n), truth] = 1

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights, biases = parameters[:k], parameters[k:]
        log_p = special.log_softmax(np.where(known, scores * weights + biases, -np.inf), axis=1)
        residual = np.exp(log_p) - target
        away = np.concatenate([weights - centre, biases])
        slope = np.concatenate([(residual * scores).sum(axis=0), residual.sum(axis=0)])
        value = -log_p[np.arange(n), truth].sum() + (stiffness * away) @ away / 2
        return float(value), slope + stiffness * away

    start = np.concatenate([np.full(k, centre), np.zeros(k)])
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "gtol": 1e-6 * n, "maxfun": 20000}
    )
    if not found.success:
        raise SnellenError(f"vector scaling did not converge on {n} images ({found.message}); use temperature scaling")
    return Vector(tuple(map(float, found.x[:k])), tuple(map(float, found.x[k:])))
