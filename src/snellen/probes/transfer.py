"""Does robustness to one kind of noise carry over to another?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from snellen.charts import Chart, Gallery, Lines, Series
from snellen.core import CLEAN, Condition, Evidence, Finding, Images, Model, Probe, Verdict
from snellen.methods.perturb.registry import Perturbation
from snellen.probes._curve import Curve, kept
from snellen.probes._shared import guesses, nothing, percent, span, two_categories
from snellen.stats import Estimate, bootstrap, clopper_pearson

if TYPE_CHECKING:
    from torch import Tensor

POWERS = ("0.00", "0.05", "0.10", "0.15", "0.20", "0.25", "0.30", "0.40")
"""Root mean square of the noise, before values are clipped to [0, 1]."""
MARGIN = 0.2


@dataclass(frozen=True)
class Transfer(Probe):
    """Accuracy under uniform noise and under salt-and-pepper noise of the same power."""

    question = "Does robustness to one kind of noise carry over to another?"
    about = (
        "Networks that were trained on one kind of noise were better than people on it, and near guessing on another kind "
        "(geirhos-2018). So grey images of 30 % contrast are shown under uniform noise and under salt-and-pepper noise of the same "
        "root mean square, and the shares of accuracy kept are compared: a model that holds under one alone has learnt that noise, "
        "not to see through noise."
    )
    cites = ("geirhos-2018", "clopper-1934", "efron-1993")

    def conditions(self) -> tuple[Condition, ...]:
        """The clean images, and both noises at every power."""
        return (CLEAN, *(noise.condition(level) for noise in _noises() for level in POWERS))

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs one category an image."""
        return super().applies(model, images, people) or two_categories(images)

    @property
    def _curves(self) -> tuple[Curve, Curve]:
        first, second = (Curve(noise.name, noise.summary, POWERS, "root mean square of the noise") for noise in _noises())
        return first, second

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """gap: the size of the difference between the shares kept; uniform, salt-and-pepper: the shares."""
        (images, uniform), (_, pepper) = (curve.right(evidence) for curve in self._curves)
        if not len(images):
            return {}
        levels, both = len(POWERS), np.concatenate([uniform, pepper], axis=1)
        return {
            "gap": Estimate(images, both, lambda s: np.abs(kept(s[..., :levels]) - kept(s[..., levels:])), leans=True),
            "uniform": Estimate(images, uniform, kept),
            "salt-and-pepper": Estimate(images, pepper, kept),
        }

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """The gap between the two."""
        id_, title = "transfer.gap", "Accuracy kept under one noise and not under another of the same power"
        estimates = self.estimates(evidence)
        values = {name: estimate.point() for name, estimate in estimates.items()}
        if not values or any(value is None for value in values.values()):
            reason = "the model gets none of the undistorted images right, so there is nothing to keep"
            return [nothing(id_, title, reason, evidence.dataset, headline=True)]
        gap, uniform, pepper = (float(value or 0.0) for value in values.values())
        n, interval = len(estimates["gap"].images), bootstrap(estimates["gap"], evidence.seed)
        if guesses(int(estimates["uniform"].sums[:, 0].sum()), n, 1 / len(evidence.labels)):
            reason = "where there is no noise the model may be guessing, so there is nothing to keep: see the figures"
            return [nothing(id_, title, reason, evidence.dataset, headline=True)]
        return [
            Finding(
                id_,
                title,
                f"It keeps {percent(uniform)} of its accuracy under uniform noise and {percent(pepper)} under salt and pepper of "
                f"the same power: {100 * gap:.1f} points apart{span(interval)}.",
                value=gap,
                interval=interval,
                unit="share",
                n=n,
                chance=0.0,
                verdict="note" if interval is None else _verdict(interval.low, interval.high),
                thresholds=f"caution: the interval lies above {100 * MARGIN:.0f} points, so that it holds under one and not under "
                "the other; good: below; note: it reaches over them. The limit is a convention of this exam",
                limits=("Nobody has made the two equally hard for people; they have the same power before clipping.",),
                dataset=evidence.dataset,
                headline=True,
            )
        ]

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Both curves in one picture, and an image under both."""
        series, x = [], tuple(map(float, POWERS))
        for curve in self._curves:
            images, right = curve.right(evidence)
            if len(images):
                spans = [clopper_pearson(int(hits), len(images)) for hits in right.sum(axis=0)]
                y = tuple(float(value) for value in right.mean(axis=0))
                series.append(Series(curve.said, x, y, tuple(i.low for i in spans), tuple(i.high for i in spans)))
        chance = 1 / len(evidence.labels)
        series.append(Series(f"guessing (1 in {round(1 / chance):,})", (x[0], x[-1]), (chance, chance), role="reference"))
        alt = "; ".join(f"{one.label}: {', '.join(f'{y:.2f}' for y in one.y)}" for one in series[:-1])
        rows = ((curve.said.capitalize(), curve.pictures(evidence)) for curve in self._curves)
        return [
            Lines("Accuracy under noise of the same power", alt, "root mean square of the noise", "share right", tuple(series)),
            Gallery("Examples", tuple((heading, pictures) for heading, pictures in rows if pictures)),
        ]


def _noises() -> tuple[Perturbation, Perturbation]:
    """Uniform noise of width √3 times the root mean square; four times its square is the share of white and black pixels."""
    levels = {text: float(text) for text in POWERS}
    return (
        Perturbation("transfer/uniform-noise", "uniform noise", "geirhos-2018", levels, {}, _uniform),
        Perturbation("transfer/salt-and-pepper", "salt and pepper", "geirhos-2018", levels, {}, _salt_and_pepper),
    )


def _uniform(pixels: Tensor, power: float, keys: Sequence[int]) -> Tensor:
    from snellen.methods.perturb.distortions.uniform_noise import uniform_noise

    return uniform_noise(pixels, 3**0.5 * power, keys)


def _salt_and_pepper(pixels: Tensor, power: float, keys: Sequence[int]) -> Tensor:
    from snellen.methods.perturb.distortions.salt_and_pepper import salt_and_pepper

    return salt_and_pepper(pixels, 4 * power**2, keys)


def _verdict(low: float, high: float) -> Verdict:
    return "caution" if low > MARGIN else "good" if high < MARGIN else "note"
