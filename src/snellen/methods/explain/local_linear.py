"""The slopes of a linear model of the answers to an image under normal noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np
from array_api_compat import device
from jaxtyping import Float, Int

from snellen.arrays import keyed, like, namespace
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.explain._least_squares import least_squares, standard_error
from snellen.methods.explain._samples import sampled
from snellen.methods.explain._scored import Scored
from snellen.methods.explain._views import picked
from snellen.methods.explain.explanation import Explanation
from snellen.methods.perturb.draws import generators

SOURCE = "agarwal-2021"


@final
@dataclass(frozen=True)
class LocalLinear(Scored):
    """Least squares of the score on normal noise added to the image (agarwal-2021), which needs no gradients.

    All pixels of a cell get the same noise, each colour its own; a value is the slope of the cell, over its number of pixels. Noise
    comes in pairs of opposite sign, so that what is even in it cancels. With cells of one pixel the map is the gradient, averaged
    as SmoothGrad does over noise of this size: the smaller `sigma`, the nearer to the gradient at the image. Copies are not
    clipped. Errors are over pairs (mackinnon-1985).

    Attributes:
        samples: copies, more than two for each colour of each cell; each costs one pass.
        cell: side of the cells in pixels; those at the right and lower border may be smaller.
        sigma: the deviation of the noise, in units of pixel value.
    """

    signed: ClassVar[bool] = False
    per: ClassVar[str] = " per unit of pixel value"
    score: Literal["probability", "logit"] = "logit"
    samples: int = 1000
    cell: int = 32
    sigma: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.samples < 4 or self.samples % 2 or self.cell < 1 or self.sigma <= 0:
            raise SnellenError(f"got {self}; expected an even number of samples from 4, cells of 1 pixel or more and sigma above 0")

    def ask(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """See `BlackBox.ask`."""
        n, _, height, width = images.shape
        tops, lefts = np.arange(height) // self.cell, np.arange(width) // self.cell
        shape = (3, int(tops[-1]) + 1, int(lefts[-1]) + 1)
        half, seeds, slopes = self._pairs(shape), keyed(keys, self.name), int(np.prod(shape))
        xp, sizes = namespace(images), np.outer(np.bincount(tops), np.bincount(lefts))
        down, right = (xp.asarray(at, device=device(images)) for at in (tops, lefts))

        def draw(row: int) -> np.ndarray:
            noise = generators([seeds[row]])[0].standard_normal((half, *shape), dtype=np.float32)
            return np.concatenate([noise, -noise])

        def score(rows: np.ndarray, noise: np.ndarray) -> np.ndarray:
            added = xp.take(xp.take(like(self.sigma * noise, images), right, axis=3), down, axis=2)
            return self.scores(asked, picked(images, rows) + added, classes[rows])

        maps, errors = np.zeros((2, n, *shape), np.float32)
        for row, noise, scores in sampled(asked, images, np.full(n, self.samples), draw, score):
            design = noise[:half].reshape(half, slopes).astype(np.float64)
            fit = least_squares(design, (scores[:half] - scores[half:]) / 2, np.ones(half), np.zeros(slopes))
            maps[row], errors[row] = (part.reshape(shape) / sizes / self.sigma for part in (fit.values, standard_error(fit.parts)))
        maps, errors = (part[:, :, tops[:, None], lefts] for part in (maps, errors))
        return Explanation(maps, self.unit, errors, where=f"{shape[1]} x {shape[2]} cells of {self.cell} pixels")

    def _pairs(self, shape: tuple[int, int, int]) -> int:
        slopes = int(np.prod(shape))
        if self.samples // 2 <= slopes:
            raise SnellenError(
                f"got {self.samples} samples for {shape[1]} x {shape[2]} cells of {shape[0]} colours; expected more than "
                f"{2 * slopes}: give more samples or a larger cell"
            )
        return self.samples // 2
