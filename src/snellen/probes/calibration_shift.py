"""Does it still know how sure to be when images get worse?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import polars as pl

from snellen.charts import Chart, Lines, Series
from snellen.core import Condition, Evidence, Finding, Images, Interval, Model, Probe, Verdict
from snellen.methods.calibrate.under_shift import by_condition, sure_and_wrong
from snellen.probes._shared import nothing, percent, span, two_categories
from snellen.probes._sureness import Sureness
from snellen.probes.blur import Blur
from snellen.probes.contrast import Contrast
from snellen.probes.noise import Noise
from snellen.stats import Estimate, bootstrap, clopper_pearson

BAD = 0.1
FALLS = 0.05
"""By how much accuracy must fall, in the mean over distorted levels, before it can be asked whether confidence falls with it."""


@dataclass(frozen=True)
class CalibrationShift(Probe):
    """Confidence against accuracy under contrast, noise and blur of rising strength.

    `bins` is the number of confidence bins.
    """

    question = "Does it still know how sure to be when images get worse?"
    about = (
        "Every image is shown under the levels of contrast, noise and blur that people were shown (geirhos-2018). At each level "
        "mean confidence is set against accuracy, and the expected calibration error is taken (ovadia-2019, guo-2017). A model "
        "that is calibrated on clean images need not be so here: what counts is whether confidence falls as far as accuracy does."
    )
    cites = ("ovadia-2019", "guo-2017", "naeini-2015", "geirhos-2018", "efron-1993", "clopper-1934")

    ranges: ClassVar = {"bins": (1, 1000)}

    bins: int = 15

    sweeps: ClassVar[tuple[Contrast | Noise | Blur, ...]] = (Contrast(), Noise(), Blur())

    def conditions(self) -> tuple[Condition, ...]:
        """Those of the probes contrast, noise and blur: asked together, nothing is shown twice."""
        return tuple(condition for sweep in self.sweeps for condition in sweep.conditions())

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs one category an image."""
        return super().applies(model, images, people) or two_categories(images)

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """overconfidence, error and follows, of the distorted levels, as functions of sums over images."""
        found = self._sureness(evidence)
        return {"overconfidence": found.overconfidence(), "error": found.error(self.bins), "follows": found.follows()}

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """Over- or underconfidence, calibration error, whether confidence follows accuracy, and how sure wrong answers are."""
        n = len(self._sureness(evidence).images)
        if n < 2:
            reason = f"{n} images were answered under every level, and two are needed"
            return [nothing("calibration-shift.overconfidence", "Overconfidence under distortion", reason, evidence.dataset, True)]
        estimates = self.estimates(evidence)
        return [
            self._overconfidence(estimates["overconfidence"], evidence),
            self._error(estimates["error"], evidence),
            self._follows(estimates["follows"], evidence),
            self._wrong(evidence),
        ]

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Accuracy, confidence and calibration error against level, for each of the three."""
        table = by_condition(evidence.trials, self.bins)
        return [chart for sweep in self.sweeps if (chart := self._chart(sweep, table)) is not None]

    def _chart(self, sweep: Contrast | Noise | Blur, table: pl.DataFrame) -> Chart | None:
        curve, levels = sweep.curve, sweep.curve.levels
        rows = {row["level"]: row for row in table.filter(pl.col("condition") == curve.condition).iter_rows(named=True)}
        if set(levels) - set(rows):
            return None
        own = [rows[level] for level in levels]
        spans = [clopper_pearson(round(row["accuracy"] * row["n"]), row["n"]) for row in own]
        x = tuple(map(float, range(len(own))))
        series = (
            Series("accuracy", x, _column(own, "accuracy"), tuple(s.low for s in spans), tuple(s.high for s in spans)),
            Series("mean confidence", x, _column(own, "confidence")),
            Series("calibration error", x, _column(own, "error"), role="reference"),
        )
        said = "; ".join(f"{row['level']}: {row['accuracy']:.2f} right, {row['confidence']:.2f} sure" for row in own)
        ticks = tuple((float(at), level) for at, level in enumerate(levels))
        return Lines(f"Confidence under {sweep.name()}", said, curve.axis, "share", series, ticks)

    def _sureness(self, evidence: Evidence) -> Sureness:
        return Sureness.of(evidence, [(sweep.curve.condition, sweep.curve.levels) for sweep in self.sweeps])

    def _overconfidence(self, estimate: Estimate, evidence: Evidence) -> Finding:
        value, interval = float(estimate.point() or 0.0), bootstrap(estimate, evidence.seed)
        sure = interval is not None and (interval.low > 0 or interval.high < 0)
        side = "above" if value > 0 else "below"
        return Finding(
            "calibration-shift.overconfidence",
            "Overconfidence under distortion",
            f"Over the distorted levels mean confidence is {percent(abs(value))} {side} accuracy{span(interval)}.",
            value=value,
            interval=interval,
            unit="share",
            n=len(estimate.images),
            verdict="note" if interval is None else "good" if not sure else "bad" if abs(value) > BAD else "caution",
            thresholds="good: the interval holds zero; bad: more than 10 % off",
            limits=("The mean over levels of three distortions: errors in opposite directions cancel.",),
            dataset=evidence.dataset,
            headline=True,
        )

    def _error(self, estimate: Estimate, evidence: Evidence) -> Finding:
        value, interval = float(estimate.point() or 0.0), bootstrap(estimate, evidence.seed)
        interval = interval and replace(interval, low=max(0.0, interval.low), high=max(0.0, interval.high))
        return Finding(
            "calibration-shift.error",
            "Calibration error under distortion",
            f"Confidence and accuracy differ by {percent(value)}{span(interval)} on average over the distorted levels.",
            value=value,
            interval=interval,
            unit="share",
            n=len(estimate.images),
            verdict="note" if interval is None or interval.low <= BAD else "bad",
            thresholds="bad: the interval is above 10 %, the worse half of uncalibrated networks on clean images (guo-2017)",
            limits=("In small samples a calibration error leans upwards; its interval is for the true one and may lie below it.",),
            dataset=evidence.dataset,
        )

    def _follows(self, estimate: Estimate, evidence: Evidence) -> Finding:
        id_, title = "calibration-shift.follows", "Confidence falls with accuracy"
        fall = self._sureness(evidence).fall
        if fall < FALLS or estimate.point() is None:
            reason = (
                f"accuracy falls by {percent(fall)} under distortion, less than the 5 % from which on confidence could follow it"
            )
            return replace(nothing(id_, title, reason, evidence.dataset), n=len(estimate.images))
        value, interval = float(estimate.point() or 0.0), bootstrap(estimate, evidence.seed)
        return Finding(
            id_,
            title,
            f"Accuracy falls by {percent(fall)} under distortion, confidence by {value:.2f} times as much{span(interval, False)}.",
            value=value,
            interval=interval,
            unit="ratio",
            n=len(estimate.images),
            verdict=_verdict(interval),
            thresholds="good: the interval reaches 1 and stays above half; bad: it lies below half, so that confidence hides most "
            "of the fall; note: too few images to tell",
            limits=("1 says that both fall as far, not that they were equal before.",),
            dataset=evidence.dataset,
        )

    def _wrong(self, evidence: Evidence) -> Finding:
        id_, title = "calibration-shift.sure-and-wrong", "Confidence of wrong answers under distortion"
        conditions = [(sweep.curve.condition, level) for sweep in self.sweeps for level in sweep.curve.levels[1:]]
        wanted = pl.DataFrame(conditions, schema={"condition": pl.String, "level": pl.String}, orient="row")
        rows = evidence.trials.join(wanted, on=["condition", "level"], how="semi").filter(pl.col("correct").is_not_null())
        value = sure_and_wrong(rows)
        if value is None:
            return nothing(id_, title, "no answer is wrong at any level", evidence.dataset)
        wrong = rows.filter(~pl.col("correct")).group_by("image").agg(pl.col("confidence").sum(), pl.len()).sort("image")
        sums = wrong.select("confidence", "len").to_numpy().astype(float)
        interval = bootstrap(Estimate(wrong["image"].to_numpy(), sums, lambda s: s[..., 0] / s[..., 1]), evidence.seed)
        return Finding(
            id_,
            title,
            f"Where it is wrong under distortion, its mean confidence is {percent(value)}{span(interval)}.",
            value=value,
            interval=interval,
            unit="share",
            n=wrong.height,
            dataset=evidence.dataset,
        )


def _verdict(interval: Interval | None) -> Verdict:
    if interval is None or (interval.high >= 1 and interval.low <= 0.5):
        return "note"
    if interval.high >= 1:
        return "good"
    return "bad" if interval.high < 0.5 else "caution"


def _column(rows: list[dict[str, float]], name: str) -> tuple[float, ...]:
    return tuple(float(row[name]) for row in rows)
