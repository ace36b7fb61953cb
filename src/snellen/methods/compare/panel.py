"""One model among people: the counts, image by image, that agreement between it and them, and among them, is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from snellen.arrays import Numbers
from snellen.methods.compare.cohort import cohort
from snellen.methods.compare.correctness import CELL, pair_counts
from snellen.methods.compare.distances import distances
from snellen.methods.compare.error_consistency import kappa_bounds
from snellen.methods.compare.means import defined_mean
from snellen.stats import Estimate

MOST_PAIRS = 500
"""Pairs of people that are compared, times conditions; of more, so many are drawn."""

_CHUNK_VALUES = 1_000_000  # counts of resamples held in memory at once


@dataclass(frozen=True)
class Panel:
    """`counts` is (N images, C conditions, 4, P pairs), its third axis that of `correctness.pair_counts`.

    `pairs` (P, 2) are places in `people`; the model is -1 and always first. Of `pairs_of_people`, the pairs of people who saw
    an image in common, all are there, or as many as MOST_PAIRS allows, drawn at random.
    """

    images: np.ndarray
    conditions: tuple[str, ...]
    people: tuple[str, ...]
    pairs: np.ndarray
    counts: np.ndarray
    pairs_of_people: int

    @property
    def with_model(self) -> np.ndarray:
        """(P,) booleans: pairs of the model and a person."""
        return self.pairs[:, 0] < 0

    def of(self, person: int) -> np.ndarray:
        """(P,) booleans: pairs that `person` is in."""
        return (self.pairs == person).any(axis=1)

    def estimate(self, distance: str, pairs: np.ndarray, condition: int | None = None) -> Estimate:
        """One of `distances.DISTANCES`, averaged over conditions and then over the chosen `pairs` (P,) that have it.

        With `condition`, of that condition's images alone.
        """
        counts = self.counts[..., pairs]
        keep = slice(None)
        if condition is not None:
            keep = counts[:, condition, 0].any(axis=1)
            counts = counts[keep, condition : condition + 1]
        flat = counts.reshape(len(counts), -1)
        return Estimate(self.images[keep], flat, partial(_average, distance=distance, shape=counts.shape[1:]))

    def greatest_consistency(self) -> float:
        """The most error consistency with people that the accuracies allow, averaged as in `estimate`; NaN if undefined."""
        n, model, person, _ = np.moveaxis(self.counts[..., self.with_model].sum(axis=0), 1, 0)
        with np.errstate(invalid="ignore"):
            _, greatest = kappa_bounds(model / n, person / n)
        return float(defined_mean(defined_mean(greatest, axis=0), axis=0))


def panel(model: pl.DataFrame, people: pl.DataFrame) -> Panel:
    """From trials of people and of one model (columns image, correct), on the images that both have.

    Raises:
        SnellenError: they share no image.
    """
    answers = model.select("image", "correct", subject=pl.lit("model"))
    people = people.join(answers, on="image", how="semi")
    group = cohort(people, people.select(CELL).unique().join(answers, on="image"))
    blocks = group.table.blocks()
    first, second, pairs_of_people = _pairs(group.table.seen, max(1, MOST_PAIRS // len(blocks)))
    images, at = np.unique(group.table.cells["image"].to_numpy(), return_inverse=True)
    counts = np.zeros((len(images), len(blocks), 4, len(first)))
    cells = pair_counts(group.table.seen, group.table.correct, first, second)
    for condition, (_, _, columns) in enumerate(blocks):
        counts[at[columns], condition] = np.moveaxis(cells[:, :, columns], 2, 0)
    return Panel(
        images, tuple(name for _, name, _ in blocks), group.people, np.column_stack([first, second]) - 1, counts, pairs_of_people
    )


def _pairs(seen: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Rows of (S, N) to compare, the model's row 0 with every other first; and how many pairs of people share an image.

    Of more than `most` such pairs, that many are drawn, always the same.
    """
    people = np.arange(1, len(seen))
    shared = seen[1:].astype(np.float32)
    i, j = np.nonzero(np.triu(shared @ shared.T, k=1))
    total = len(i)
    if total > most:
        drawn = np.sort(np.random.default_rng(0).choice(total, most, replace=False))
        i, j = i[drawn], j[drawn]
    return np.concatenate([np.zeros_like(people), people[i]]), np.concatenate([people, people[j]]), total


def _average(sums: np.ndarray, distance: str, shape: tuple[int, int, int]) -> Numbers:
    """(..., C * 4 * P) sums over images → (...)."""
    draws = sums.reshape(math.prod(sums.shape[:-1]), *shape)
    step = max(1, _CHUNK_VALUES // max(1, math.prod(shape)))
    parts = [_average_of(draws[start : start + step], distance) for start in range(0, len(draws), step)]
    return np.concatenate(parts).reshape(sums.shape[:-1])


def _average_of(sums: np.ndarray, distance: str) -> Numbers:
    """(draws, C, 4, P) → (draws,)."""
    counts = np.moveaxis(sums, 2, 0)
    return defined_mean(defined_mean(distances(counts)[distance], axis=-2), axis=-1)
