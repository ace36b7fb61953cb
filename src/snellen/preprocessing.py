"""What happens between an image file and a model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from snellen.errors import SnellenError

LARGEST_SIDE = 10_000
"""Pixels: of the images that a model is shown."""

Interpolation: TypeAlias = Literal["nearest", "bilinear", "bicubic", "lanczos", "box"]


@dataclass(frozen=True)
class Preprocessing:
    """What happens between an image file and the model: it belongs to the model and is printed in every report.

    An image that already has `size` is never resized; one that is square and smaller is enlarged whole (it was cropped by
    whoever made it); any other has its shorter side brought to `resize` and its centre cropped. `mean` and `std` are for
    values in [0, 1], in RGB order, and are applied inside the model.

    Raises:
        SnellenError: a side is not from 1 to `LARGEST_SIDE`, or a mean or standard deviation cannot be.
    """

    size: tuple[int, int]
    resize: int | None = None
    interpolation: Interpolation = "bilinear"
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    channels: Literal["RGB", "BGR"] = "RGB"

    def __post_init__(self) -> None:
        height, width = self.size
        resized = height if self.resize is None else self.resize
        if not all(1 <= side <= LARGEST_SIDE for side in (height, width, resized)):
            said = f"got images of {height}x{width} pixels, resized to {resized}"
            raise SnellenError(f"{said}; expected sides from 1 to {LARGEST_SIDE:,}")
        if not all(map(math.isfinite, (*self.mean, *self.std))) or not min(self.std) > 0:
            raise SnellenError(f"got mean {self.mean} and std {self.std}; expected finite numbers, and std above 0")

    def describe(self) -> str:
        """One sentence for people."""
        height, width = self.size
        if self.resize is None:
            fit = f"resized to {height}x{width} ({self.interpolation})"
        else:
            fit = f"shorter side to {self.resize} ({self.interpolation}), centre {height}x{width} kept"
        numbers = ", ".join(f"{m:.4g}/{s:.4g}" for m, s in zip(self.mean, self.std, strict=True))
        return f"{fit}; images already {height}x{width} untouched; values in [0, 1], mean/std {numbers}; {self.channels}"
