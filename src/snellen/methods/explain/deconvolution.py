"""Deconvolution: what goes back is rectified, whatever went forwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from torch import Tensor

from snellen.methods.explain._rectified import Backwards

SOURCE = "zeiler-2014"


@final
@dataclass(frozen=True)
class Deconvolution(Backwards):
    """Rectifiers rectify what comes back, wherever it comes (zeiler-2014); pooling goes back to where its maximum was.

    Maps hardly change when a network's weights do (adebayo-2018): they show edges more than what the network goes by.
    """

    @staticmethod
    def rule(back: Tensor, passed: Tensor) -> Tensor:
        """See `Backwards.rule`."""
        return back.clamp_min(0)
