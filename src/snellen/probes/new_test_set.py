"""Is it as good on a new test set?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import polars as pl

from snellen.baselines import read_baselines
from snellen.charts import Chart
from snellen.core import Evidence, Finding, Images, Model, Probe, SnellenError, Verdict
from snellen.methods.compare.linear_fit import LinearFit, Scale, effective_robustness, linear_fit
from snellen.probes._new_test_set_charts import among, both_sets
from snellen.probes._shared import guesses, labelled, nothing, percent, span, two_categories
from snellen.stats import clopper_pearson, unpaired_difference

MARGIN = 0.1


@dataclass(frozen=True)
class NewTestSet(Probe):
    """Accuracy on these images, the new test set, against that on the old one, and against what other models lose.

    `original` is the accuracy on the old test set as "right/images". `pool` names a table of other models' accuracies on both
    (`PATH` or `PATH#SHIFTED`, see `snellen.baselines`); `scale` is that of the line through them: probit, logit or linear.
    `shifted` names the image set that is the new one, where an exam has several.
    """

    question = "Is it as good on a new test set?"
    about = (
        "A model is chosen on one test set and used on other images. So a second set is collected as the first was, and the "
        "accuracies are compared (recht-2019). Nearly all models lose some, and how much can be told from how good they were: "
        "across models the accuracy on the new set is a linear function of that on the old one, on a probit scale. Effective "
        "robustness is how far a model lies above that line (taori-2020). The sets hold different images, so the interval of the "
        "drop is Newcombe's for two samples (newcombe-1998); that of the effective robustness counts the sampling of both sets, "
        "drawn under Jeffreys' prior (brown-2001), and that of the models behind the line."
    )
    cites = ("recht-2019", "taori-2020", "newcombe-1998", "brown-2001", "clopper-1934")

    original: str = ""
    pool: str = ""
    scale: str = "probit"
    shifted: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.original and not self._old:
            raise SnellenError(
                f"got original = {self.original!r} for the probe new-test-set; expected right answers of all images, as in "
                "38065/50000"
            )
        if self.scale not in get_args(Scale):
            raise SnellenError(f"got scale = {self.scale!r} for the probe new-test-set; expected {', '.join(get_args(Scale))}")

    @property
    def _old(self) -> tuple[int, int] | None:
        """Right answers on the old test set, and images."""
        counts = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", self.original)
        hits, n = map(int, counts.groups()) if counts else (1, 0)
        return (hits, n) if hits <= n and n else None

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs one category an image, the accuracy on the old test set, and a pool that can be read if one is named."""
        if self.shifted and images.name != self.shifted:
            return f"is asked of {self.shifted}, the new test set"
        if not self.original:
            return (
                "needs the accuracy on the old test set: ask with `snellen shift MODEL OLD NEW`, or name it with "
                "--set new-test-set.original=RIGHT/IMAGES"
            )
        try:
            _ = self._fitted
        except SnellenError as error:
            return str(error)
        return super().applies(model, images, people) or two_categories(images)

    @cached_property
    def _fitted(self) -> tuple[LinearFit, pl.DataFrame, int] | None:
        """The line, the models behind it, and how many are left out, as the scale has no place for an accuracy of 0 or 1."""
        if not self.pool:
            return None
        pool = read_baselines(self.pool)
        inner = pl.all_horizontal(pl.col("original", "shifted").is_between(0, 1, closed="none"))
        kept = pool if self.scale == "linear" else pool.filter(inner)
        original, shifted = (kept[column].to_numpy() for column in ("original", "shifted"))
        return linear_fit(original, shifted, self.scale), kept, pool.height - kept.height  # type: ignore[arg-type]

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """How far the accuracy drops, and how far above the line of other models it ends."""
        rows, old = labelled(evidence), self._old
        if not rows.height or old is None:
            reason = "none of the images has a known category" if old else "the accuracy on the old test set was not given"
            return [nothing("new-test-set.drop", "Accuracy lost on the new test set", reason, evidence.dataset, headline=True)]
        new = (int(rows["correct"].sum()), rows.height)
        found = [self._drop(old, new, evidence)]
        return found if self._fitted is None else [*found, self._robustness(*self._fitted, old, new, evidence)]

    def _drop(self, old: tuple[int, int], new: tuple[int, int], evidence: Evidence) -> Finding:
        drop, interval = unpaired_difference(new, old)
        told = (f"{hits:,} of {n:,} right, {percent(hits / n)}{span(clopper_pearson(hits, n))}" for hits, n in (old, new))
        guessing = guesses(*old, 1 / len(evidence.labels))
        verdict: Verdict = "note"
        if not guessing and interval.low > 0:
            verdict = "bad" if interval.low > MARGIN else "caution"
        elif not guessing and interval.high < MARGIN:
            verdict = "good"
        return Finding(
            "new-test-set.drop",
            "Accuracy lost on the new test set",
            f"On the old test set: {next(told)}. On the new one: {next(told)}. It loses {100 * drop:.1f} points "
            f"[{100 * interval.low:.1f}, {100 * interval.high:.1f}].",
            value=drop,
            interval=interval,
            unit="share",
            n=new[1],
            chance=0.0,
            verdict=verdict,
            thresholds="caution: the interval lies above no loss; bad: above ten points; good: it reaches no loss and stays below "
            "ten points; no verdict otherwise, nor where the answers on the old set may be guesses. Ten points are a convention of "
            "this exam; the networks of recht-2019 lose twelve on average",
            limits=(
                "A new test set may also be harder: only other models on the same two sets can tell that from a model's weakness.",
            ),
            dataset=evidence.dataset,
            headline=True,
        )

    def _robustness(
        self, fit: LinearFit, pool: pl.DataFrame, left_out: int, old: tuple[int, int], new: tuple[int, int], evidence: Evidence
    ) -> Finding:
        value, interval = effective_robustness(fit, old, new, evidence.seed)
        expected, slope = new[0] / new[1] - value, fit.interval("slope")
        verdict: Verdict = "good" if interval.low > 2 * fit.spread else "caution" if interval.high < -2 * fit.spread else "note"
        accuracy, known = old[0] / old[1], pool["original"].to_numpy()
        limits = ["Holds for the two test sets of the pool alone: be sure that the model was shown the same ones."]
        if not known.min() <= accuracy <= known.max():
            extreme = "bad" if accuracy < known.min() else "good"
            limits.append(f"No model of the pool is as {extreme} on the old set: the line is drawn on to where the model is.")
        if left_out:
            limits.append(f"{left_out} models of the pool with an accuracy of 0 or 1 have no place on the {self.scale} scale.")
        return Finding(
            "new-test-set.effective-robustness",
            "Accuracy beyond what other models this good on the old set reach",
            f"Going by {fit.n:,} other models, one this good on the old set reaches {percent(expected)}; this one reaches "
            f"{percent(new[0] / new[1])}: {100 * value:+.1f} points [{100 * interval.low:+.1f}, {100 * interval.high:+.1f}]. "
            f"Their line ({fit.scale}): slope {fit.slope:.3f} [{slope.low:.3f}, {slope.high:.3f}], R² {fit.r2:.3f}; as a rule "
            f"models lie {100 * fit.spread:.1f} points off it.",
            value=value,
            interval=interval,
            unit="share",
            n=new[1],
            chance=0.0,
            verdict=verdict,
            thresholds="good: the interval lies above the line by more than twice what models lie off it as a rule; caution: below "
            "it by as much; no verdict otherwise",
            limits=tuple(limits),
            dataset=evidence.dataset,
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """The model among the pool, with the line; without a pool, the two accuracies."""
        rows, old = labelled(evidence), self._old
        if not rows.height or old is None:
            return []
        new = (int(rows["correct"].sum()), rows.height)
        return [both_sets(old, new)] if self._fitted is None else [among(evidence.subject, old, new, *self._fitted[:2])]
