"""Guided backpropagation: only what is positive, forwards and backwards, goes back through a rectifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from torch import Tensor

from snellen.methods.explain._rectified import Backwards

SOURCE = "springenberg-2014"


@final
@dataclass(frozen=True)
class GuidedBackpropagation(Backwards):
    """Rectifiers let back what is positive where they let something through forwards (springenberg-2014).

    Maps hardly change when a network's weights do (adebayo-2018): they show edges more than what the network goes by.
    """

    @staticmethod
    def rule(back: Tensor, passed: Tensor) -> Tensor:
        """See `Backwards.rule`."""
        return back.clamp_min(0) * passed
