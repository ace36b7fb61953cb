"""The model-vs-human benchmark from trials alone: accuracy out of distribution, three distances to people, shape bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from snellen.methods.compare.cohort import cohort
from snellen.methods.compare.means import defined_mean
from snellen.methods.compare.scores import scores
from snellen.methods.compare.shape_bias import decisions, shape_bias, texture_of
from snellen.stats import resampled_sums

HUMANS = "humans"
CUE_CONFLICT = "cue-conflict"
RESAMPLES = 1000
LEVEL = 0.95
LIMITS = (
    "Intervals are 95 % percentile bootstraps over images within each condition, with the same observers: they leave out that "
    "other observers would answer otherwise, so they are too narrow for a claim about people at large. Squared accuracy "
    "differences rise a little under resampling, and error consistencies fall a little."
)
"""What the intervals mean and what they leave out, to be printed beside the table."""


@dataclass(frozen=True)
class Number:
    """A value, None where undefined, and its interval when one was made."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Row:
    """One decision maker: `ood_accuracy`, consistencies and `shape_bias` in [0, 1], `error_consistency` in [-1, 1].

    For the row "humans" the distances are those between two people. `datasets` is how many data sets they average over.
    """

    subject: str
    datasets: int
    ood_accuracy: Number
    accuracy_difference: Number
    observed_consistency: Number
    error_consistency: Number
    shape_bias: Number


def benchmark(
    people: pl.DataFrame, models: pl.DataFrame, resamples: int = RESAMPLES, seed: int = 0, compat: bool = True
) -> list[Row]:
    """The benchmark's table (geirhos-2021): "humans" first, then the models by accuracy.

    Every metric is computed per condition, then averaged over conditions, observers and data sets in that order, without
    weights; conditions are kept as `scores.scores` says, data sets where people and every model answered. Intervals see LIMITS;
    none with `resamples` 0. `compat` as in `error_consistency.from_counts`.

    Args:
        people: trials of people (see `snellen.trials`), conditions as published.
        models: trials of models on the same data sets, conditions and images.
        resamples: bootstrap resamples, 0 or more.
        seed: of the resampling; the same seed gives the same intervals.
        compat: the published kappa of 1 where all answers agree.

    Raises:
        SnellenError: no data set was answered by people and every model.
    """
    group = cohort(people, models)
    found = scores(group, resamples, seed, compat)

    def mean(metric: str) -> np.ndarray:
        return defined_mean(np.stack([one.values[metric] for one in found]), axis=0)

    metrics = ("ood_accuracy", "accuracy_difference", "observed_consistency", "error_consistency")
    columns = [_numbers(mean(metric)) for metric in metrics] if found else [[Number(None)] * (1 + len(group.models))] * 4
    columns.append(_numbers(_shape_biases(people, models, group.models, resamples, seed)))
    humans, *rest = (Row(name, len(found), *numbers) for name, *numbers in zip((HUMANS, *group.models), *columns, strict=True))
    return [humans, *sorted(rest, key=lambda row: -(row.ood_accuracy.value or 0.0))]


def _shape_biases(people: pl.DataFrame, models: pl.DataFrame, names: Sequence[str], resamples: int, seed: int) -> np.ndarray:
    """(1 + resamples, 1 + models) shape biases on the cue-conflict images, people pooled first; NaN without such images."""
    makers = ("", *names)
    trials = pl.concat(
        [
            frame.filter(pl.col("dataset") == CUE_CONFLICT).select("image", "category", "response", maker=maker)
            for frame, maker in ((people, pl.lit("")), (models, pl.col("subject")))
        ]
    )
    images = trials["image"].unique(maintain_order=True).sort()
    textures = images.to_frame().with_columns(texture=pl.Series([texture_of(image) for image in images], dtype=pl.String))
    trials = trials.join(textures, on="image", maintain_order="left")
    chosen = decisions(*(trials[column].to_numpy() for column in ("category", "texture", "response")))
    at, maker = (
        trials[column].cast(pl.Enum(names)).to_physical().to_numpy() for column, names in (("image", images), ("maker", makers))
    )
    counts = np.zeros((len(images), 2, len(makers)))
    for cue, hits in enumerate((chosen.shape, chosen.texture)):
        np.add.at(counts[:, cue], (at[hits], maker[hits]), 1)
    flat = counts.reshape(len(images), 2 * len(makers))
    sums = flat.sum(axis=0, keepdims=True)
    if len(images):
        sums = np.concatenate([sums, resampled_sums(flat, seed, resamples)])
    shape, texture = np.split(sums, 2, axis=1)
    return shape_bias(shape, texture)


def _numbers(draws: np.ndarray) -> list[Number]:
    """(1 + resamples, decision makers), the sample first → one number each."""
    return [_number(column[0], column[1:]) for column in draws.T]


def _number(value: float, draws: np.ndarray) -> Number:
    draws = draws[np.isfinite(draws)]
    if not np.isfinite(value) or not len(draws):
        return Number(float(value) if np.isfinite(value) else None)
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Number(float(value), float(low), float(high))
