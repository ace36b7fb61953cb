"""A perturbation and its levels: accuracy against level, with people's curve beside it where their trials are given."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np
import polars as pl

from snellen.arrays import image_keys, to_numpy
from snellen.charts import Chart, Gallery, Lines, Picture, Series
from snellen.core import Array, Condition, Evidence, Finding, Images, Interval, Model, Probe, Reference, Verdict
from snellen.labels import sixteen
from snellen.methods.perturb.grey import as_shown, to_colour
from snellen.probes import code
from snellen.probes._grid import right_under
from snellen.probes._shared import clean, guesses, nothing, percent, span, two_categories
from snellen.stats import Estimate, bootstrap, clopper_pearson

ENOUGH = 30
"""Images with a sixteen-way answer from which on that answer makes the headline: it is the one people were asked for."""


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

    def _correct(self, evidence: Evidence, coarse: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Images (N,) and correctness (N, levels); `coarse`: of the sixteen-way answers, on the images that have one."""
        return right_under(evidence, [(self.name(), text) for text, _ in self.levels], coarse)

    def pick(self, evidence: Evidence) -> Sequence[str]:
        """The image the model is surest of, as an example."""
        rows = clean(evidence).sort(["confidence", "image"], descending=[True, False])
        return rows["image"].head(1).to_list()

    def look(self, model: Model, images: np.ndarray, rows: pl.DataFrame, seed: int) -> list[dict[str, np.ndarray]]:
        """Each picked image at each level: its mean over the channels, (H, W) in [0, 1]."""
        native, names = model.asarray(images), rows["image"].to_list()
        shown = {
            text: to_numpy(self._shown(amount, native, image_keys(self.name(), text, names, seed))).mean(axis=1)
            for text, amount in self.levels
        }
        return [{text: grey[at] for text, grey in shown.items()} for at in range(len(images))]

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """kept: mean accuracy over the distorted levels over that at the undistorted one; kept-sixteen: of sixteen-way answers."""
        found = {"kept": self._correct(evidence), "kept-sixteen": self._correct(evidence, coarse=True)}
        return {name: Estimate(images, correct, _kept) for name, (images, correct) in found.items() if len(images)}

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """How much of its accuracy survives, against people where the task is theirs, and how much at the strongest level."""
        estimates = self.estimates(evidence)
        enough = "kept-sixteen" in estimates and len(estimates["kept-sixteen"].images) >= ENOUGH
        kept = [self._kept(name, estimate, evidence, (name == "kept-sixteen") == enough) for name, estimate in estimates.items()]
        _, correct = self._correct(evidence)
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
        return [*kept, strongest]

    def _kept(self, name: str, estimate: Estimate, evidence: Evidence, headline: bool) -> Finding:
        theirs = name == "kept-sixteen" or evidence.labels.name == "sixteen"
        whole = "sixteen categories" if theirs else f"{len(evidence.labels):,} classes"
        id_, title = f"{self.name()}.{name}", f"Accuracy kept under {self.name()}, among {whole}"
        value, interval, n = estimate.point(), bootstrap(estimate, evidence.seed), len(estimate.images)
        if value is None:
            reason = "the model gets none of the undistorted grey images right, so there is nothing to keep"
            return replace(nothing(id_, title, reason, evidence.dataset, headline), n=n)
        claim = f"Over the distorted levels the model keeps {percent(value)}{span(interval)} of its undistorted accuracy"
        finding = Finding(
            id_,
            title,
            f"{claim}.",
            value=value,
            interval=interval,
            unit="share",
            n=n,
            limits=("Distortions are made at the model's own input resolution; the levels were published for 224 pixels.",),
            dataset=evidence.dataset,
            headline=headline,
        )
        finding = self._beside_people(finding, claim, evidence) if theirs else finding
        if not guesses(int(estimate.sums[:, 0].sum()), n, 1 / (len(sixteen()) if theirs else len(evidence.labels))):
            return finding
        limit = "Undistorted, it is right no more often than guessing may be: what it keeps of that is no merit, and not judged."
        return replace(finding, verdict="note", limits=(limit, *finding.limits))

    def _beside_people(self, finding: Finding, claim: str, evidence: Evidence) -> Finding:
        people, interval = self._people(evidence), finding.interval
        if people:
            human, source = float(_kept(np.asarray([share for *_, share in people]))), "people in the trials given"
        elif self.human:
            human, source = self.human
        else:
            return finding
        return replace(
            finding,
            claim=f"{claim}; {source} keep {percent(human)}.",
            human=Reference(human, label=source),
            verdict=_verdict(interval, human),
            thresholds="good: the interval reaches what people keep and stays above half of it; bad: it lies below half; note: it "
            "reaches both, so that too few images decide nothing",
            limits=(
                *finding.limits,
                "People saw other photographs, for 200 ms: the shapes of the curves compare, not their heights.",
            ),
        )

    def _people(self, evidence: Evidence) -> list[tuple[int, str, int, int, float]]:
        """(place, level, hits, n, share) of the people's published trials, if given with all levels."""
        if evidence.published is None or self.published is None:
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
        examples = tuple(
            (
                "The image it is surest of, as it was shown",
                tuple(Picture(image, text, text, grey=True) for text, _ in self.levels),
            )
            for image in evidence.looks
        )
        return [
            Lines("Accuracy against level", f"Accuracy against {self.axis}. {alt}", self.axis, "share right", tuple(series), ticks),
            Gallery("Examples", examples),
        ]


def _verdict(interval: Interval | None, human: float) -> Verdict:
    if interval is None or (interval.high >= human and interval.low <= human / 2):
        return "note"
    if interval.high >= human:
        return "good"
    return "bad" if interval.high < human / 2 else "caution"


def _kept(sums: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[..., 1:].mean(axis=-1) / sums[..., 0]


def _series(label: str, counts: list[tuple[int, int]], role: str) -> Series:
    spans = [clopper_pearson(h, n) for h, n in counts]
    x, y = tuple(map(float, range(len(counts)))), tuple(h / n for h, n in counts)
    return Series(label, x, y, tuple(i.low for i in spans), tuple(i.high for i in spans), "people" if role == "people" else "model")
