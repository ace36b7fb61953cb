"""Which regions an answer needs: hide each in turn and see how far the logit falls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import to_numpy
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked, check_classes
from snellen.methods.explain._black_box import BlackBox
from snellen.methods.explain._patches import patched
from snellen.methods.explain._views import logits_of
from snellen.methods.explain.explanation import Explanation

SOURCE = "zeiler-2014"


@final
@dataclass(frozen=True)
class Occlusion(BlackBox):
    """Fall of the class logit when a square is hidden (zeiler-2014), as the mean over the squares that cover each pixel.

    Of PyTorch networks only what each square reaches is computed again (nakandala-2019), which gives the same logits but for
    rounding.

    Attributes:
        patch: side of the squares in pixels; at most that of the image.
        stride: pixels from one square to the next; the last lie flush with the border.
        fill: what hides: a grey level in [0, 1], "mean" for the mean colour of the image, "patch" for that of the square itself.
    """

    unit: ClassVar[str] = "logits"
    patch: int = 32
    stride: int = 16
    fill: float | Literal["mean", "patch"] = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.patch < 1 or self.stride < 1:
            raise SnellenError(f"got patch {self.patch} and stride {self.stride}; expected 1 pixel or more")
        if isinstance(self.fill, str) and self.fill not in ("mean", "patch"):
            raise SnellenError(f"got fill {self.fill!r}; expected a grey level from 0 to 1, mean or patch")

    def ask(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """See `BlackBox.ask`."""
        height, width = images.shape[2:]
        tops, lefts = starts(height, self.patch, self.stride), starts(width, self.patch, self.stride)
        maps = spread(self.falls(asked, images, classes), (height, width), self.patch, self.stride)
        return Explanation(maps.astype(np.float32), self.unit, where=f"{len(tops)} x {len(lefts)} squares of {self.patch} pixels")

    def falls(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"]
    ) -> Float[np.ndarray, "n rows columns"]:
        """How far the logit falls without each square; that of row r and column c has its corner at `starts` r and c."""
        height, width = images.shape[2:]
        tops, lefts = starts(height, self.patch, self.stride), starts(width, self.patch, self.stride)
        places = np.array([(top, left) for top in tops for left in lefts])
        whole = logits_of(asked, images)
        check_classes(classes, whole.shape[1], asked.model.name)
        hidden = np.stack([self._hidden(asked, images[row], places, target) for row, target in enumerate(classes.tolist())])
        return (whole[np.arange(len(classes)), classes][:, None] - hidden).reshape(-1, len(tops), len(lefts)).astype(np.float64)

    def _hidden(self, asked: Asked, image: Float[Array, "3 h w"], places: Int[np.ndarray, "p 2"], target: int) -> np.ndarray:
        pixels = to_numpy(image)
        height, width = (min(self.patch, side) for side in pixels.shape[1:])
        if self.fill == "patch":
            colours = means(pixels, places, height, width)
        else:
            colour = pixels.mean((1, 2)) if self.fill == "mean" else np.full(3, self.fill)
            colours = np.repeat(colour[None], len(places), axis=0)
        patches = np.broadcast_to(colours.astype(np.float32)[:, :, None, None], (len(places), 3, height, width))
        return to_numpy(patched(asked, image, patches, places[:, 0], places[:, 1]))[:, target]


def means(pixels: np.ndarray, places: np.ndarray, height: int, width: int) -> Float[np.ndarray, "p 3"]:
    """The mean colour of each square, by its corner."""
    sums = np.pad(pixels.astype(np.float64).cumsum(1).cumsum(2), ((0, 0), (1, 0), (1, 0)))
    top, left = places.T
    whole = sums[:, top + height, left + width] - sums[:, top, left + width] - sums[:, top + height, left] + sums[:, top, left]
    return whole.T / (height * width)


def starts(size: int, patch: int, stride: int) -> list[int]:
    """Window positions along one axis, the last one flush with the border."""
    last = max(size - patch, 0)
    return sorted({*range(0, last + 1, stride), last})


def spread(
    maps: Float[np.ndarray, "n rows columns"], size: tuple[int, int], patch: int = 32, stride: int = 16
) -> Float[np.ndarray, "n h w"]:
    """Occlusion scores brought back to pixels: each pixel gets the mean of the windows that covered it."""
    tops, lefts = starts(size[0], patch, stride), starts(size[1], patch, stride)
    covers = [
        np.array([[a <= x < a + patch for a in at] for x in range(n)], float) for at, n in ((tops, size[0]), (lefts, size[1]))
    ]
    total = np.einsum("hr,nrc,wc->nhw", covers[0], maps, covers[1])
    return total / np.maximum(np.outer(covers[0].sum(1), covers[1].sum(1)), 1)
