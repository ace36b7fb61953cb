"""Is the model as sure as it is right?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from snellen.charts import Bar, Bars, Chart, Lines, Series
from snellen.core import Evidence, Finding, Images, Interval, Model, Probe, Verdict
from snellen.methods.calibrate.bins import equal_mass, equal_width
from snellen.methods.calibrate.calibration_error import bin_sums, calibration_error
from snellen.methods.calibrate.risk_coverage import area, risk_coverage
from snellen.probes._shared import labelled, percent, span, strip, two_categories
from snellen.stats import Estimate, bootstrap, clopper_pearson, percentiles

NULL_DRAWS = 1000
BAD = 0.1


@dataclass(frozen=True)
class Calibration(Probe):
    """Confidence against accuracy: calibration errors, over- or underconfidence, and what declining to answer would save.

    `bins` is the number of confidence bins, `pictures` the number of example images.
    """

    question = "Is the model as sure as it is right?"
    about = (
        "Confidence is the probability of the answer given. The expected calibration error sorts answers into bins of equal "
        "width (adaptive: equal mass) and "
        "averages the distance between confidence and accuracy, weighted by share. It is never zero in a finite sample, so it "
        "stands beside what a perfectly "
        "calibrated model with the same confidences would score. The risk-coverage curve shows the errors left when the least "
        "confident answers are declined."
    )
    cites = ("guo-2017", "naeini-2015", "nixon-2019", "geifman-2017", "brocker-2007", "efron-1993")

    ranges: ClassVar = {"bins": (1, 1000), "pictures": (0, math.inf)}

    bins: int = 15
    pictures: int = 6

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs one category an image."""
        return super().applies(model, images, people) or two_categories(images)

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """Calibration errors, overconfidence, and the area under risk-coverage, as functions of sums over images."""
        images, confidence, correct = _columns(evidence)
        width = bin_sums(confidence, correct, equal_width(confidence, self.bins), self.bins)
        mass = bin_sums(confidence, correct, equal_mass(confidence, self.bins), self.bins)
        both = np.column_stack([confidence, correct, np.ones(len(correct))])
        return {
            "error": Estimate(images, width, calibration_error, leans=True),
            "adaptive-error": Estimate(images, mass, calibration_error, leans=True),
            "overconfidence": Estimate(images, both, lambda s: (s[..., 0] - s[..., 1]) / s[..., 2]),
        }

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """Errors against a calibrated model's, the direction, and selective prediction."""
        images, confidence, correct = _columns(evidence)
        estimates, n = self.estimates(evidence), len(images)
        null = self._calibrated(confidence, evidence.seed)
        limits = (
            ("In small samples a calibration error leans upwards; its interval is for the true one and may lie below it.",)
            if n < 1000
            else ()
        )
        out = []
        for name, title in (("error", "Expected calibration error"), ("adaptive-error", "Adaptive calibration error")):
            value, ideal = float(estimates[name].point() or 0.0), null[name]
            interval = _not_negative(bootstrap(estimates[name], evidence.seed))
            out.append(
                Finding(
                    f"calibration.{name}",
                    title,
                    f"Confidence and accuracy differ by {percent(value)}{span(interval)} on average; a perfectly calibrated "
                    f"model with these confidences would "
                    f"score {percent(ideal.low)} to {percent(ideal.high)} on {n:,} images.",
                    value=value,
                    interval=interval,
                    unit="share",
                    n=n,
                    verdict=self._verdict(value, interval, ideal.high),
                    thresholds="good: within what a perfectly calibrated model scores (95 %, brocker-2007); bad: the interval is "
                    "above 10 %, the worse half of uncalibrated networks (guo-2017); note: too few images to tell",
                    limits=limits,
                    dataset=evidence.dataset,
                    headline=name == "error",
                )
            )
        return [*out, self._direction(estimates["overconfidence"], evidence, n), self._selective(confidence, correct, evidence)]

    def _verdict(self, value: float, interval: Interval | None, ideal: float) -> Verdict:
        if value <= ideal:
            return "good" if ideal <= BAD else "note"
        return "bad" if interval is not None and interval.low > BAD else "caution"

    def _calibrated(self, confidence: np.ndarray, seed: int) -> dict[str, Interval]:
        """What the errors would be if each answer were right with the probability stated: central 95 %."""
        rng, out = np.random.default_rng(seed), {}
        kinds = {"error": equal_width(confidence, self.bins), "adaptive-error": equal_mass(confidence, self.bins)}
        members = {name: (bins[:, None] == np.arange(self.bins)).astype(np.float32) for name, bins in kinds.items()}
        gaps: dict[str, list[float]] = {name: [] for name in kinds}
        for _ in range(NULL_DRAWS):
            surplus = (rng.random(len(confidence), dtype=np.float32) < confidence) - confidence
            for name, member in members.items():
                gaps[name].append(float(np.abs(surplus.astype(np.float32) @ member).sum()) / len(confidence))
        for name, drawn in gaps.items():
            out[name] = percentiles(np.array(drawn), "simulation")
        return out

    def _direction(self, estimate: Estimate, evidence: Evidence, n: int) -> Finding:
        value, interval = float(estimate.point() or 0.0), bootstrap(estimate, evidence.seed)
        sure = interval is not None and (interval.low > 0 or interval.high < 0)
        word = "overconfident" if value > 0 else "underconfident"
        return Finding(
            "calibration.overconfidence",
            "Overconfidence",
            f"Mean confidence is {percent(abs(value))} {'above' if value > 0 else 'below'} accuracy{span(interval)}: "
            + (f"the model is {word}." if sure else "no clear leaning either way."),
            value=value,
            interval=interval,
            unit="share",
            n=n,
            verdict="note" if interval is None else "good" if not sure else "bad" if abs(value) > BAD else "caution",
            thresholds="good: the interval holds zero; bad: more than 10 % off",
            limits=("Errors in opposite directions cancel here; the calibration errors above do not let them.",),
            dataset=evidence.dataset,
        )

    def _selective(self, confidence: np.ndarray, correct: np.ndarray, evidence: Evidence) -> Finding:
        coverage, risk = risk_coverage(confidence, correct)
        value, n = area(coverage, risk), len(correct)
        whole, half = 1 - float(correct.mean()), float(risk[max(n // 2 - 1, 0)])
        best = area(*risk_coverage(correct, correct))
        return Finding(
            "calibration.risk-coverage",
            "Error left when it may decline",
            f"Answering only the more confident half leaves {percent(half)} errors instead of {percent(whole)}; the mean over "
            f"all coverages is {percent(value)} "
            f"(declining at random: {percent(whole)}, knowing its errors: {percent(best)}).",
            value=value,
            interval=self._area_interval(confidence, correct, evidence.seed),
            unit="share",
            n=n,
            chance=whole,
            verdict="note",
            dataset=evidence.dataset,
        )

    def _area_interval(self, confidence: np.ndarray, correct: np.ndarray, seed: int, resamples: int = 500) -> Interval | None:
        if len(correct) < 2:
            return None
        rng = np.random.default_rng(seed)
        draws = (rng.integers(len(correct), size=len(correct)) for _ in range(resamples))
        areas = np.array([area(*risk_coverage(confidence[at], correct[at])) for at in draws])
        return percentiles(areas, f"bootstrap over {len(correct):,} images, {resamples:,} resamples")

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Reliability diagram, confidence histogram, risk-coverage curve, most confident errors."""
        _, confidence, correct = _columns(evidence)
        bins = equal_width(confidence, self.bins)
        filled = [b for b in range(self.bins) if (bins == b).any()]
        inside = {b: (confidence[bins == b].mean(), int(correct[bins == b].sum()), int((bins == b).sum())) for b in filled}
        spans = {b: clopper_pearson(hits, n) for b, (_, hits, n) in inside.items()}
        reliability = Series(
            "accuracy",
            tuple(float(inside[b][0]) for b in filled),
            tuple(inside[b][1] / inside[b][2] for b in filled),
            tuple(spans[b].low for b in filled),
            tuple(spans[b].high for b in filled),
        )
        honest = Series("as sure as right", (0.0, 1.0), (0.0, 1.0), role="reference")
        coverage, risk = risk_coverage(confidence, correct)
        thin = np.unique(np.linspace(0, len(risk) - 1, min(len(risk), 200)).astype(int))
        declined = Series("this model", tuple(map(float, coverage[thin])), tuple(map(float, risk[thin])))
        random = Series("declining at random", (0.0, 1.0), (float(risk[-1]), float(risk[-1])), role="reference")
        histogram = tuple(
            Bar(f"{b / self.bins:.2f}–{(b + 1) / self.bins:.2f}", float((bins == b).mean())) for b in range(self.bins)
        )
        wrong = labelled(evidence).filter(~pl.col("correct")).sort(["confidence", "image"], descending=[True, False])
        return [
            Lines(
                "Reliability",
                f"Accuracy against confidence in {len(filled)} filled bins",
                "confidence",
                "accuracy",
                (honest, reliability),
                x_range=(0.0, 1.0),
            ),
            Bars("How sure it is", "Share of answers in each bin of confidence", "share of answers", histogram, x_range=None),
            Lines(
                "Risk and coverage",
                "Errors among the answers kept, against the share kept",
                "share answered",
                "share wrong",
                (random, declined),
                x_range=(0.0, 1.0),
                y_range=None,
            ),
            strip(evidence, "Sure and wrong", [("Most confident errors", wrong.head(self.pictures))]),
        ]


def _not_negative(interval: Interval | None) -> Interval | None:
    return interval and replace(interval, low=max(0.0, interval.low), high=max(0.0, interval.high))


def _columns(evidence: Evidence) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = labelled(evidence)
    return rows["image"].to_numpy(), rows["confidence"].to_numpy(), rows["correct"].to_numpy().astype(float)
