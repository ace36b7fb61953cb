"""How much the active places of units and the masks of concepts overlap, summed over images."""

from __future__ import annotations

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
    """

    def __init__(self, categories: tuple[str, ...]) -> None:
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

    def iou(self) -> Float[np.ndarray, "u k"]:
        """Intersection over union; 0 where there is neither mask nor activity."""
        union = self._of_kind[:, self._kind] + self._masked - self._both
        return self._both / np.maximum(union, 1)


def _foremost(marked: Bool[Tensor, "n m"]) -> Int[Tensor, "n k"]:
    """Columns for each row: all that are marked in it, then others, as many in all as the row with most marks has.

    Of concepts that an image lacks and of units that are nowhere active in it there is nothing to count, and they are most.
    """
    return marked.byte().argsort(dim=1, descending=True, stable=True)[:, : int(marked.sum(1).max())]
