"""Quantiles of many streams of numbers at once, in the memory of a histogram each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from snellen.core import SnellenError

BINS = 4096


@final
@dataclass
class Quantiles:
    """A histogram for each of U units, which widens as numbers come in: pairs of bins become one.

    A quantile is read off within its bin, so that it is wrong by less than the bin's width, `error`: at most 4 / 4096 of the range
    of the unit's numbers. The order in which numbers come in changes no more than that.
    """

    low: Float[Tensor, " u"] = field(default_factory=lambda: torch.empty(0, dtype=torch.float64))
    width: Float[Tensor, " u"] = field(default_factory=lambda: torch.empty(0, dtype=torch.float64))
    counts: Int[Tensor, "u b"] = field(default_factory=lambda: torch.empty((0, BINS), dtype=torch.int64))

    def add(self, numbers: Float[Tensor, "u m"]) -> None:
        """Count M more numbers of each unit.

        Raises:
            SnellenError: one is NaN or infinite.
        """
        if not numbers.shape[1]:
            return
        least, most = numbers.amin(1).double(), numbers.amax(1).double()
        if not bool((least.isfinite() & most.isfinite()).all()):
            raise SnellenError("got activations that are NaN or infinite; expected numbers")
        if not len(self.low):
            self.low, self.width = least, self._least_width((most - least) / BINS, least, most)
            self.counts = torch.zeros((len(numbers), BINS), dtype=torch.int64, device=numbers.device)
        self._widen(least, most)
        bins = ((numbers.double() - self.low[:, None]) / self.width[:, None]).long().clamp_(0, BINS - 1)
        self.counts.scatter_add_(1, bins, torch.ones((), dtype=torch.int64, device=bins.device).expand_as(bins))

    def exceeded_by(self, share: float) -> tuple[Float[Tensor, " u"], Float[Tensor, " u"]]:
        """The number that this share of each unit's numbers exceed, and by how much it can be wrong.

        Raises:
            SnellenError: there are no numbers.
        """
        if not len(self.low):
            raise SnellenError("got no images; expected some")
        below = self.counts.cumsum(1).double()
        wanted = (1 - share) * below[:, -1:]
        bins = torch.searchsorted(below, wanted).clamp_(max=BINS - 1)
        own = self.counts.gather(1, bins).double().clamp_min(1)
        within = 1 - (below.gather(1, bins) - wanted) / own
        return self.low + self.width * (bins + within)[:, 0], self.width.clone()

    def _widen(self, least: Float[Tensor, " u"], most: Float[Tensor, " u"]) -> None:
        """Merge pairs of bins of units whose numbers lie outside, until they do not."""
        while bool((above := most > self.low + self.width * BINS).any()):
            self._fold(above, up=True)
        while bool((below := least < self.low).any()):
            self._fold(below, up=False)

    def _fold(self, units: Tensor, up: bool) -> None:
        merged = self.counts[units].unflatten(1, (BINS // 2, 2)).sum(2)
        empty = torch.zeros_like(merged)
        self.counts[units] = torch.cat([merged, empty] if up else [empty, merged], 1)
        if not up:
            self.low[units] -= self.width[units] * BINS
        self.width[units] *= 2

    @staticmethod
    def _least_width(width: Tensor, least: Tensor, most: Tensor) -> Tensor:
        """Wide enough to be told apart from nothing beside numbers of this size; units may be constant at first."""
        return torch.maximum(width, 1e-12 * torch.maximum(least.abs(), most.abs()).clamp_min(1e-12))
