"""Weighted least squares in closed form, with standard errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from snellen.core import SnellenError


@dataclass(frozen=True)
class Fit:
    """Coefficients (k,), and the part of their error that each of n samples is taken to have (n, k)."""

    values: Float[np.ndarray, " k"]
    parts: Float[np.ndarray, "n k"]


def least_squares(
    design: Float[np.ndarray, "n k"],
    targets: Float[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
    penalties: Float[np.ndarray, " k"],
) -> Fit:
    """The minimum of the weighted squares of the residuals and the penalised squares of the coefficients: one Cholesky factor.

    A sample's part in the error is its residual, over the square root of 1 less its leverage, times its pull on the coefficients
    (mackinnon-1985): nothing is assumed of the residuals but that they are independent.

    Raises:
        SnellenError: samples and penalties do not determine the coefficients.
    """
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    weighted = (design * weights[:, None]).T
    try:
        solved = cho_solve(cho_factor(weighted @ design + np.diag(penalties)), weighted)
    except LinAlgError as error:
        count, slopes = design.shape
        raise SnellenError(
            f"got {count} samples that leave {slopes} coefficients open; expected more samples, or a larger penalty or kernel"
        ) from error
    values = solved @ targets
    leverages = np.einsum("nk,kn->n", design, solved)
    residuals = (targets - design @ values) / np.sqrt(np.maximum(1 - leverages, 1e-9))
    return Fit(values, solved.T * residuals[:, None])


def standard_error(parts: Float[np.ndarray, "n k"]) -> Float[np.ndarray, " k"]:
    """Of coefficients, or of sums of them, from the parts that independent samples have in it."""
    return np.sqrt((parts**2).sum(axis=0))
