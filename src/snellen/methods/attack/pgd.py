"""Projected gradient descent: many small steps uphill in the loss, each brought back into the ball."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.arrays import keyed, take
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.attack.ball import Ball
from snellen.methods.attack.losses import LOSSES
from snellen.methods.attack.projections import random_start, region, uphill
from snellen.methods.attack.rows import chosen
from snellen.methods.attack.search import Account, Told, slopes, staying, usable


@final
@dataclass(frozen=True)
class Pgd(Ball):
    """Steps along the sign of the gradient, from a random start (madry-2018); for l2 the gradient, for l1 its steepest values.

    Attributes:
        steps: of one search; each costs one forward and one backward pass.
        step_size: in the norm; 2.5 epsilon / steps unless given.
        restarts: searches, each of the images that are not broken yet.
        random: start at a random place in the ball; else at the image itself.
        loss: ce, margin or dlr.
        stop: leave an image as soon as the model errs on it; else make all steps and keep the place with the highest loss, for
            adversarial images that the model is sure of.
    """

    steps: int = 40
    step_size: float | None = None
    restarts: int = 1
    random: bool = True
    loss: Literal["ce", "margin", "dlr"] = "ce"
    stop: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss not in LOSSES or (self.step_size is not None and not self.step_size > 0):
            raise SnellenError(f"got {self}; expected a loss of {', '.join(LOSSES)} and a step_size above 0")

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
        climb = self._climb if self.stop else self._climb_on
        for restart in range(self.restarts):
            rows = account.open
            if not len(rows):
                break
            centre = take(images, rows) if restart else images
            start = centre
            if self.random:
                start = random_start(centre, self.epsilon, self.norm, keyed([keys[row] for row in rows.tolist()], f"pgd {restart}"))
            climb(asked, account, rows, centre, start, truth)
        return account.images(), account.found

    def _climb(self, asked: Asked, account: Account, rows: np.ndarray, centre: Array, place: Array, truth: np.ndarray) -> None:
        """Until all are found or all steps are made: the forward pass of a step also tells whether the last one sufficed."""
        back = region(centre, self.epsilon, self.norm)
        for _ in range(self.steps):
            gradient = self._gradient(asked, account, rows, place, truth)
            if gradient is None:
                return
            place = self._step(gradient, place, back)
            stay = staying(account.found[rows])
            if stay is not None:
                rows, centre, place = rows[stay], take(centre, stay), take(place, stay)
                back = region(centre, self.epsilon, self.norm)
        account.add(rows, usable(asked.logits(place)).argmax(axis=1) != truth[rows], place)

    def _gradient(self, asked: Asked, account: Account, rows: np.ndarray, place: Array, truth: np.ndarray) -> Array | None:
        """The way uphill, None once all rows are found; what was kept of the forward pass is free again on return."""
        logits, pull = asked.vjp(place)
        scores = usable(logits)
        account.add(rows, scores.argmax(axis=1) != truth[rows], place)
        return None if account.found[rows].all() else slopes(pull, LOSSES[self.loss](scores, truth[rows])[1], logits)

    def _climb_on(self, asked: Asked, account: Account, rows: np.ndarray, centre: Array, place: Array, truth: np.ndarray) -> None:
        """All steps, whatever is found: of each image the wrong place of highest loss."""
        back = region(centre, self.epsilon, self.norm)
        best, wrong, height = place, np.zeros(len(rows), bool), np.full(len(rows), -np.inf)
        for left in range(self.steps, -1, -1):
            logits, pull = asked.vjp(place) if left else (asked.logits(place), None)
            scores = usable(logits)
            value, cotangent = LOSSES[self.loss](scores, truth[rows])
            errs = scores.argmax(axis=1) != truth[rows]
            better = (errs & ~wrong) | ((errs == wrong) & (value > height))
            best, wrong, height = chosen(better, place, best), wrong | errs, np.where(better, value, height)
            if pull is not None:
                place = self._step(slopes(pull, cotangent, logits), place, back)
                del pull
        account.add(rows, wrong, best)

    def _step(self, gradient: Array, place: Array, back: Callable[[Array], Array]) -> Array:
        return back(place + (self.step_size or 2.5 * self.epsilon / self.steps) * uphill(gradient, self.norm))
