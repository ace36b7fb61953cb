"""Attacks that look for a change within a given size."""

from __future__ import annotations

import math
from dataclasses import dataclass

from snellen.core import SnellenError
from snellen.methods.attack.attack import Norm
from snellen.methods.attack.search import Search


@dataclass(frozen=True)
class Ball(Search):
    """A search among the images in [0, 1] that differ from an image by at most `epsilon`.

    Attributes:
        norm: linf, l2 or l1: how the size of a change is measured, over all pixel values of an image.
        epsilon: the largest change, pixel values being in [0, 1].

    Raises:
        SnellenError: a setting is out of range.
    """

    norm: Norm = "linf"
    epsilon: float = 8 / 255

    def __post_init__(self) -> None:
        if self.norm not in ("linf", "l2", "l1"):
            raise SnellenError(f"got norm {self.norm!r} for {self.name}; expected linf, l2 or l1")
        if not 0 < self.epsilon < math.inf:
            raise SnellenError(f"got epsilon {self.epsilon} for {self.name}; expected a number above 0, such as 8/255")
        for field, least in (("steps", 1), ("restarts", 1), ("targets", 1), ("queries", 1)):
            if getattr(self, field, least) < least:
                raise SnellenError(f"got {field} {getattr(self, field)} for {self.name}; expected {least} or more")
        super().__post_init__()
