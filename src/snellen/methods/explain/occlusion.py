"""Which regions an answer needs: hide each in turn and see how far the logit falls."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import to_numpy
from snellen.core import Model


def occlusion(
    model: Model,
    images: Float[np.ndarray, "n 3 h w"],
    classes: Int[np.ndarray, " n"],
    patch: int = 32,
    stride: int = 16,
    fill: float = 0.5,
    batch: int = 16,
) -> Float[np.ndarray, "n rows columns"]:
    """Fall of the class logit when a `patch`-pixel square is filled with grey, for windows every `stride` pixels (zeiler-2014).

    `images` in [0, 1]; positive values are regions that spoke for the class, in logits. The window at row r and column c
    covers pixels from (r * stride, c * stride). Works on any model: rows * columns + 1 passes an image.
    """
    tops, lefts = starts(images.shape[2], patch, stride), starts(images.shape[3], patch, stride)
    windows = [(top, left) for top in tops for left in lefts]
    scores = np.stack(
        [_scores(model, image, int(target), windows, patch, fill, batch) for image, target in zip(images, classes, strict=True)]
    )
    return (scores[:, :1] - scores[:, 1:]).reshape(len(images), len(tops), len(lefts))


def _scores(
    model: Model, image: np.ndarray, target: int, windows: list[tuple[int, int]], patch: int, fill: float, batch: int
) -> Float[np.ndarray, " views"]:
    """The logit of the image as it is, then with each window hidden; batches of one size, the last filled up."""
    views: list[tuple[int, int] | None] = [None, *windows]
    out = []
    for start in range(0, len(views), batch):
        shown = np.repeat(image[None], batch, axis=0)
        for place, window in enumerate(views[start : start + batch]):
            if window is not None:
                top, left = window
                shown[place, :, top : top + patch, left : left + patch] = fill
        out.append(to_numpy(model.logits(model.asarray(shown)))[:, target])
    return np.concatenate(out)[: len(views)].astype(float)


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
