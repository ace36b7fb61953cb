"""HopSkipJump: along the border between two answers, by its slope as estimated from decisions alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import ClassVar, Literal, final

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.arrays import like, to_numpy
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.attack.decisions import Decisions, Pool, generators, halvings, onto_border, starting_places
from snellen.methods.attack.rows import lengths
from snellen.methods.attack.search import Search, Told

LEAST = 20
"""Noises from which a slope is estimated, at least."""
NEAR = 0.01
"""How near to the border a search along a line ends, in distances, times the root of the number of pixel values."""
HALVINGS = 10
"""Of a step along the slope, before it is given up."""


@final
@dataclass(frozen=True)
class HopSkipJump(Search):
    """A small change in L2 or L-infinity, found from the model's decisions alone (chen-2020).

    From a place where the model errs to the border, then again and again: the slope of the border from `evaluations` noises (times
    the root of the step's number), each `probe` of the distance long, a step along it, half as long until the model errs, and back
    to the border. Ends when each image has been asked about `queries` times. With few queries, noises far longer than the published
    ones find more.

    It starts from the images of `starts` that get another answer, and from noise unless there is one.

    Raises:
        SnellenError: a setting is out of range.
    """

    black_box: ClassVar[bool] = True
    norm: Literal["l2", "linf"] = "l2"
    queries: int = 5000
    evaluations: int = 100
    most_evaluations: int = 10_000
    probe: float = 0.1
    starts: Pool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.norm not in ("l2", "linf"):
            raise SnellenError(f"got norm {self.norm}; expected l2 or linf")
        if min(self.queries, self.evaluations, self.most_evaluations) < 1 or not 0 < self.probe <= 1:
            raise SnellenError(f"got {self}; expected queries and evaluations of at least 1 and a probe in (0, 1]")

    def search(
        self,
        asked: Asked,
        images: Float[Array, "n 3 h w"],
        truth: Int[np.ndarray, " n"],
        keys: Sequence[int],
        scores: Float[np.ndarray, "n k"],
        tell: Told,
    ) -> tuple[Float[Array, "n 3 h w"], Bool[np.ndarray, " n"]]:
        """As `Search.search`."""
        decisions, chance, whole = Decisions(asked, images, truth), generators(keys), to_numpy(images)
        places, found = starting_places(decisions, whole.shape[1:], chance, self.starts, self.queries)
        rows = np.flatnonzero(found)
        tolerance = NEAR / np.sqrt(np.prod(whole.shape[1:]))
        places[rows] = onto_border(decisions, whole[rows], places[rows], rows, self.norm, tolerance)
        distance = np.where(found, lengths(places - whole, self.norm), np.inf)
        best = np.where(found[:, None, None, None], places, whole)
        current = distance.copy()
        reserve = HALVINGS + halvings(tolerance)
        for step in count(1):
            left = self.queries - decisions.spent - reserve
            rows = np.flatnonzero(found & (left >= LEAST) & (current > 0))
            if not len(rows):
                break
            noises = np.minimum(left[rows], min(int(self.evaluations * np.sqrt(step)), self.most_evaluations))
            slope = self._slope(
                decisions, places[rows], rows, noises, self.probe * current[rows], [chance[row] for row in rows.tolist()]
            )
            moved, ahead = self._forward(decisions, places[rows], rows, slope, current[rows] / np.sqrt(step))
            rows, moved = rows[ahead], moved[ahead]
            places[rows] = onto_border(decisions, whole[rows], moved, rows, self.norm, tolerance)
            current[rows] = lengths(places[rows] - whole[rows], self.norm)
            nearer = rows[current[rows] < distance[rows]]
            best[nearer], distance[nearer] = places[nearer], current[nearer]
        tell(int(found.sum()))
        return like(best, images), found

    def _slope(
        self,
        decisions: Decisions,
        places: Float[np.ndarray, "m 3 h w"],
        rows: Int[np.ndarray, " m"],
        noises: Int[np.ndarray, " m"],
        reach: Float[np.ndarray, " m"],
        chance: Sequence[np.random.Generator],
    ) -> Float[np.ndarray, "m 3 h w"]:
        """The direction away from the true answer at each place, as long as 1: noises weighted by whether the model errs there."""
        shape = places.shape[1:]
        weighted, plain = np.zeros((2, len(rows), int(np.prod(shape))))
        errs = np.zeros(len(rows))
        owner = np.repeat(np.arange(len(rows)), noises)
        for at in range(0, len(owner), decisions.together):
            some = owner[at : at + decisions.together]
            members, counts = np.unique(some, return_counts=True)
            noise = np.concatenate(
                [self._noise(chance[m], n, shape) for m, n in zip(members.tolist(), counts.tolist(), strict=True)]
            )
            shown = np.clip(places[some] + reach[some, None, None, None].astype(np.float32) * noise, 0, 1)
            sign = np.where(decisions.wrong(shown, rows[some]), 1.0, -1.0).astype(np.float32)
            noise = (shown - places[some]).reshape(len(some), -1)
            for member, part in zip(members, np.split(np.arange(len(some)), np.cumsum(counts)[:-1]), strict=True):
                weighted[member] += sign[part] @ noise[part]
                plain[member] += noise[part].sum(axis=0)
                errs[member] += sign[part].sum()
        mean = errs / noises
        slope = np.where((np.abs(mean) < 1)[:, None], weighted - mean[:, None] * plain, weighted)
        length = np.linalg.norm(slope, axis=1, keepdims=True)
        slope = (slope / np.where(length > 0, length, 1)).reshape(places.shape)
        return (np.sign(slope) if self.norm == "linf" else slope).astype(np.float32)

    def _noise(self, chance: np.random.Generator, count: int, shape: tuple[int, ...]) -> Float[np.ndarray, "c 3 h w"]:
        if self.norm == "linf":
            return 2 * chance.random((count, *shape), dtype=np.float32) - 1
        drawn = chance.standard_normal((count, *shape), dtype=np.float32)
        return drawn / np.linalg.norm(drawn.reshape(count, -1), axis=1)[:, None, None, None]

    @staticmethod
    def _forward(
        decisions: Decisions,
        places: Float[np.ndarray, "m 3 h w"],
        rows: Int[np.ndarray, " m"],
        slope: Float[np.ndarray, "m 3 h w"],
        reach: Float[np.ndarray, " m"],
    ) -> tuple[Float[np.ndarray, "m 3 h w"], Bool[np.ndarray, " m"]]:
        """As far along the slope as `reach`, half that and so on, until the model errs; and whether it did."""
        moved, ahead = places.copy(), np.zeros(len(rows), bool)
        for halving in range(HALVINGS):
            open_ = np.flatnonzero(~ahead)
            if not len(open_):
                break
            length = (reach[open_] / 2**halving)[:, None, None, None].astype(np.float32)
            tried = np.clip(places[open_] + length * slope[open_], 0, 1)
            wrong = decisions.wrong(tried, rows[open_])
            moved[open_[wrong]], ahead[open_[wrong]] = tried[wrong], True
        return moved, ahead
