"""Fast adaptive boundary attack: the smallest change, by steps onto linearised borders that lean towards the image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.arrays import keyed, namespace, take, to_numpy
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.attack.hyperplanes import towards_hyperplane
from snellen.methods.attack.losses import towards
from snellen.methods.attack.projections import random_start
from snellen.methods.attack.rows import chosen, column, lengths, replaced
from snellen.methods.attack.search import Search, Told, narrowed, slopes, staying, usable

VARIANTS: Mapping[str, Mapping[str, object]] = {"fab": {"targets": None}, "fab-t": {"targets": 9}}
"""Names that stand for settings."""
_DUAL = {"linf": "l1", "l2": "l2", "l1": "linf"}
_RADIUS = {"linf": 0.3, "l2": 1.0, "l1": 5.0}


@final
@dataclass(frozen=True)
class _Walk:
    """Each image's walk: where it is, the nearest wrong place so far and how far that is."""

    row: np.ndarray
    origin: Array
    place: Array
    nearest: Array
    distance: np.ndarray


@final
@dataclass(frozen=True)
class Fab(Search):
    """Steps onto the nearest linearised border that lean towards the image, and inwards from wrong places (croce-2020-minimally).

    Attributes:
        norm: linf, l2 or l1.
        steps: of one walk; each costs two forward passes and one backward pass, or, without targets, one for each other class.
        restarts: walks; the first starts at the image, the others at a random place half as far as what was found.
        targets: walk towards so many of the largest other classes, one after another; None: always towards the nearest border.
        enough: leave an image as soon as a change of this size is found.
        pull_back: the most that a step leans towards the image. overshoot: how far beyond the border it goes. inwards: where the
            walk goes on after a wrong place, as a share of the way from the image.
    """

    steps: int = 100
    restarts: int = 1
    targets: int | None = None
    enough: float = 0.0
    pull_back: float = 0.1
    overshoot: float = 1.05
    inwards: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.norm not in _DUAL or min(self.steps, self.restarts, 1 if self.targets is None else self.targets) < 1:
            raise SnellenError(f"got {self}; expected norm linf, l2 or l1 and at least one step, restart and target")
        if min(self.enough, self.overshoot) < 0 or not (0 <= self.pull_back <= 1 and 0 <= self.inwards <= 1):
            raise SnellenError(f"got {self}; expected enough and overshoot of at least 0, pull_back and inwards from 0 to 1")

    @property
    def name(self) -> str:
        """Of the variant."""
        return "fab" if self.targets is None else "fab-t"

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
        nearest, distance = images, np.full(len(truth), np.inf)
        ranked = np.argsort(-scores, axis=1, kind="stable")
        aims = [None] if self.targets is None else range(1, min(self.targets, scores.shape[1] - 1) + 1)
        for aim in aims:
            for restart in range(self.restarts):
                rows = np.flatnonzero(distance > self.enough)
                if not len(rows):
                    break
                origin = take(images, rows)
                place = self._start(origin, distance[rows], [keys[row] for row in rows.tolist()], restart)
                target = None if aim is None else ranked[:, aim]
                walk = _Walk(np.arange(len(rows)), origin, place, origin, distance[rows])
                places, reached = self._walk(asked, walk, truth[rows], None if target is None else target[rows])
                closer = np.flatnonzero(reached < distance[rows])
                nearest = replaced(nearest, rows[closer], take(places, closer))
                distance[rows[closer]] = reached[closer]
                tell(int((distance[rows] <= self.enough).sum()))
        return nearest, np.isfinite(distance)

    def _start(self, origin: Array, distance: np.ndarray, keys: list[int], restart: int) -> Array:
        if restart == 0:
            return origin
        radius = _RADIUS[self.norm]
        change = random_start(origin, radius, self.norm, keyed(keys, f"fab {restart}")) - origin
        factor = np.where(np.isfinite(distance), distance, radius) / radius / 2
        return namespace(origin).clip(origin + change * column(factor, origin), 0.0, 1.0)

    def _walk(self, asked: Asked, walk: _Walk, truth: np.ndarray, target: np.ndarray | None) -> tuple[Array, np.ndarray]:
        """The nearest wrong places, of all rows, and how far they are: inf where none was found."""
        xp = namespace(walk.origin)
        whole, distance = walk.origin, np.full(len(truth), np.inf)
        for _ in range(self.steps):
            logits, pull = asked.vjp(walk.place)
            aims = None if target is None else target[walk.row]
            value, slope = self._border(usable(logits), logits, pull, truth[walk.row], aims)
            del pull
            offset = to_numpy(xp.sum(slope * (walk.origin - walk.place), axis=(1, 2, 3))).astype(float)
            near = towards_hyperplane(walk.place, slope, value, self.norm)
            home = towards_hyperplane(walk.origin, slope, value + offset, self.norm)
            far, back = lengths(near, self.norm), lengths(home, self.norm)
            share = column(np.minimum(far / np.maximum(far + back, 1e-12), self.pull_back), slope)
            place = (1 - share) * (walk.place + self.overshoot * near) + share * (walk.origin + self.overshoot * home)
            place = xp.clip(place, 0.0, 1.0)
            wrong = usable(asked.logits(place)).argmax(axis=1) != truth[walk.row]
            size = np.where(wrong, lengths(place - walk.origin, self.norm), np.inf)
            closer = size < walk.distance
            walk = replace(
                walk,
                nearest=chosen(closer, place, walk.nearest),
                distance=np.minimum(size, walk.distance),
                place=chosen(wrong, walk.origin + self.inwards * (place - walk.origin), place),
            )
            distance[walk.row] = np.where(closer, walk.distance, distance[walk.row])
            done = walk.distance <= self.enough
            stay = np.arange(0) if done.all() else staying(done)
            if stay is not None:
                whole = replaced(whole, walk.row, walk.nearest)
                if not len(stay):
                    return whole, distance
                walk = narrowed(walk, stay)
        return replaced(whole, walk.row, walk.nearest), distance

    def _border(
        self, scores: np.ndarray, logits: Array, pull: Callable[[Array], Array], truth: np.ndarray, target: np.ndarray | None
    ) -> tuple[np.ndarray, Array]:
        """The difference of two logits that is 0 on the border to walk to, and its gradient."""
        if target is not None:
            value, cotangent = towards(scores, truth, target)
            return np.where(np.isfinite(value), value, 0.0), slopes(pull, cotangent, logits)
        best, value, slope = np.full(len(truth), np.inf), np.zeros(len(truth)), None
        for step in range(1, scores.shape[1]):
            gap, cotangent = towards(scores, truth, (truth + step) % scores.shape[1])
            gradient = slopes(pull, cotangent, logits)
            steepness = lengths(gradient, _DUAL[self.norm])  # type: ignore[arg-type]
            usable_ = np.isfinite(gap) & (steepness > 0)
            distance = np.where(usable_, np.abs(np.where(usable_, gap, 0.0)) / np.where(usable_, steepness, 1.0), np.inf)
            slope = gradient if slope is None else chosen(distance < best, gradient, slope)
            value = np.where(distance < best, gap, value)
            best = np.minimum(best, distance)
        return value, slope
