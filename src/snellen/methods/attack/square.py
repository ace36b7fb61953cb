"""Square attack: random squares of colour, kept where they help. Asks for logits only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.arrays import keyed, like
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.attack.ball import Ball
from snellen.methods.attack.losses import margin
from snellen.methods.attack.projections import project
from snellen.methods.attack.rows import chosen
from snellen.methods.attack.search import Account, Told, narrowed, staying, usable
from snellen.methods.attack.tiles import moved, tiled, windows

_HALVED_AFTER = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
_BLOCK = 128
"""Queries whose random numbers are drawn together."""


@final
@dataclass(frozen=True)
class _State:
    row: np.ndarray
    origin: Array
    place: Array
    height: np.ndarray


@final
@dataclass(frozen=True)
class Square(Ball):
    """Random search with squares that shrink (andriushchenko-2020; for l1 croce-2021): a black box, which no masked gradient stops.

    Attributes:
        queries: the most forward passes an image.
        share: of the image that the first squares cover; halved after 10, 50, 200, 500, 1000, 2000, 4000, 6000 and 8000 queries.
        rescale: halve after the same shares of `queries` instead, of which those numbers are the ones for 10,000.
    """

    black_box: ClassVar[bool] = True
    queries: int = 5000
    share: float = 0.8
    rescale: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.share <= 1:
            raise SnellenError(f"got share {self.share} for {self.name}; expected a share of the image above 0, at most 1")

    def search(
        self,
        asked: Asked,
        images: Float[Array, "n 3 h w"],
        truth: Int[np.ndarray, " n"],
        keys: Sequence[int],
        scores: Float[np.ndarray, "n k"],
        tell: Told,
    ) -> tuple[Float[Array, "n 3 h w"], Bool[np.ndarray, " n"]]:
        """See `Search.search`."""
        account = Account(images, tell)
        state = self._begin(images, keyed(keys, "square"))
        height = self._look(asked, account, state.row, state.place, truth)
        state, drawn = replace(state, height=height), np.zeros((len(truth), 0, 8))
        for query in range(self.queries):
            found = account.found[state.row]
            if found.all():
                break
            stay = staying(found)
            state = state if stay is None else narrowed(state, stay)
            if query % _BLOCK == 0:
                drawn = _drawn(keyed(keys, f"square {query}"), _BLOCK, 8)
            place = self._changed(state, query, drawn[state.row, query % _BLOCK])
            height = self._look(asked, account, state.row, place, truth)
            better = height > state.height
            state = replace(state, place=chosen(better, place, state.place), height=np.where(better, height, state.height))
        return account.images(), account.found

    def _look(self, asked: Asked, account: Account, rows: np.ndarray, place: Array, truth: np.ndarray) -> np.ndarray:
        scores = usable(asked.logits(place))
        account.add(rows, scores.argmax(axis=1) != truth[rows], place)
        return margin(scores, truth[rows])[0]

    def _begin(self, images: Array, keys: list[int]) -> _State:
        """Stripes one pixel wide for linf, a pattern of tiles for l2 and l1."""
        n, _, _, wide = images.shape
        if self.norm == "linf":
            signs = _drawn(keys, 3, wide)[:, :, None, :]
            start = images + self.epsilon * like(np.sign(signs - 0.5).astype(np.float32), images)
        else:
            start = tiled(images, self.epsilon, self.norm, [np.random.Generator(np.random.PCG64(key)) for key in keys])
        return _State(np.arange(n), images, project(start, images, self.epsilon, self.norm), np.full(n, -np.inf))

    def _changed(self, state: _State, query: int, drawn: np.ndarray) -> Array:
        """Each image with another square; of `drawn` (N, 8), two places, three signs and a coin are made."""
        _, _, high, wide = state.place.shape
        side = round(math.sqrt(self._share(query) * high * wide))
        signs = np.sign(drawn[:, 4:7] - 0.5)
        if self.norm == "linf":
            side = min(max(side, 1), high, wide)
            mask = like(windows(drawn[:, :2], side, high, wide), state.place)
            change = 2 * self.epsilon * mask * like(signs[:, :, None, None].astype(np.float32), state.place)
            return project(state.place + change, state.origin, self.epsilon, "linf")
        side = min(max(side, 3) // 2 * 2 + 1, high, wide)
        return moved(state.place, state.origin, self.epsilon, self.norm, side, drawn, signs)

    def _share(self, query: int) -> float:
        at = int(query / self.queries * 10_000) if self.rescale else query
        return self.share / 2 ** sum(at > after for after in _HALVED_AFTER)


def _drawn(keys: Sequence[int], rows: int, columns: int) -> Float[np.ndarray, "n r c"]:
    """U[0, 1) numbers; those of image i depend on keys[i] alone."""
    return np.stack([np.random.Generator(np.random.PCG64(key)).random((rows, columns)) for key in keys])
