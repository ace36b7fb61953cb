"""Accuracy along the levels of one condition, with people's curve beside it where their trials are given."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from snellen.charts import Chart, Gallery
from snellen.core import Evidence, Finding, Images, Model, Probe
from snellen.probes._curve import Curve
from snellen.probes._shared import percent, span, two_categories
from snellen.stats import Estimate, clopper_pearson


@dataclass(frozen=True)
class Levels(Probe):
    """Show every image under each level of one condition; the first level is the undistorted one."""

    cites = ("geirhos-2018", "geirhos-2021", "clopper-1934", "efron-1993")

    @property
    @abstractmethod
    def curve(self) -> Curve:
        """The condition and its levels, as a curve."""

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs one category an image."""
        return super().applies(model, images, people) or two_categories(images)

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
        hits, n, last = int(correct[:, -1].sum()), len(correct), self.curve.levels[-1]
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
