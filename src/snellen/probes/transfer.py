"""Does robustness to one distortion carry over to another?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from snellen.charts import Chart, Gallery
from snellen.core import CLEAN, Condition, Evidence, Finding, Images, Model, Probe, Verdict
from snellen.methods.perturb.registry import get
from snellen.probes._curve import Curve, kept
from snellen.probes._shared import guesses, nothing, percent, span, two_categories
from snellen.probes.distortions import AXES, curve
from snellen.stats import Estimate, bootstrap

MARGIN = 0.2


@dataclass(frozen=True)
class Transfer(Probe):
    """How much of its accuracy a model keeps under one distortion and under another that is like it.

    `first` and `second` are names of distortions, as in the probe of that name.
    """

    question = "Does robustness to one distortion carry over to another?"
    about = (
        "Networks that were trained on one kind of noise were as good as people on it, and hardly better than guessing on another "
        "kind that people find as easy (geirhos-2018). So the accuracy kept under uniform noise is set beside that kept under "
        "salt-and-pepper noise: a model that holds under one alone has learnt that noise, not to see through noise."
    )
    cites = ("geirhos-2018", "efron-1993")

    first: str = "uniform-noise"
    second: str = "salt-and-pepper"

    @property
    def curves(self) -> tuple[Curve, Curve]:
        """The two distortions."""
        return curve(self.first), curve(self.second)

    def conditions(self) -> tuple[Condition, ...]:
        """The clean images, and every level of both, as in the probe of all distortions."""
        known = [get(f"distortions/{name}") for name in (self.first, self.second)]
        return (CLEAN, *(made.condition(level) for made in known for level in made.levels))

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs one category an image, and two distortions."""
        reason = super().applies(model, images, people) or two_categories(images)
        unknown = [name for name in (self.first, self.second) if name not in AXES]
        if reason is None and (unknown or self.first == self.second):
            return f"got {self.first} and {self.second}; expected two of {', '.join(AXES)}"
        return reason

    def _right(self, evidence: Evidence) -> tuple[np.ndarray, np.ndarray, int]:
        """Images (N,); right answers under the levels of both, side by side; and how many levels are the first's."""
        first, second = self.curves
        images, right = first.right(evidence)
        return images, np.concatenate([right, second.right(evidence)[1]], axis=1), len(first.levels)

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """gap: the size of the difference in what is kept."""
        images, right, levels = self._right(evidence)
        if not len(images):
            return {}
        return {
            "gap": Estimate(images, right, lambda s: np.abs(kept(s[..., :levels]) - kept(s[..., levels:])), leans=True),
        }

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """The gap between the two."""
        id_, title = "transfer.gap", f"What is kept under {self.first} against {self.second}, set apart"
        estimate = self.estimates(evidence).get("gap")
        value = None if estimate is None else estimate.point()
        if estimate is None or value is None:
            reason = "the model gets none of the undistorted images right, so there is nothing to keep"
            return [nothing(id_, title, reason, evidence.dataset, headline=True)]
        images, right, levels = self._right(evidence)
        sums, interval = right.sum(axis=0), bootstrap(estimate, evidence.seed)
        both = float(kept(sums[:levels])), float(kept(sums[levels:]))
        blind = guesses(int(sums[0]), len(images), 1 / len(evidence.labels))
        verdict: Verdict = "note"
        if not blind and interval is not None:
            verdict = "caution" if interval.low > MARGIN else "good" if interval.high < MARGIN else "note"
        first, second = self.curves
        return [
            Finding(
                id_,
                title,
                f"It keeps {percent(both[0])} of its accuracy under {first.said} and {percent(both[1])} under {second.said}: "
                f"{100 * value:.1f} points apart{span(interval)}.",
                value=value,
                interval=interval,
                unit="share",
                n=len(images),
                chance=0.0,
                verdict=verdict,
                thresholds=f"caution: the interval lies above {100 * MARGIN:.0f} points, so that it holds under one and not under "
                "the other; good: below; note: it reaches over them. The limit is a convention of this exam",
                limits=("The levels of the two are those published; nobody made them equally hard for people.",),
                dataset=evidence.dataset,
                headline=True,
            )
        ]

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Both curves, and an image under both."""
        rows = tuple((one.said.capitalize(), one.pictures(evidence)) for one in self.curves)
        shown = tuple((heading, pictures) for heading, pictures in rows if pictures)
        return [*(one.lines(evidence, one.said.capitalize()) for one in self.curves), Gallery("Examples", shown)]
