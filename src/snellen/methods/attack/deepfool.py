"""DeepFool: the nearest border of the linearised model, again and again, until it is crossed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.arrays import take
from snellen.core import Array
from snellen.methods.asked import Asked
from snellen.methods.attack.linearized import Seen, Walk
from snellen.methods.attack.rows import replaced
from snellen.methods.attack.search import Search, Told


@final
@dataclass(frozen=True)
class DeepFool(Search):
    """A small change to another answer, in L2 or L-infinity (moosavi-dezfooli-2016).

    The `candidates` most likely classes of the image as it was are looked at, the same at every step. `overshoot` carries each
    step beyond the border. Every step is clipped to [0, 1] and judged as it stands there. Deterministic: keys are not used.

    Raises:
        SnellenError: a setting is out of range.
    """

    norm: Literal["l2", "linf"] = "l2"
    candidates: int = 10
    overshoot: float = 0.02
    steps: int = 50

    def __post_init__(self) -> None:
        super().__post_init__()
        self._walk()

    def _walk(self) -> Walk:
        return Walk(self.norm, self.candidates, self.overshoot, self.steps)

    def search(
        self,
        asked: Asked,
        images: Float[Array, "n 3 h w"],
        truth: Int[np.ndarray, " n"],
        keys: object,
        scores: Float[np.ndarray, "n k"],
        tell: Told,
    ) -> tuple[Float[Array, "n 3 h w"], Bool[np.ndarray, " n"]]:
        """As `Search.search`."""
        walk = self._walk()
        classes = walk.ranked(scores)
        move, known = walk.step(Seen(*asked.vjp(images), classes, np.arange(len(truth))), lambda slope: slope)
        found = np.zeros(len(truth), bool)
        if move is None:
            return images, found
        rows = np.flatnonzero(known)
        places, left = walk.onward(asked, take(images, rows), take(move, rows), classes[rows], lambda slope, _: slope)
        found[rows[left]] = True
        tell(int(left.sum()))
        return replaced(images, rows[left], take(places, np.flatnonzero(left))), found
