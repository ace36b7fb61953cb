"""The boundary attack: a random walk along the border between two answers, towards the image."""

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
from snellen.methods.attack.decisions import Decisions, Pool, between, generators, onto_border, starting_places
from snellen.methods.attack.rows import lengths
from snellen.methods.attack.search import Search, Told

LOOKED_AT = 30
"""Trials of a kind after which its step is adapted: about as many as tell a rate of a half from one of a fifth."""
FACTOR = 1.5
AROUND = (0.2, 0.5)
"""Of the steps around the image, the share that should stay beyond the border (brendel-2018): then the border looks flat."""
TOWARDS = (0.1, 0.25)
"""Of the steps towards it."""
EVERY = 10
"""Steps around the image alone are tried once in so many."""
SMALLEST, LONGEST = 1e-7, 0.5


@final
@dataclass(frozen=True)
class Boundary(Search):
    """A small change in L2, found from the model's decisions alone, slowly (brendel-2018).

    From a place where the model errs, each proposal goes a random way around the image, `around` of the distance, and then
    `towards` of it inwards; it is taken if the model errs there. Both lengths adapt to how often that succeeds. Each image is asked
    about `queries` times. It starts from the images of `starts` that get another answer, and from noise unless there is one.

    Raises:
        SnellenError: a setting is out of range.
    """

    black_box: ClassVar[bool] = True
    norm: Literal["l2"] = "l2"
    queries: int = 25_000
    around: float = 0.01
    towards: float = 0.01
    starts: Pool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.norm != "l2":
            raise SnellenError(f"got norm {self.norm}; expected l2, the only one that this attack is defined for")
        if self.queries < 1 or not (0 < self.around < 1 and 0 < self.towards < 1):
            raise SnellenError(f"got {self}; expected queries of at least 1, around and towards between 0 and 1")

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
        places[rows] = onto_border(decisions, whole[rows], places[rows], rows, "l2", 1e-3)
        distance = lengths(places - whole, "l2")
        around, towards = _Pace.of(len(truth), self.around, AROUND), _Pace.of(len(truth), self.towards, TOWARDS)
        for step in count(1):
            rows = np.flatnonzero(found & (decisions.spent + 2 <= self.queries) & (towards.length > SMALLEST) & (distance > 0))
            if not len(rows):
                break
            own = whole[rows]
            aside = _aside(own, places[rows], distance[rows], around.length[rows], [chance[row] for row in rows.tolist()])
            if step % EVERY == 0:
                towards.length[rows] *= around.told(rows, decisions.wrong(aside, rows))
            reach = (1 - towards.length[rows]) * distance[rows] / np.maximum(lengths(aside - own, "l2"), SMALLEST)
            tried = between(own, aside, np.minimum(reach, 1), "l2")
            nearer = lengths(tried - own, "l2")
            taken = decisions.wrong(tried, rows)
            towards.told(rows, taken)
            taken &= nearer < distance[rows]
            places[rows[taken]], distance[rows[taken]] = tried[taken], nearer[taken]
        tell(int(found.sum()))
        return like(np.where(found[:, None, None, None], places, whole), images), found


def _aside(
    images: Float[np.ndarray, "m 3 h w"],
    places: Float[np.ndarray, "m 3 h w"],
    distance: Float[np.ndarray, " m"],
    length: Float[np.ndarray, " m"],
    chance: Sequence[np.random.Generator],
) -> Float[np.ndarray, "m 3 h w"]:
    """Places a random way around the images, at the same distance but for what is clipped to [0, 1]."""
    out = (places - images).reshape(len(images), -1) / distance[:, None]
    way = np.stack([one.standard_normal(out.shape[1], dtype=np.float32) for one in chance])
    way -= (way * out).sum(axis=1, keepdims=True) * out
    way *= (length / np.maximum(np.linalg.norm(way, axis=1), SMALLEST))[:, None]
    turned = (out + way) * (distance / np.sqrt(1 + length**2))[:, None]
    return np.clip(images + turned.reshape(images.shape), 0, 1).astype(np.float32)


@dataclass
class _Pace:
    """How long the steps of each image are, and how often they have succeeded since that last changed."""

    length: Float[np.ndarray, " n"]
    good: tuple[float, float]
    tries: Int[np.ndarray, " n"]
    successes: Int[np.ndarray, " n"]

    @staticmethod
    def of(count: int, length: float, good: tuple[float, float]) -> _Pace:
        return _Pace(np.full(count, length), good, np.zeros(count, np.int64), np.zeros(count, np.int64))

    def told(self, rows: Int[np.ndarray, " m"], success: Bool[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
        """Longer steps where they succeed too often, shorter ones where too seldom; by what factor they changed."""
        self.tries[rows] += 1
        self.successes[rows] += success
        rate = self.successes[rows] / self.tries[rows]
        due = self.tries[rows] >= LOOKED_AT
        factor = np.where(due & (rate > self.good[1]), FACTOR, np.where(due & (rate < self.good[0]), 1 / FACTOR, 1.0))
        self.length[rows] = np.minimum(self.length[rows] * factor, LONGEST)
        self.tries[rows[due]] = self.successes[rows[due]] = 0
        return factor
