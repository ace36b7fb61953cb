"""A perturbation and its levels: accuracy against level, with people's curve beside it where their trials are given."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import polars as pl

from snellen.charts import Chart, Gallery
from snellen.core import Array, Condition, Evidence, Finding, Images, Model, Probe
from snellen.methods.perturb.grey import as_shown, to_colour
from snellen.probes import code
from snellen.probes._curve import Curve
from snellen.probes._shared import percent, span, two_categories
from snellen.stats import Estimate, clopper_pearson


@dataclass(frozen=True)
class Sweep(Probe):
    """Show every image under each level of one perturbation; the first level is the undistorted one.

    A subclass names its `levels` (text, amount), an `axis` label and how to `change` images; and, where people were asked, the
    `published` data set whose conditions are these levels, and `human`: what share of their accuracy they kept, and who they were.
    """

    levels: ClassVar[tuple[tuple[str, float], ...]]
    axis: ClassVar[str]
    published: ClassVar[str | None] = None
    human: ClassVar[tuple[float, str] | None] = None
    cites = ("geirhos-2018", "geirhos-2021", "clopper-1934", "efron-1993")

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

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs one category an image."""
        return super().applies(model, images, people) or two_categories(images)

    @property
    def curve(self) -> Curve:
        """The condition and its levels, as a curve."""
        levels = tuple(text for text, _ in self.levels)
        return Curve(self.name(), self.name(), levels, self.axis, self.published, self.human)

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """kept: mean accuracy over the distorted levels over that at the undistorted one; kept-sixteen: of sixteen-way answers."""
        return self.curve.estimates(evidence)

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """How much of its accuracy survives, against people where the task is theirs, and how much at the strongest level."""
        best = self.curve.best(evidence)
        found = [
            self.curve.finding(f"{self.name()}.{name}", name, evidence, headline=name == best) for name in self.estimates(evidence)
        ]
        _, correct = self.curve.right(evidence)
        hits, n, last = int(correct[:, -1].sum()), len(correct), self.levels[-1][0]
        interval = clopper_pearson(hits, n)
        strongest = Finding(
            f"{self.name()}.strongest",
            f"Accuracy at the last level ({last})",
            f"{hits:,} of {n:,} right at {last}: {percent(hits / n)}{span(interval)}.",
            value=hits / n,
            interval=interval,
            unit="share",
            n=n,
            chance=1 / len(evidence.labels),
            dataset=evidence.dataset,
        )
        return [*found, strongest]

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Accuracy against level."""
        shown = self.curve.pictures(evidence)
        examples = (("The image it is surest of, as it was shown", shown),) if shown else ()
        return [self.curve.lines(evidence), Gallery("Examples", examples)]
