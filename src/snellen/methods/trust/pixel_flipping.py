"""How fast the answer goes when what a map holds for relevant is replaced with noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import uniform
from snellen.core import Array, Model, SnellenError
from snellen.methods.asked import Asked, check_batch, class_indices
from snellen.methods.method import Method
from snellen.methods.trust._answers import descending, logit, replaced
from snellen.methods.trust._maps import check_maps, summed

SOURCE = "samek-2017"


@final
@dataclass(frozen=True)
class Flipped:
    """The class logit along the way.

    Attributes:
        regions: (S + 1,), how many are replaced at each step, from 0.
        first, last: (N, S + 1), logits, when the most or the least relevant regions are replaced first.
        fall_first, fall_last: (N,), in logits: the mean over the steps of how far the logit has fallen. A true map has a large
            and a small one.
        forwards: images passed forward in all.
    """

    regions: Int[np.ndarray, " steps"]
    first: Float[np.ndarray, "n steps"]
    last: Float[np.ndarray, "n steps"]
    fall_first: Float[np.ndarray, " n"]
    fall_last: Float[np.ndarray, " n"]
    forwards: int


@final
@dataclass(frozen=True)
class PixelFlipping(Method):
    """Region perturbation (samek-2017): squares, by the sum of the map in them, are replaced with uniform noise of the image's key.

    With a side of 1 this is the pixel flipping of bach-2015. Squares at the right and the lower border may be cut.

    Attributes:
        side: of the squares, in pixels.
        steps: squares replaced, one at a time; all of them where there are fewer.
    """

    black_box = True
    side: int = 9
    steps: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.side < 1 or self.steps < 1:
            raise SnellenError(f"got {self}; expected a side of one pixel or more and one step or more")

    def __call__(
        self,
        model: Model,
        images: Float[Array, "n 3 h w"],
        classes: Int[np.ndarray, " n"],
        maps: Float[np.ndarray, "n ..."],
        keys: Sequence[int] | None = None,
    ) -> Flipped:
        """Native images, the class of each, maps (N, H, W) or (N, 3, H, W), summed over channels, and keys → curves.

        Raises:
            SnellenError: images, classes, maps or keys are not what is expected, or the model fails.
        """
        classes, keys = class_indices(classes), list(range(len(images))) if keys is None else list(keys)
        check_batch(images, classes, keys)
        check_maps(maps, tuple(images.shape))
        asked, sums = Asked(model), _sums(summed(maps), self.side)
        noise = uniform(keys, tuple(images.shape[1:]), images) if keys else images
        regions = np.arange(min(self.steps, sums.shape[1] * sums.shape[2]) + 1)
        first, last = (
            replaced(asked, images, noise, self._ranks(relevance, tuple(images.shape[2:])), regions, classes, logit)
            for relevance in (sums, -sums)
        )
        falls = [(curve[:, :1] - curve).mean(axis=1) for curve in (first, last)]
        return Flipped(regions, first, last, falls[0], falls[1], asked.forwards)

    def _ranks(self, relevance: np.ndarray, size: tuple[int, ...]) -> Int[np.ndarray, "n h w"]:
        """That of its region, for each pixel."""
        large = descending(relevance).repeat(self.side, axis=1).repeat(self.side, axis=2)
        return large[:, : size[0], : size[1]]


def _sums(maps: np.ndarray, side: int) -> Float[np.ndarray, "n rows columns"]:
    starts = [np.arange(0, size, side) for size in maps.shape[1:]]
    return np.add.reduceat(np.add.reduceat(maps, starts[0], axis=1), starts[1], axis=2)
