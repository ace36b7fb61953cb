"""Blur with pixels displaced at random, as behind frosted glass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from snellen.methods.perturb.corruptions._each import each
from snellen.methods.perturb.corruptions._gaussian import blurred
from snellen.methods.perturb.corruptions._severities import severities

SOURCE = "hendrycks-2019"
LEVELS = severities((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2))
LEVELS_64 = severities((0.1, 1, 1), (0.5, 1, 1), (0.6, 1, 2), (0.7, 2, 1), (0.9, 2, 2))
LEVELS_32 = severities((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2))


def glass_blur(images: Float[Tensor, "n 3 h w"], amount: tuple[float, int, int], keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Gaussian blur, truncated to 8 bits; pixels copied from nearby; Gaussian blur again (hendrycks-2019).

    `amount` is the sigma of the blurs in pixels, the reach of the copies in pixels, and how many passes of copies there are.
    The copies are those of `np.random.seed(key % 2**32)` in the published code.
    """
    sigma, reach, passes = amount
    height, width = images.shape[2:]
    first = (blurred(images, sigma) * 255 + 1e-4).floor_().flatten(2)
    source = sources(height, width, reach, passes, [key % (1 << 32) for key in keys])
    index = torch.from_numpy(source).to(images.device)[:, None].expand(-1, 3, -1)
    return blurred(first.gather(2, index).reshape(images.shape).div_(255), sigma)


def sources(height: int, width: int, reach: int, passes: int, seeds: Sequence[int]) -> Int64[np.ndarray, "n pixels"]:
    """Where each pixel's value comes from, as indices of the flat image, after all passes; one row a seed.

    A pass visits the pixels from the lower right to the upper left, `reach` from the border, and copies to each the pixel at an
    offset uniform in [-reach, reach) along both axes. A pixel visited before has its new value by then, so that a copy may be a
    copy of a copy: chains of copies are followed to their end by pointer doubling.
    """
    everywhere = np.arange(height * width)
    visited = slice(reach + 1, height - reach + 1), slice(reach + 1, width - reach + 1)
    rows, columns = everywhere.reshape(height, width)[visited].shape

    def source(seed: int) -> Int64[np.ndarray, " pixels"]:
        draws, found = np.random.RandomState(seed), everywhere
        for _ in range(passes if rows and columns else 0):
            offsets = draws.randint(-reach, reach, size=(rows, columns, 2), dtype=np.int32)[::-1, ::-1]
            ways = offsets[..., 1] * width + offsets[..., 0]
            step, goes_on = everywhere.copy(), np.zeros(height * width, bool)
            step.reshape(height, width)[visited] += ways
            goes_on.reshape(height, width)[visited] = ways > 0
            _follow(step, goes_on)
            found = found[step]
        return found

    return np.stack(each(source, seeds))


def _follow(step: np.ndarray, goes_on: np.ndarray) -> None:
    """Brings every step to the end of its chain; a chain goes on from the pixels where `goes_on`."""
    active = np.flatnonzero(goes_on)
    while len(active):
        onward = step[active]
        step[active], still = step[onward], goes_on[onward]
        goes_on[active] = still
        active = active.compress(still)
