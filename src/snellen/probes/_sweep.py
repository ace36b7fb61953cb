"""A perturbation of one's own and its levels."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from snellen.core import Array, Condition
from snellen.methods.perturb.grey import as_shown, to_colour
from snellen.probes import code
from snellen.probes._curve import Curve
from snellen.probes._levels import Levels


@dataclass(frozen=True)
class Sweep(Levels):
    """Show every image under each level of one perturbation; the first level is the undistorted one.

    A subclass names its `levels` (text, amount), an `axis` label and how to `change` images; and, where people were asked, the
    `published` data set whose conditions are these levels, and `human`: what share of their accuracy they kept, and who they were.
    """

    levels: ClassVar[tuple[tuple[str, float], ...]]
    axis: ClassVar[str]
    published: ClassVar[str | None] = None
    human: ClassVar[tuple[float, str] | None] = None

    @abstractmethod
    def change(self, images: Array, amount: float, keys: Sequence[int]) -> Array:
        """(N, 3, H, W) in [0, 1] → the same, or one grey plane (N, 1, H, W), at one level; `keys` seed whatever is random."""

    def conditions(self) -> tuple[Condition, ...]:
        """One a level, 8-bit as people saw them."""
        recipe = json.dumps([self.settings(), code(self)]) if self.settings() or code(self) else ""
        return tuple(
            Condition(self.name(), text, self.version, recipe, partial(self._shown, amount)) for text, amount in self.levels
        )

    def _shown(self, amount: float, images: Array, keys: Sequence[int]) -> Array:
        changed = as_shown(self.change(images, amount, keys))
        return to_colour(changed) if changed.shape[1] == 1 else changed

    @property
    def curve(self) -> Curve:
        """The condition, named as the probe, and its levels."""
        levels = tuple(text for text, _ in self.levels)
        return Curve(self.name(), self.name(), levels, self.axis, self.published, self.human)
