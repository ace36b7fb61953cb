"""Mean corruption error: errors under corruptions, each relative to AlexNet's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from snellen.core import SnellenError

ALEXNET: Mapping[str, float] = {
    "gaussian-noise": 0.886428,
    "shot-noise": 0.894468,
    "impulse-noise": 0.922640,
    "defocus-blur": 0.819880,
    "glass-blur": 0.826268,
    "motion-blur": 0.785948,
    "zoom-blur": 0.798360,
    "snow": 0.866816,
    "frost": 0.826572,
    "fog": 0.819324,
    "brightness": 0.564592,
    "contrast": 0.853204,
    "elastic-transform": 0.646056,
    "pixelate": 0.717840,
    "jpeg-compression": 0.606500,
}
"""AlexNet's top-1 error on ImageNet's validation images, averaged over the five severities (hendrycks-2019)."""
ALEXNET_CLEAN = 0.43478
"""Its error on the clean images: that of torchvision's weights."""


def corruption_error(errors: Float[np.ndarray, "... c"], names: Sequence[str]) -> Float[np.ndarray, ...]:
    """mCE: the mean over corruptions of error divided by AlexNet's, 1 for AlexNet itself (hendrycks-2019).

    Args:
        errors: share wrong in [0, 1] under each corruption, averaged over the five severities.
        names: of the corruptions, as in ALEXNET.

    Raises:
        SnellenError: a name that AlexNet's error is not known for.
    """
    return (errors / _alexnet(names)).mean(axis=-1)


def relative_corruption_error(
    errors: Float[np.ndarray, "... c"], clean: Float[np.ndarray, ...], names: Sequence[str]
) -> Float[np.ndarray, ...]:
    """Relative mCE: what corruption adds to the error on clean images, divided by what it adds to AlexNet's (hendrycks-2019).

    Args:
        errors: as in `corruption_error`.
        clean: share wrong on the clean images.
        names: as in `corruption_error`.

    Raises:
        SnellenError: as in `corruption_error`.
    """
    return ((errors - np.asarray(clean)[..., None]) / (_alexnet(names) - ALEXNET_CLEAN)).mean(axis=-1)


def _alexnet(names: Sequence[str]) -> Float[np.ndarray, " c"]:
    unknown = [name for name in names if name not in ALEXNET]
    if unknown or not names:
        raise SnellenError(f"got the corruptions {', '.join(unknown) or 'none'}; expected some of {', '.join(ALEXNET)}")
    return np.array([ALEXNET[name] for name in names])
