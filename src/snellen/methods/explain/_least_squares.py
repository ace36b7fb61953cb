"""Weighted least squares in closed form, with what each sample contributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from snellen.core import SnellenError


@dataclass(frozen=True)
class Fit:
    """Coefficients (k,), and how far each of n samples moves them: what they are less what they would be without it (n, k)."""

    values: Float[np.ndarray, " k"]
    influences: Float[np.ndarray, "n k"]


def least_squares(
    design: Float[np.ndarray, "n k"],
    targets: Float[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
    penalties: Float[np.ndarray, " k"],
) -> Fit:
    """The minimum of the weighted squares of the residuals and the penalised squares of the coefficients: one Cholesky factor.

    Influences are exact: those of leaving a sample out, not of a derivative.

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
            f"got {count} samples that do not tell {slopes} coefficients apart; expected more of them, or a larger penalty or kernel"
        ) from error
    values = solved @ targets
    leverages = np.einsum("nk,kn->n", design, solved)
    residuals = (targets - design @ values) / np.maximum(1 - leverages, 1e-9)
    return Fit(values, solved.T * residuals[:, None])


def jackknife(influences: Float[np.ndarray, "n k"]) -> Float[np.ndarray, " k"]:
    """The standard error of sums of what n independent samples contribute (efron-1993)."""
    return np.sqrt((len(influences) - 1) * influences.var(axis=0))
