"""The orthonormal two-dimensional DCT-II and its K x K bands, by thin matrices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import final

import numpy as np
from jaxtyping import Float

from snellen.arrays import like
from snellen.core import Array, SnellenError


@cache
def matrix(size: int) -> Float[np.ndarray, "s s"]:
    """The orthonormal DCT-II of `size` points: row k is the k-th cosine."""
    k, x = np.arange(size)[:, None], np.arange(size)[None, :]
    cosines = np.sqrt(2 / size) * np.cos(np.pi * k * (2 * x + 1) / (2 * size))
    cosines[0] /= np.sqrt(2)
    return cosines


@final
@dataclass(frozen=True)
class Band:
    """The `width` x `width` coefficients from `start` on, down and across, in every channel (ortiz-jimenez-2020)."""

    start: int
    width: int

    def coefficients(self, images: Float[Array, "*n h w"]) -> Float[Array, "*n k k"]:
        """The coordinates of images in the band: two thin products, no dense basis."""
        rows, columns = self._thin(images)
        return rows @ images @ columns.T

    def image(self, coefficients: Float[Array, "*n k k"], height: int, width: int) -> Float[Array, "*n h w"]:
        """The image of those coordinates, all others zero."""
        rows, columns = (like(self._rows(side), coefficients) for side in (height, width))
        return rows.T @ coefficients @ columns

    def project(self, images: Float[Array, "*n h w"]) -> Float[Array, "*n h w"]:
        """The orthogonal projection of images onto the band."""
        rows, columns = self._thin(images)
        return rows.T @ (rows @ images @ columns.T) @ columns

    def _thin(self, images: Array) -> tuple[Array, Array]:
        height, width = images.shape[-2:]
        return like(self._rows(height), images), like(self._rows(width), images)

    def _rows(self, side: int) -> np.ndarray:
        if not 0 <= self.start < self.start + self.width <= side:
            raise SnellenError(
                f"got the band from {self.start} to {self.start + self.width} for a side of {side}; expected one within 0 to {side}"
            )
        return matrix(side)[self.start : self.start + self.width]


def diagonal(side: int, width: int, step: int) -> tuple[Band, ...]:
    """The bands along the diagonal of the spectrum, from low to high frequencies (ortiz-jimenez-2020)."""
    return tuple(Band(start, width) for start in range(0, side - width + 1, step))
