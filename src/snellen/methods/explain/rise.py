"""RISE: the mean of random masks, weighed by the answers to what they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import keyed, like, namespace
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.explain._samples import mixed
from snellen.methods.explain._scored import Scored, check_fill
from snellen.methods.explain._views import add, batches, picked
from snellen.methods.explain.explanation import Explanation
from snellen.methods.perturb.draws import generators

SOURCE = "petsiuk-2018"


@final
@dataclass(frozen=True)
class Rise(Scored):
    """The sum of score times mask over `samples` times `shown` (petsiuk-2018): the mean score where a pixel is shown.

    A mask is a grid of ones and zeros, made a cell larger than the image by bilinear interpolation and cropped at random. Values
    are about the score of what masks show on average, and differ little from pixel to pixel: their order is what counts.

    Attributes:
        samples: masks, each of which costs one pass.
        cells: of the grid, along each side.
        shown: the probability of a one, above 0 and below 1.
        fill: what hides: a grey level in [0, 1] or the "mean" colour of the image.
    """

    samples: int = 2000
    cells: int = 8
    shown: float = 0.5
    fill: float | Literal["mean"] = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fill(self.fill, ("mean",))
        if self.samples < 2 or self.cells < 1 or not 0 < self.shown < 1:
            raise SnellenError(f"got {self}; expected two samples or more, one cell or more and shown above 0 and below 1")

    def ask(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """See `BlackBox.ask`."""
        n, _, height, width = images.shape
        sides = (interpolation(height, self.cells), interpolation(width, self.cells))
        grids, tops, lefts = (
            np.stack(parts) for parts in zip(*(self._draw(seed, sides) for seed in keyed(keys, self.name)), strict=True)
        )
        first, second = np.zeros((n, height * width)), np.zeros((n, height * width))
        xp, hidden = namespace(images), self._hidden(images)
        for rows, numbers in batches(asked.model, images, np.full(n, self.samples)):
            down = like(sides[0][tops[rows, numbers][:, None] + np.arange(height)], images)
            right = like(sides[1][lefts[rows, numbers][:, None] + np.arange(width)].swapaxes(1, 2), images)
            masks = xp.matmul(xp.matmul(down, like(grids[rows, numbers].astype(np.float32), images)), right)
            scores = self.scores(asked, mixed(masks, picked(images, rows), picked(hidden, rows)), classes[rows])
            flat = xp.reshape(masks, (len(rows), -1))
            add(first, rows, scores / self.samples, flat)
            add(second, rows, scores**2 / self.samples, flat**2)
        error = np.sqrt(np.maximum(second - first**2, 0) / (self.samples - 1))
        maps, errors = ((part / self.shown).reshape(n, height, width).astype(np.float32) for part in (first, error))
        return Explanation(maps, self.unit, errors, where=f"{self.samples} masks of {self.cells} x {self.cells} cells")

    def _draw(self, seed: int, sides: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The grids of an image and where its masks are cropped."""
        (rng,) = generators([seed])
        grids = rng.random((self.samples, self.cells, self.cells), dtype=np.float32) < self.shown
        tops, lefts = (rng.integers(0, len(side) // (self.cells + 1), self.samples) for side in sides)
        return grids, tops, lefts

    def _hidden(self, images: Float[Array, "n 3 h w"]) -> Float[Array, "n 3 1 1"]:
        xp = namespace(images)
        if self.fill == "mean":
            return xp.mean(images, axis=(2, 3), keepdims=True)
        return xp.full_like(images[:, :, :1, :1], self.fill)


def interpolation(size: int, cells: int) -> Float[np.ndarray, "fine cells"]:
    """Bilinear shares of the cells, mirrored at the border, at `cells` + 1 times as many places as a cell has pixels."""
    fine = (cells + 1) * -(-size // cells)
    places = np.abs((np.arange(fine) + 0.5) * cells / fine - 0.5)
    places = np.clip(cells - 1 - np.abs(cells - 1 - places), 0, None)
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(cells))).astype(np.float32)
