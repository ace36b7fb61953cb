"""Accuracy against the levels of one distortion, how much of it is kept, and people's curve beside it where they were asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import polars as pl

from snellen.charts import Lines, Picture, Series
from snellen.core import Evidence, Finding, Interval, Reference, Verdict
from snellen.labels import sixteen
from snellen.probes._grid import right_under
from snellen.probes._shared import clean, guesses, nothing, percent, span
from snellen.stats import Estimate, bootstrap, clopper_pearson

ENOUGH = 30
"""Images with a sixteen-way answer from which on that answer makes the headline: it is the one people were asked for."""


@final
@dataclass(frozen=True)
class Curve:
    """One condition and its levels, the first of which is the undistorted one.

    Attributes:
        condition: its name in the trials.
        said: its name in sentences.
        levels: in order of strength.
        axis: what the levels are, with the unit.
        published: the data set of people's trials whose conditions are these levels.
        human: what share of their accuracy people kept, and who they were.
        people: (right answers, trials) of people at each level, for the chart, unless such trials are given.
    """

    condition: str
    said: str
    levels: tuple[str, ...]
    axis: str
    published: str | None = None
    human: tuple[float, str] | None = None
    people: tuple[tuple[int, int], ...] = ()

    def right(self, evidence: Evidence, coarse: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Images (N,) and correctness (N, levels); `coarse`: of the sixteen-way answers, on the images that have one."""
        return right_under(evidence, [(self.condition, level) for level in self.levels], coarse)

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """kept: mean accuracy over the distorted levels over that at the undistorted one; kept-sixteen: of sixteen-way answers."""
        found = {"kept": self.right(evidence), "kept-sixteen": self.right(evidence, coarse=True)}
        return {name: Estimate(images, correct, kept) for name, (images, correct) in found.items() if len(images)}

    def best(self, evidence: Evidence) -> str | None:
        """Which of the estimates makes the headline; None where there is none."""
        found = self.estimates(evidence)
        enough = "kept-sixteen" in found and len(found["kept-sixteen"].images) >= ENOUGH
        return ("kept-sixteen" if enough else "kept") if found else None

    def finding(self, id_: str, name: str, evidence: Evidence, headline: bool = False) -> Finding:
        """How much of its accuracy the model keeps, by the estimate of this name, beside people where the task is theirs."""
        estimate, theirs = self.estimates(evidence)[name], name == "kept-sixteen" or evidence.labels.name == "sixteen"
        whole = "sixteen categories" if theirs else f"{len(evidence.labels):,} classes"
        title = f"Accuracy kept under {self.said}, among {whole}"
        value, interval, n = estimate.point(), bootstrap(estimate, evidence.seed), len(estimate.images)
        if value is None:
            reason = "the model gets none of the undistorted images right, so there is nothing to keep"
            return replace(nothing(id_, title, reason, evidence.dataset, headline), n=n)
        claim = f"Over the distorted levels the model keeps {percent(value)}{span(interval)} of its undistorted accuracy"
        found = Finding(
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
        found = self._beside_people(found, claim, evidence) if theirs else found
        if not guesses(int(estimate.sums[:, 0].sum()), n, 1 / (len(sixteen()) if theirs else len(evidence.labels))):
            return found
        limit = "Undistorted, it is right no more often than guessing may be: what it keeps of that is no merit, and not judged."
        return replace(found, verdict="note", limits=(limit, *found.limits))

    def reference(self, evidence: Evidence) -> tuple[float, str] | None:
        """What people keep, and who they are: those in the trials given, or those published."""
        if given := self._given(evidence):
            return _of_counts(given), "people in the trials given"
        return self.human

    def _beside_people(self, finding: Finding, claim: str, evidence: Evidence) -> Finding:
        reference = self.reference(evidence)
        if reference is None:
            return finding
        human, source = reference
        return replace(
            finding,
            claim=f"{claim}; {source} keep {percent(human)}.",
            human=Reference(human, label=source),
            verdict=_verdict(finding.interval, human),
            thresholds="good: the interval reaches what people keep and stays above half of it; bad: it lies below half; note: it "
            "reaches both, so that too few images decide nothing",
            limits=(
                *finding.limits,
                "People saw other photographs, for 200 ms: the shapes of the curves compare, not their heights.",
            ),
        )

    def _given(self, evidence: Evidence) -> tuple[tuple[int, int], ...]:
        """People's (right answers, trials) at each level, of the published trials given with the exam; empty unless at all."""
        if evidence.published is None or self.published is None:
            return ()
        rows = evidence.published.filter(pl.col("dataset") == self.published)
        counts = {c: (int(h), n) for c, h, n in rows.group_by("condition").agg(pl.col("correct").sum(), pl.len()).iter_rows()}
        return tuple(counts[level] for level in self.levels) if set(self.levels) <= set(counts) else ()

    def lines(self, evidence: Evidence, title: str = "Accuracy against level") -> Lines:
        """Accuracy against level, the model's and people's."""
        counts = {
            f"{evidence.subject}, {len(evidence.labels):,} classes": self.right(evidence)[1],
            f"{evidence.subject}, sixteen categories": self.right(evidence, coarse=True)[1],
        }
        series = [
            _series(f"{label} ({len(c)} images)", [(int(h), len(c)) for h in c.sum(axis=0)], "model")
            for label, c in counts.items()
            if len(c)
        ]
        if people := self._given(evidence) or self.people:
            series.append(_series("people, sixteen categories", people, "people"))
        chance = 1 / len(evidence.labels)
        ends = (0.0, float(len(self.levels) - 1))
        series.append(Series(f"guessing (1 in {round(1 / chance):,})", ends, (chance, chance), role="reference"))
        alt = "; ".join(f"{level}: {y:.2f}" for level, y in zip(self.levels, series[0].y, strict=True))
        ticks = tuple((float(at), level) for at, level in enumerate(self.levels))
        return Lines(title, f"Accuracy against {self.axis}. {alt}", self.axis, "share right", tuple(series), ticks)

    def pictures(self, evidence: Evidence) -> tuple[Picture, ...]:
        """The image the model is surest of, at each level as it was shown."""
        surest = clean(evidence).sort(["confidence", "image"], descending=[True, False])["image"].head(1)
        return tuple(Picture(image, level, under=(self.condition, level)) for image in surest for level in self.levels)


def kept(sums: np.ndarray) -> np.ndarray:
    """Mean over all columns but the first over the first, (..., levels) → (...); NaN where that is zero."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[..., 1:].mean(axis=-1) / sums[..., 0]


def _of_counts(counts: Sequence[tuple[int, int]]) -> float:
    return float(kept(np.asarray([hits / n for hits, n in counts])))


def _verdict(interval: Interval | None, human: float) -> Verdict:
    if interval is None or (interval.high >= human and interval.low <= human / 2):
        return "note"
    if interval.high >= human:
        return "good"
    return "bad" if interval.high < human / 2 else "caution"


def _series(label: str, counts: Sequence[tuple[int, int]], role: str) -> Series:
    spans = [clopper_pearson(h, n) for h, n in counts]
    x, y = tuple(map(float, range(len(counts)))), tuple(h / n for h, n in counts)
    return Series(label, x, y, tuple(i.low for i in spans), tuple(i.high for i in spans), "people" if role == "people" else "model")
