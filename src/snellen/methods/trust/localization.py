"""Whether a map points at the thing, where it is known which pixels show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import distance_transform_edt

from snellen.core import SnellenError
from snellen.methods.trust._maps import summed

SOURCE = "zhang-2016"


@final
@dataclass(frozen=True)
class Localized:
    """How well each of N maps finds what its mask shows, beside a map of random numbers.

    Attributes:
        pointing: (N,), 1 where the highest value lies inside, 0 where not; of several highest values the share that does.
        pointing_chance: (N,), of a random map: the area of the mask, widened by the tolerance, as a share of the image.
        mass: (N,), in [0, 1], the share of the map's positive values that lies inside; the chance level if it has none.
        mass_chance: (N,), of a random map: the area of the mask as a share of the image.
    """

    pointing: Float[np.ndarray, " n"]
    pointing_chance: Float[np.ndarray, " n"]
    mass: Float[np.ndarray, " n"]
    mass_chance: Float[np.ndarray, " n"]


def localization(
    maps: Float[np.ndarray, "n ..."], masks: Bool[np.ndarray, "n h w"] | Float[np.ndarray, "n h w"], tolerance: float = 0.0
) -> Localized:
    """The pointing game (zhang-2016, who tolerate 15 pixels) and the mass accuracy (arras-2022) of maps (N, H, W) or (N, 3, H, W).

    Maps are summed over channels. `masks` are in [0, 1]; for the pointing game a pixel is inside from one half on. `tolerance` is
    how many pixels beside the mask the highest value may lie.

    Raises:
        SnellenError: maps and masks do not go together, or the tolerance is negative.
    """
    signed, inside = summed(maps), np.asarray(masks, np.float64)
    if inside.shape != signed.shape or not ((inside >= 0) & (inside <= 1)).all():
        raise SnellenError(f"got masks of shape {masks.shape} for maps of shape {maps.shape}; expected (N, H, W) in [0, 1]")
    if not tolerance >= 0:
        raise SnellenError(f"got a tolerance of {tolerance} pixels; expected 0 or more")
    near = _widened(inside >= 0.5, tolerance)
    highest = signed == signed.max(axis=(1, 2), keepdims=True)
    positive = np.maximum(signed, 0)
    # Scaled, so that sums of the largest numbers are finite and those of the smallest are not lost.
    positive /= np.maximum(positive.max(axis=(1, 2), keepdims=True), np.finfo(float).tiny)
    total, chance = positive.sum(axis=(1, 2)), inside.mean(axis=(1, 2))
    mass = np.where(total > 0, (positive * inside).sum(axis=(1, 2)) / np.where(total > 0, total, 1), chance)
    pointing = (highest & near).sum(axis=(1, 2)) / highest.sum(axis=(1, 2))
    return Localized(pointing, near.mean(axis=(1, 2)), mass, chance)


def _widened(masks: np.ndarray, tolerance: float) -> np.ndarray:
    """Each mask with the pixels up to `tolerance` beside it; an empty one stays empty."""
    if not tolerance or not masks.size:
        return masks
    apart = 1.0 + np.hypot(*masks.shape[1:]) + tolerance  # further than any pixel of the same image, so that images do not mix
    return np.asarray(distance_transform_edt(~masks, sampling=(apart, 1.0, 1.0))) <= tolerance if masks.any() else masks
