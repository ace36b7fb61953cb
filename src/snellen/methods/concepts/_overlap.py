"""How much the active places of units and the masks of concepts overlap, summed over images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from snellen.arrays import to_numpy

BUDGET = 1 << 28
"""Bytes of enlarged maps at the same time."""


class Overlap:
    """Pixels counted so far, for U units, K concepts and the categories these belong to.

    Attributes:
        seen: images. pixels: of all of their masks. active: (U,), those of them where a unit is active.
        apart: whether counts are kept for each image, so that images can be drawn again.
    """

    def __init__(self, categories: tuple[str, ...], apart: bool = False) -> None:
        self.apart = apart
        self._each: list[_Some] = []
        kinds = list(dict.fromkeys(categories))
        self._kind = np.array([kinds.index(category) for category in categories])
        self._member = self._kind[:, None] == np.arange(len(kinds))
        self.seen, self.pixels = 0, 0
        self.active: Float[np.ndarray, " u"] = np.zeros(0)
        self._of_kind = self._both = np.zeros((0, 0))
        self._masked = np.zeros(len(categories))

    def add(self, maps: Float[Tensor, "n u a b"], masks: Bool[np.ndarray, "n k c d"], thresholds: Float[Tensor, " u"]) -> None:
        """Count some more images."""
        count, units = maps.shape[:2]
        if not len(self.active):
            self.active = np.zeros(units)
            self._of_kind, self._both = np.zeros((units, self._member.shape[1])), np.zeros((units, len(self._kind)))
        self.seen, self.pixels = self.seen + count, self.pixels + count * masks[0, 0].size
        there = masks.reshape(count, len(self._kind), -1).any(2)
        labelled = there @ self._member
        columns, strong = to_numpy(_foremost(torch.as_tensor(there))), _foremost(maps.amax((2, 3)) > thresholds)
        wanted = maps.new_ones((count, columns.shape[1] + 1, masks[0, 0].size))
        wanted[:, :-1] = torch.as_tensor(masks[np.arange(count)[:, None], columns]).flatten(2)
        np.add.at(self._masked, columns, to_numpy(wanted[:, :-1].sum(2)))
        present, images = np.unique(columns), np.arange(count)[:, None]
        place, each = (
            np.searchsorted(present, columns),
            np.zeros((count, units, len(present) + 1), np.float32) if self.apart else None,
        )
        size = max(1, BUDGET // (4 * count * masks[0, 0].size))
        for start in range(0, strong.shape[1], size):
            part = strong[:, start : start + size]
            own = maps[torch.arange(count, device=maps.device)[:, None], part]
            large = F.interpolate(own, masks.shape[2:], mode="bilinear", align_corners=False)
            counts = to_numpy(large.gt_(thresholds[part][:, :, None, None]).flatten(2) @ wanted.transpose(1, 2)).astype(np.float64)
            rows = to_numpy(part)
            np.add.at(self.active, rows, counts[:, :, -1])
            np.add.at(self._of_kind, rows, counts[:, :, -1:] * labelled[:, None])
            np.add.at(self._both, (rows[:, :, None], columns[:, None]), counts[:, :, :-1])
            if each is not None:
                each[images, rows, -1] = counts[:, :, -1]
                each[images[:, :, None], rows[:, :, None], place[:, None]] = counts[:, :, :-1]
        if each is not None:
            self._each.append(_Some(present, each, labelled, masks.sum((2, 3))))

    def iou(self) -> Float[np.ndarray, "u k"]:
        """Intersection over union; 0 where there is neither mask nor activity."""
        union = self._of_kind[:, self._kind] + self._masked - self._both
        return self._both / np.maximum(union, 1)

    def redrawn(self, weights: Float[np.ndarray, "b n"]) -> tuple[Float[np.ndarray, "b u"], Int[np.ndarray, "b u"]]:
        """The largest IoU of each unit and its concept, were each image there as often as each row of weights says."""
        draws, units = len(weights), len(self.active)
        weights = weights.astype(np.float32)
        fit, best = np.empty((draws, units), np.float32), np.empty((draws, units), np.int64)
        masked = weights @ np.concatenate([some.masked for some in self._each]).astype(np.float32)
        size = max(1, BUDGET // (4 * max(draws, len(weights[0])) * len(self._kind)))
        for start in range(0, units, size):
            part = slice(start, min(start + size, units))
            both, of_kind = (
                np.concatenate(one) for one in zip(*(some.of(part, len(self._kind)) for some in self._each), strict=True)
            )
            shared = np.tensordot(weights, both, 1)
            union = np.tensordot(weights, of_kind, 1)[:, :, self._kind] + masked[:, None] - shared
            iou = shared / np.maximum(union, 1)
            fit[:, part], best[:, part] = iou.max(2), iou.argmax(2)
        return fit, best


@final
@dataclass(frozen=True)
class _Some:
    """Counts of n images.

    Attributes:
        present: (p,), the concepts that are in any of them.
        counts: (n, U, p + 1), pixels where units are active and these are masked, and where they are active at all.
        labelled: (n, C), whether there is a concept of a category. masked: (n, K), pixels of each concept.
    """

    present: Int[np.ndarray, " p"]
    counts: Float[np.ndarray, "n u q"]
    labelled: Bool[np.ndarray, "n c"]
    masked: Int[np.ndarray, "n k"]

    def of(self, units: slice, concepts: int) -> tuple[Float[np.ndarray, "n v k"], Float[np.ndarray, "n v c"]]:
        """Of some units: pixels shared with each concept, and pixels where they are active in images that count for a category."""
        counts = self.counts[:, units]
        both = np.zeros((*counts.shape[:2], concepts), np.float32)
        both[:, :, self.present] = counts[:, :, :-1]
        return both, counts[:, :, -1:] * self.labelled[:, None].astype(np.float32)


def _foremost(marked: Bool[Tensor, "n m"]) -> Int[Tensor, "n k"]:
    """Columns for each row: all that are marked in it, then others, as many in all as the row with most marks has.

    Of concepts that an image lacks and of units that are nowhere active in it there is nothing to count, and they are most.
    """
    return marked.byte().argsort(dim=1, descending=True, stable=True)[:, : int(marked.sum(1).max())]
