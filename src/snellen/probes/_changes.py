"""What several probes say of answers that change when one thing about an image does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from snellen.charts import Gallery, Picture
from snellen.core import Evidence, Interval, Verdict
from snellen.methods.concepts.causal_effect import flips
from snellen.probes._shared import clean, labelled, readable
from snellen.stats import bootstrap, clopper_pearson, mean_estimate

TOO_MANY, FEW = 0.5, 0.1
THRESHOLDS = (
    "bad: the interval lies above one half, so that more often than not the answer hangs on it; good: the interval lies below "
    "one tenth; caution: between; no verdict (too few images) where the interval reaches both. One half is where the majority "
    "turns; one tenth is a convention of this exam"
)
_ENOUGH = 5
"""Changed and unchanged answers from which on the bootstrap has something to resample."""


def beside(evidence: Evidence, name: str, level: str) -> pl.DataFrame:
    """Clean trials of the images that were also seen under a condition, with what came of it: `then_category`,
    `then_response`, `then_correct`, `then_confidence`.
    """
    columns = ("category", "response", "correct", "confidence")
    then = evidence.trials.filter((pl.col("condition") == name) & (pl.col("level") == level))
    return clean(evidence).join(then.select("image", *(pl.col(c).alias(f"then_{c}") for c in columns)), on="image").sort("image")


def flipped(rows: pl.DataFrame) -> np.ndarray:
    """Which answers (n,) of rows of `beside` are another."""
    return flips(rows["response"].to_numpy(), rows["then_response"].to_numpy())


def mostly_wrong(evidence: Evidence) -> bool:
    """Whether most clean answers are wrong, as the interval of accuracy says: then that they stay is no merit."""
    right = labelled(evidence)["correct"].to_numpy()
    return bool(right.size) and clopper_pearson(int(right.sum()), right.size).high < TOO_MANY


def share_interval(flags: np.ndarray, seed: int, tests: int = 1) -> Interval:
    """For the share of `flags` (n,), n > 0: a bootstrap over images; Clopper-Pearson with fewer than five of either kind.

    With several `tests` it holds for all of them together (Bonferroni).
    """
    level, hits, n = 1 - 0.05 / tests, int(flags.sum()), len(flags)
    few = min(hits, n - hits) < _ENOUGH
    found = None if few else bootstrap(mean_estimate(np.arange(n), flags), seed, level=level)
    interval = found or clopper_pearson(hits, n, level)
    return interval if tests == 1 else replace(interval, level=0.95, method=f"{interval.method}, Bonferroni over {tests}")


def verdict(harm: Interval) -> Verdict:
    """Of the interval of a share that should be small, by `THRESHOLDS`."""
    if harm.low > TOO_MANY:
        return "bad"
    if harm.high < FEW:
        return "good"
    return "note" if harm.low < FEW and harm.high > TOO_MANY else "caution"


def changed(evidence: Evidence, title: str, rows: Sequence[tuple[str, str, str]], each: int, note: str) -> Gallery:
    """Images whose answer changed, the surest first, each beside itself under a condition.

    `rows` are (heading, name of the condition, level); `each` is how many pairs a row has.
    """
    names = readable(evidence)
    out = []
    for heading, name, level in rows:
        pairs = beside(evidence, name, level).filter(pl.col("response") != pl.col("then_response"))
        pairs = pairs.sort(["confidence", "image"], descending=[True, False]).head(each)
        pictures = [
            picture
            for row in pairs.iter_rows(named=True)
            for picture in (
                Picture(row["image"], f"{names.get(row['response'], row['response'])} ({row['confidence']:.0%})"),
                Picture(
                    row["image"],
                    f"→ {names.get(row['then_response'], row['then_response'])} ({row['then_confidence']:.0%})",
                    under=(name, level),
                ),
            )
        ]
        if pictures:
            out.append((heading, tuple(pictures)))
    return Gallery(title, tuple(out), note)
