"""The walk of DeepFool: step after step onto the nearest border of the regions that a linearised model answers from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias, final

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.arrays import like, namespace, take
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.attack.attack import Norm
from snellen.methods.attack.losses import towards
from snellen.methods.attack.rows import chosen, column, joined, lengths
from snellen.methods.attack.search import usable

Project: TypeAlias = Callable[[Array, np.ndarray], Array]
"""(M, 3, H, W) native and the (M,) walks they belong to → the parts of them that each walk may go along."""
ROUNDING = 2e-6
"""By how much of the largest logit another must exceed the answer's, so that it also does in a batch of another size."""
SHORTEST, LONGEST = 1e-4, 1e4
"""Of a step: on the border itself the model still gives its first answer, and where slopes vanish borders seem infinitely far."""


@final
@dataclass(frozen=True)
class Seen:
    """Logits of N images, how to pull cotangents back, the classes looked at; `owner`: which image each of M walks is at."""

    logits: Float[Array, "n k"]
    pull: Callable[[Array], Array]
    classes: Int[np.ndarray, "n c"]
    owner: Int[np.ndarray, " m"]


@final
@dataclass(frozen=True)
class Walk:
    """How to walk from an image to the nearest one with another answer (moosavi-dezfooli-2016).

    Raises:
        SnellenError: a setting is out of range.
    """

    norm: Norm = "l2"
    candidates: int = 10
    overshoot: float = 0.02
    steps: int = 50
    clip: bool = True

    def __post_init__(self) -> None:
        if self.norm not in ("l2", "linf") or self.candidates < 2 or not 0 <= self.overshoot < np.inf or self.steps < 1:
            raise SnellenError(
                f"got {self}; expected norm l2 or linf, at least 2 candidates, an overshoot of at least 0 and at least 1 step"
            )

    def ranked(self, scores: Float[np.ndarray, "n k"]) -> Int[np.ndarray, "n c"]:
        """The answer of each row and its nearest rivals, best first: they stay the same for a whole walk."""
        return np.argsort(-scores, axis=1, kind="stable")[:, : self.candidates]

    def step(self, seen: Seen, project: Callable[[Array], Array]) -> tuple[Float[Array, "m 3 h w"] | None, Bool[np.ndarray, " m"]]:
        """The shortest change that makes any rival as likely as the answer, were the model linear, and whether there is one.

        `project` takes (M, 3, H, W) to where the walks may go. Rivals come one after another, so that no more than two gradients
        a walk are held.
        """
        scores, owner = usable(seen.logits), seen.owner
        dual: Norm = "l2" if self.norm == "l2" else "l1"
        best, steepness, direction = np.full(len(owner), np.inf), np.ones(len(owner)), None
        for rival in seen.classes[:, 1:].T:
            behind, cotangent = towards(scores, seen.classes[:, 0], rival)
            if np.isneginf(behind).all():
                continue
            slope = seen.pull(like(cotangent.astype(np.float32), seen.logits))
            slope = project(slope if np.array_equal(owner, np.arange(len(slope))) else take(slope, owner))
            length = lengths(slope, dual)
            distance = np.abs(behind[owner]) / np.where((length > 0) & np.isfinite(length), length, np.nan)
            closer = distance < best
            if closer.any():
                direction = slope if direction is None or closer.all() else chosen(closer, slope, direction)
                best, steepness = np.where(closer, distance, best), np.where(closer, length, steepness)
        known = np.isfinite(best)
        if direction is None:
            return None, known
        far = np.clip(np.where(known, best, 0.0), SHORTEST, LONGEST)
        if self.norm == "linf":
            return namespace(direction).sign(direction) * column(far, direction), known
        return direction * column(far / steepness, direction), known

    def of_those(self, asked: Asked, images: Array, seen: Seen, stay: Int[np.ndarray, " m"]) -> Seen:
        """What was seen of `images`, fit for gradients of the rows `stay` alone.

        Where enough rows are finished, the others are passed forward again: it costs less than gradients that nobody needs.
        """
        rivals = seen.classes.shape[1] - 1
        if (len(seen.owner) - len(stay)) * rivals <= len(stay):
            return replace(seen, owner=stay)
        return Seen(*asked.vjp(take(images, stay)), seen.classes[stay], np.arange(len(stay)))

    def onward(
        self,
        asked: Asked,
        origin: Float[Array, "m 3 h w"],
        change: Float[Array, "m 3 h w"],
        classes: Int[np.ndarray, "m c"],
        project: Project,
    ) -> tuple[Float[Array, "m 3 h w"], Bool[np.ndarray, " m"]]:
        """From `origin` + `change`, one step made, until the answer differs: the places reached, and whether it does there.

        Walks that are finished leave the batch. One forward pass a step serves the check and the gradients of all rivals.
        """
        xp = namespace(origin)
        active, found = np.arange(len(classes)), np.zeros(len(classes), bool)
        places: list[Array] = []
        rows: list[np.ndarray] = []

        def end(which: Bool[np.ndarray, " a"], place: Array) -> None:
            if which.any():
                places.append(take(place, np.flatnonzero(which)))
                rows.append(active[which])

        for left in range(self.steps - 1, -1, -1):
            place = origin + (1 + self.overshoot) * change
            place = xp.clip(place, 0.0, 1.0) if self.clip else place
            if not left:
                found[active] = differs(usable(asked.logits(place)), classes[:, 0])
                end(np.ones(len(active), bool), place)
                break
            seen = Seen(*asked.vjp(place), classes, np.arange(len(active)))
            done = differs(usable(seen.logits), classes[:, 0])
            found[active[done]] = True
            stay = np.flatnonzero(~done)
            if not len(stay):
                end(done, place)
                break
            seen = self.of_those(asked, place, seen, stay)
            move, known = self.step(seen, partial(_of, project, active[stay]))
            done[stay[~known]] = True
            end(done, place)
            if move is None:
                break
            stay, move = stay[known], take(move, np.flatnonzero(known))
            origin, change = take(origin, stay), take(change, stay) + move
            active, classes = active[stay], classes[stay]
        return joined(places, rows), found


def differs(scores: Float[np.ndarray, "n k"], answer: Int[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Whether another class is the largest, by more than rounding could turn round in another batch."""
    largest = np.where(np.isneginf(scores), 0.0, np.abs(scores)).max(axis=1)
    return scores.max(axis=1) - ROUNDING * largest > scores[np.arange(len(answer)), answer]


def _of(project: Project, walks: Int[np.ndarray, " m"], slope: Array) -> Array:
    return project(slope, walks)
