"""A perturbation and its levels: accuracy against level, with people's curve beside it where their trials are given."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import polars as pl

from snellen.charts import Chart, Lines, Series
from snellen.core import Array, Condition, Evidence, Finding, Images, Model, Probe, Reference
from snellen.methods.perturb.grey import as_shown
from snellen.probes._shared import percent, span, two_categories
from snellen.stats import Estimate, bootstrap, clopper_pearson


@dataclass(frozen=True)
class Sweep(Probe):
    """Show every image under each level of one perturbation; the first level is the undistorted one.

    A subclass names its `levels` (published text, amount), the published data set of `people`, an `axis` label, `human`
    (what people keep, with its source) and how to `change` images.
    """

    levels: ClassVar[tuple[tuple[str, float], ...]]
    published: ClassVar[str]
    axis: ClassVar[str]
    human: ClassVar[float]
    cites = ("geirhos-2018", "geirhos-2021", "clopper-1934", "efron-1993")

    @abstractmethod
    def change(self, images: Array, amount: float, keys: Sequence[int]) -> Array:
        """(N, 3, H, W) in [0, 1] at one level; `keys` seed whatever is random."""

    def conditions(self) -> tuple[Condition, ...]:
        """One a level, 8-bit as people saw them."""
        return tuple(Condition(self.name(), text, self.version, partial(self._shown, amount)) for text, amount in self.levels)

    def _shown(self, amount: float, images: Array, keys: Sequence[int]) -> Array:
        return as_shown(self.change(images, amount, keys))

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs one category an image."""
        return super().applies(model, images, people) or two_categories(images)

    def _correct(self, evidence: Evidence, coarse: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Images (N,) and correctness (N, levels); `coarse`: of the sixteen-way answers, on the images that have one."""
        rows = evidence.trials.filter((pl.col("condition") == self.name()) & pl.col("correct").is_not_null())
        if coarse:
            rows = rows.filter(pl.col("coarse_category").is_not_null())
        right = pl.col("coarse_category") == pl.col("coarse_response") if coarse else pl.col("correct")
        wide = rows.with_columns(right.alias("right")).pivot("level", index="image", values="right").sort("image")
        if not wide.height:
            return np.empty(0), np.empty((0, len(self.levels)))
        return wide["image"].to_numpy(), wide.select(text for text, _ in self.levels).to_numpy().astype(float)

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """kept: mean accuracy over the distorted levels over accuracy at the undistorted one."""
        images, correct = self._correct(evidence)
        return {"kept": Estimate(images, correct, _kept)}

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """How much of its accuracy survives, and how much at the strongest level."""
        images, correct = self._correct(evidence)
        estimate, n = self.estimates(evidence)["kept"], len(images)
        value, interval = estimate.point(), bootstrap(estimate, evidence.seed)
        people = self._people(evidence)
        human = float(_kept(np.asarray([share for *_, share in people]))) if people else self.human
        source = "people in the trials given" if people else "four people (geirhos-2021)"
        last, hits = self.levels[-1][0], int(correct[:, -1].sum())
        strongest = clopper_pearson(hits, n)
        title = f"Accuracy kept under {self.name()}"
        if value is None:
            reason = "the model gets none of the undistorted grey images right, so there is nothing to keep"
            return [Finding(f"{self.name()}.kept", title, reason, reason=reason, n=n, dataset=evidence.dataset, headline=True)]
        reaches = interval is not None and interval.high >= human
        return [
            Finding(
                f"{self.name()}.kept",
                title,
                f"Over the distorted levels the model keeps {percent(value)}{span(interval)} of its undistorted accuracy; "
                f"{source} keep {percent(human)}.",
                value=value,
                interval=interval,
                unit="share",
                n=n,
                human=Reference(human, label=source),
                verdict="good" if reaches else "caution" if value >= human / 2 else "bad",
                thresholds="good: the interval reaches what people keep; bad: less than half of that",
                limits=(
                    "People answered among sixteen categories on other photographs, seen for 200 ms; only the shape of the "
                    "curve compares.",
                    "Distortions are made at the model's own input resolution; the levels were published for 224 pixels.",
                ),
                dataset=evidence.dataset,
                headline=True,
            ),
            Finding(
                f"{self.name()}.strongest",
                f"Accuracy at the strongest level ({last})",
                f"{hits:,} of {n:,} right at {last}: {percent(hits / n)}{span(strongest)}.",
                value=hits / n,
                interval=strongest,
                unit="share",
                n=n,
                chance=1 / len(evidence.labels),
                dataset=evidence.dataset,
            ),
        ]

    def _people(self, evidence: Evidence) -> list[tuple[int, str, int, int, float]]:
        """(place, level, hits, n, share) of the people's published trials, if given with all levels."""
        if evidence.published is None:
            return []
        rows = evidence.published.filter(pl.col("dataset") == self.published)
        counts = {c: (int(h), n) for c, h, n in rows.group_by("condition").agg(pl.col("correct").sum(), pl.len()).iter_rows()}
        if not all(text in counts for text, _ in self.levels):
            return []
        return [(place, text, *counts[text], counts[text][0] / counts[text][1]) for place, (text, _) in enumerate(self.levels)]

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Accuracy against level."""
        whole = f"{len(evidence.labels):,} classes"
        counts = {
            f"{evidence.subject}, {whole}": self._correct(evidence)[1],
            f"{evidence.subject}, sixteen categories": self._correct(evidence, coarse=True)[1],
        }
        series = [
            _series(f"{label} ({len(c)} images)", [(int(h), len(c)) for h in c.sum(axis=0)], "model")
            for label, c in counts.items()
            if len(c)
        ]
        if people := self._people(evidence):
            series.append(_series("people, sixteen categories", [(h, m) for _, _, h, m, _ in people], "people"))
        chance = 1 / len(evidence.labels)
        ends = (0.0, float(len(self.levels) - 1))
        series.append(Series(f"guessing (1 in {round(1 / chance):,})", ends, (chance, chance), role="reference"))
        alt = "; ".join(f"{text}: {y:.2f}" for (text, _), y in zip(self.levels, series[0].y, strict=True))
        ticks = tuple((float(at), text) for at, (text, _) in enumerate(self.levels))
        return [
            Lines("Accuracy against level", f"Accuracy against {self.axis}. {alt}", self.axis, "share right", tuple(series), ticks)
        ]


def _kept(sums: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[..., 1:].mean(axis=-1) / sums[..., 0]


def _series(label: str, counts: list[tuple[int, int]], role: str) -> Series:
    spans = [clopper_pearson(h, n) for h, n in counts]
    x, y = tuple(map(float, range(len(counts)))), tuple(h / n for h, n in counts)
    return Series(label, x, y, tuple(i.low for i in spans), tuple(i.high for i in spans), "people" if role == "people" else "model")
