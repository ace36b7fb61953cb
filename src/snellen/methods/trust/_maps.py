"""Maps as all tests of them take them: one signed number a pixel, finite."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from snellen.core import SnellenError


def summed(maps: Float[np.ndarray, "n ..."]) -> Float[np.ndarray, "n h w"]:
    """Maps (N, H, W), or (N, 3, H, W) summed over the channels, in double precision.

    Raises:
        SnellenError: they have another shape, or hold NaN or infinity.
    """
    _check(maps)
    return maps.astype(np.float64) if maps.ndim == 3 else maps.sum(axis=1, dtype=np.float64)


def magnitudes(maps: Float[np.ndarray, "n ..."]) -> Float[np.ndarray, "n h w"]:
    """Absolute values of maps (N, H, W), of maps (N, 3, H, W) summed over the channels, in double precision.

    Raises:
        SnellenError: they have another shape, or hold NaN or infinity.
    """
    _check(maps)
    return np.abs(maps, dtype=np.float64) if maps.ndim == 3 else np.abs(maps).sum(axis=1, dtype=np.float64)


def check_maps(maps: Float[np.ndarray, "n ..."], images: tuple[int, ...]) -> None:
    """Nothing, if these are maps of images of the shape (N, 3, H, W).

    Raises:
        SnellenError: they are not, or hold NaN or infinity.
    """
    _check(maps)
    if (maps.shape[0], *maps.shape[-2:]) != (images[0], *images[-2:]):
        raise SnellenError(
            f"got maps of shape {maps.shape} for images of shape {tuple(images)}; expected one map an image, of the image's size"
        )


def _check(maps: np.ndarray) -> None:
    if not (maps.ndim == 3 or (maps.ndim == 4 and maps.shape[1] == 3)) or 0 in maps.shape[1:]:
        raise SnellenError(f"got maps of shape {maps.shape}; expected (N, H, W) or (N, 3, H, W)")
    if not np.isfinite(maps).all():
        raise SnellenError("got maps with NaN or infinity; expected finite numbers: does the model return finite logits?")
