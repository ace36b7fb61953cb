"""The benchmark's numbers data set by data set, on the sample and on resamples of its images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np

from snellen.images.shown import UNDISTORTED
from snellen.methods.compare.cohort import Cohort
from snellen.methods.compare.correctness import pair_counts
from snellen.methods.compare.distances import DISTANCES, distances
from snellen.methods.compare.means import defined_mean
from snellen.stats import resampled_sums

FLOOR = 0.2
"""Conditions in which people are right in at most this share of trials are left out (geirhos-2021)."""

METRICS = ("ood_accuracy", *DISTANCES)


@dataclass(frozen=True)
class Scores:
    """One data set. `values` maps each of METRICS to an array (1 + resamples, 1 + models): its first row is the sample itself,
    its first column people (each pair of them, for the distances), the others the models. NaN where undefined.
    """

    dataset: str
    conditions: tuple[str, ...]
    values: Mapping[str, np.ndarray]


def scores(group: Cohort, resamples: int = 0, seed: int = 0, compat: bool = True) -> list[Scores]:
    """The benchmark's numbers of every data set with a condition to keep (geirhos-2021).

    Accuracy pools the trials of the kept conditions; the distances are averaged over conditions, then over observers (or
    pairs of them). Resamples draw images with replacement within each condition; observers stay.
    """
    blocks = [
        (dataset, condition, columns, stream)
        for stream, (dataset, condition, columns) in enumerate(group.blocks(), start=seed)
        if condition != UNDISTORTED.get(dataset) and group.accuracy_of_people(columns) > FLOOR
    ]
    return [_dataset(group, dataset, list(kept), resamples, compat) for dataset, kept in groupby(blocks, key=itemgetter(0))]


def _dataset(group: Cohort, dataset: str, kept: list[tuple[str, str, slice, int]], resamples: int, compat: bool) -> Scores:
    makers = 1 + len(group.models)
    first, second = group.pairs(slice(kept[0][2].start, kept[-1][2].stop))
    maker = np.where(first < len(group.models), first + 1, 0)
    sums = [_sums(group, columns, first, second, resamples, seed) for *_, columns, seed in kept]
    trials, right = (np.sum([one[part] for one in sums], axis=0) for part in (0, 1))
    counts = np.stack([pairs for _, _, pairs in sums], axis=1)
    with np.errstate(invalid="ignore"):
        accuracy = right / trials

    def nested(by_condition: np.ndarray) -> np.ndarray:
        by_pair = defined_mean(by_condition, axis=0)
        return np.stack([defined_mean(by_pair[:, maker == one], axis=1) for one in range(makers)], axis=1)

    values = {"ood_accuracy": accuracy, **{name: nested(value) for name, value in distances(counts, compat).items()}}
    return Scores(dataset, tuple(condition for _, condition, *_ in kept), values)


def _sums(
    group: Cohort, columns: slice, first: np.ndarray, second: np.ndarray, resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Over one condition's images, the sample first and then resamples: trials and right answers of each decision maker
    (draws, makers), and the sums of `pair_counts` (4, draws, pairs).
    """
    seen, correct = group.table.seen[:, columns], group.table.correct[:, columns]
    complete = bool(seen[first].all() and seen[second].all())
    pairs = (correct[first] & correct[second])[None] if complete else pair_counts(seen, correct, first, second)
    values = np.concatenate([seen, correct, *pairs]).T.astype(float)
    draws = np.concatenate([values.sum(axis=0, keepdims=True), resampled_sums(values, seed, resamples)])
    subjects = len(seen)
    trials, right, shared = np.split(draws, [subjects, 2 * subjects], axis=1)
    if complete:
        counts = np.stack([trials[:, first], right[:, first], right[:, second], shared])
    else:
        counts = np.moveaxis(shared.reshape(len(draws), 4, len(first)), 1, 0)
    return _by_maker(trials, len(group.models)), _by_maker(right, len(group.models)), counts


def _by_maker(sums: np.ndarray, models: int) -> np.ndarray:
    """(draws, subjects) → (draws, 1 + models), people summed first."""
    return np.concatenate([sums[:, models:].sum(axis=1, keepdims=True), sums[:, :models]], axis=1)
