"""DeepFool: the nearest border of the linearised model, again and again, until it is crossed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from jaxtyping import Float, Int

from snellen.core import Array, Model
from snellen.methods.attack.asked import Asked
from snellen.methods.attack.attack import Attack, Attacked
from snellen.methods.attack.linearized import Seen, Walk
from snellen.methods.attack.rows import answers, lengths, replaced, take


@final
@dataclass(frozen=True)
class DeepFool(Attack):
    """A small change to another answer, in L2 or L-infinity (moosavi-dezfooli-2016).

    The `candidates` most likely classes of the image as it was are looked at, the same at every step. `overshoot` carries each
    step beyond the border. Every step is clipped to [0, 1] and judged as it stands there. Deterministic: keys are not used.

    Raises:
        SnellenError: a setting is out of range.
        Unsupported: the model gives no gradients.
    """

    norm: Literal["l2", "linf"] = "l2"
    candidates: int = 10
    overshoot: float = 0.02
    steps: int = 50

    def __post_init__(self) -> None:
        self._walk()

    def _walk(self) -> Walk:
        return Walk(self.norm, self.candidates, self.overshoot, self.steps)

    def __call__(
        self,
        model: Model,
        images: Float[Array, "n 3 h w"],
        truth: Int[np.ndarray, " n"],
        keys: Sequence[int],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Attacked:
        """As `Attack.__call__`."""
        asked, walk = Asked(model), self._walk()
        logits, pull = asked.vjp(images)
        found = answers(logits) != truth
        distance = np.where(found, 0.0, np.inf)
        right = np.flatnonzero(~found)
        if len(right):
            seen = Seen(logits, pull, walk.ranked(logits), np.arange(len(truth)))
            del pull
            seen = walk.narrowed(asked, images, seen, right)
            move, known = walk.step(seen, lambda slopes: slopes)
            if move is not None:
                rows, classes = right[known], seen.classes[seen.owner[known]]
                del seen
                move = take(move, np.flatnonzero(known))
                reached, crossed = walk.onward(asked, take(images, rows), move, classes, lambda slopes, _: slopes)
                rows, reached = rows[crossed], take(reached, np.flatnonzero(crossed))
                distance[rows] = lengths(reached - take(images, rows), self.norm)
                found[rows] = True
                images = replaced(images, rows, reached)
        if progress:
            progress(len(truth))
        return Attacked(images, found, distance, asked.forwards, asked.pulls)
