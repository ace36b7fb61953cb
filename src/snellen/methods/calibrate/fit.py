"""All fits of a calibration by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float, Int

from snellen.core import SnellenError
from snellen.methods.calibrate.beta import fit_beta
from snellen.methods.calibrate.isotonic import fit_isotonic
from snellen.methods.calibrate.platt import fit_platt
from snellen.methods.calibrate.temperature import fit_temperature
from snellen.methods.calibrate.vector import fit_vector
from snellen.nearest import did_you_mean
from snellen.scaling import AnyScaling

FITS: Mapping[str, Callable[[np.ndarray, np.ndarray], AnyScaling]] = {
    "temperature": fit_temperature,
    "vector": fit_vector,
    "platt": fit_platt,
    "isotonic": fit_isotonic,
    "beta": fit_beta,
}


def fit(method: str, logits: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"]) -> AnyScaling:
    """The scaling of that name, fitted on logits and the true classes.

    Raises:
        SnellenError: there is no such method, or it cannot be fitted on these.
    """
    if method not in FITS:
        raise SnellenError(f"got the method {method!r}; expected one of {', '.join(FITS)}.{did_you_mean(method, FITS)}")
    return FITS[method](logits, truth)
