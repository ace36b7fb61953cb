"""How much the active places of units and the masks of concepts overlap, summed over images."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float
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
        self._masked += masks.sum((0, 2, 3))
        labelled = masks.any((2, 3)) @ self._member
        present = np.flatnonzero(masks.any((0, 2, 3)))
        flat = torch.as_tensor(masks[:, present].reshape(count, len(present), -1)).to(maps)
        wanted = torch.cat([flat, torch.ones_like(flat[:, :1])], 1).transpose(1, 2)
        size = max(1, BUDGET // (4 * count * masks[0, 0].size))
        for start in range(0, units, size):
            part = slice(start, min(start + size, units))
            large = F.interpolate(maps[:, part], masks.shape[2:], mode="bilinear", align_corners=False)
            counts = to_numpy(large.gt_(thresholds[part, None, None]).flatten(2) @ wanted).astype(np.float64)
            self.active[part] += counts[:, :, -1].sum(0)
            self._of_kind[part] += counts[:, :, -1].T @ labelled
            self._both[part, present] += counts[:, :, :-1].sum(0)

    def iou(self) -> Float[np.ndarray, "u k"]:
        """Intersection over union; 0 where there is neither mask nor activity."""
        union = self._of_kind[:, self._kind] + self._masked - self._both
        return self._both / np.maximum(union, 1)
