"""What an attack on a map aims at: a number to raise, and its slope in the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
from jaxtyping import Bool, Float

from snellen.methods.trust._answers import descending

Criterion: TypeAlias = Literal["top-k", "mass-centre", "target", "random"]


def attention(sizes: Float[np.ndarray, "n h w"]) -> Float[np.ndarray, "n h w"]:
    """Magnitudes as shares of their sum; evenly spread where all are 0."""
    largest = sizes.max(axis=(1, 2), keepdims=True)
    scaled = np.where(largest > 0, sizes / np.where(largest > 0, largest, 1), 1.0)
    return scaled / scaled.sum(axis=(1, 2), keepdims=True)


def highest(maps: Float[np.ndarray, "n h w"], share: float) -> Bool[np.ndarray, "n h w"]:
    """The share of pixels with the highest values, at least one."""
    return descending(maps) < max(1, round(share * maps.shape[1] * maps.shape[2]))


def centre(maps: Float[np.ndarray, "n h w"]) -> Float[np.ndarray, "n 2"]:
    """Row and column, in pixels, of the centre of the mass of maps that sum to 1."""
    return np.stack([maps.sum(axis=2) @ np.arange(maps.shape[1]), maps.sum(axis=1) @ np.arange(maps.shape[2])], axis=1)


@final
@dataclass(frozen=True)
class Aim:
    """A criterion (ghorbani-2019), as seen from the maps at the start.

    Attributes:
        criterion: "top-k" lowers the share of the pixels that were highest, "mass-centre" moves the centre away, "target" raises
            the share of a region; "random" has no aim of its own and is measured as "top-k".
        origin: the maps at the start, as shares. top: which of their pixels were highest.
        regions: for "target", 1 inside.
    """

    criterion: Criterion
    origin: Float[np.ndarray, "n h w"]
    top: Bool[np.ndarray, "n h w"]
    regions: Float[np.ndarray, "n h w"] | None = None

    def value(self, maps: Float[np.ndarray, "n h w"]) -> Float[np.ndarray, " n"]:
        """The number to raise, of maps that sum to 1."""
        if self.criterion == "mass-centre":
            return ((centre(maps) - centre(self.origin)) ** 2).sum(axis=1)
        return (maps * self._weights).sum(axis=(1, 2))

    def slope(self, maps: Float[np.ndarray, "n h w"]) -> Float[np.ndarray, "n h w"]:
        """How it grows with each magnitude, but for a factor above 0: maps are shares, so that what one gains others lose."""
        if self.criterion == "mass-centre":
            down, right = (centre(maps) - centre(self.origin)).T[:, :, None, None]
            growth = down * np.arange(maps.shape[1])[:, None] + right * np.arange(maps.shape[2])
        else:
            growth = self._weights
        return growth - (growth * maps).sum(axis=(1, 2), keepdims=True)

    @property
    def _weights(self) -> Float[np.ndarray, "n h w"]:
        return -self.top.astype(np.float64) if self.regions is None else self.regions
