"""Carlini and Wagner's attack: the smallest L2 change, by gradient descent on its size and on the margin together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.arrays import namespace, take
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.attack.linearized import differs
from snellen.methods.attack.losses import margin
from snellen.methods.attack.rows import chosen, column, joined, lengths, replaced
from snellen.methods.attack.search import Search, Told, narrowed, slopes, usable

INSIDE = 0.999999
"""How near to the walls of the box an image starts: on them tanh has no slope."""
BETTER = 0.9999
"""A lowest loss that does not fall to this share of the last one looked at is no progress."""
PATIENCE = 10
"""Steps that a search gets at least before it may end early."""
FIRST, SECOND, TINY = 0.9, 0.999, 1e-8
"""Of Adam: the memory of the mean and of the square of the gradient, and what keeps it from dividing by zero (kingma-2015)."""


@final
@dataclass(frozen=True)
class CarliniWagner(Search):
    """The smallest change found in L2, slow and strong (carlini-2017). Deterministic: keys are not used.

    Pixels are 1/2 + tanh(w) / 2, so that they stay in [0, 1], and Adam lowers |x - image|^2 + c max(confidence - margin, 0) in w,
    where the margin is the largest other logit less the true one. c is searched for each image: tenfold as long as nothing is
    found, then halfway between what is too little and what is enough. A search ends early for an image whose lowest loss has
    not fallen for a tenth of `steps`.

    Raises:
        SnellenError: a setting is out of range.
    """

    norm: Literal["l2"] = "l2"
    confidence: float = 0.0
    searches: int = 9
    steps: int = 1000
    step_size: float = 0.01
    constant: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.norm != "l2":
            raise SnellenError(f"got norm {self.norm}; expected l2, the only one that this attack is defined for here")
        if min(self.searches, self.steps) < 1 or min(self.step_size, self.constant) <= 0 or self.confidence < 0:
            raise SnellenError(
                f"got {self}; expected searches and steps of at least 1, step_size and constant above 0, confidence of at least 0"
            )

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
        best, distance = images, np.full(len(truth), np.inf)
        constant = np.full(len(truth), self.constant)
        low, high = np.zeros(len(truth)), np.full(len(truth), np.inf)
        for _ in range(self.searches):
            places, reached = self._descend(asked, images, truth, constant)
            nearer = np.flatnonzero(reached < distance)
            if len(nearer):
                best = replaced(best, nearer, take(places, nearer))
            distance = np.minimum(distance, reached)
            found = np.isfinite(reached)
            high, low = np.where(found, np.minimum(high, constant), high), np.where(found, low, np.maximum(low, constant))
            constant = np.where(np.isfinite(high), (low + np.where(np.isfinite(high), high, 0)) / 2, 10 * constant)
        found = np.isfinite(distance)
        tell(int(found.sum()))
        return best, found

    def _descend(
        self, asked: Asked, images: Float[Array, "n 3 h w"], truth: Int[np.ndarray, " n"], constant: Float[np.ndarray, " n"]
    ) -> tuple[Float[Array, "n 3 h w"], Float[np.ndarray, " n"]]:
        """One run of Adam with one constant an image: the nearest adversarial places on the way, and their distances."""
        xp, count = namespace(images), len(truth)
        start = xp.atanh((2 * images - 1) * INSIDE)
        still, none = xp.zeros_like(start), np.full(count, np.inf)
        run = _Run(np.arange(count), truth, constant, none, none, none, images, images, start, still, still)
        ended: list[_Run] = []
        every = max(PATIENCE, self.steps // 10)
        for step in range(1, self.steps + 1):
            run = self._step(asked, run, step)
            if step % every == 0:
                stale = run.lowest > BETTER * run.last
                run = replace(run, last=run.lowest)
                if stale.any():
                    ended.append(narrowed(run, np.flatnonzero(stale)))
                    run = narrowed(run, np.flatnonzero(~stale))
                if stale.all():
                    break
        ended += [run] if len(run.rows) else []
        rows = [part.rows for part in ended]
        order = np.argsort(np.concatenate(rows))
        return joined([part.nearest for part in ended], rows), np.concatenate([part.distance for part in ended])[order]

    def _step(self, asked: Asked, run: _Run, step: int) -> _Run:
        """One step of Adam."""
        xp = namespace(run.w)
        tanh = xp.tanh(run.w)
        place = (1 + tanh) / 2
        logits, pull = asked.vjp(place)
        scores = usable(logits)
        ahead, cotangent = margin(scores, run.truth)
        change = place - run.images
        size = lengths(change, "l2")
        better = differs(scores, run.truth) & (ahead >= self.confidence) & (size < run.distance)
        weight = np.where(ahead <= self.confidence, run.constant, 0.0)
        slope = 2 * change
        if weight.any():
            slope = slope - column(weight, slope) * slopes(pull, cotangent, logits)
        slope = slope * (1 - tanh**2) / 2
        mean = FIRST * run.mean + (1 - FIRST) * slope
        square = SECOND * run.square + (1 - SECOND) * slope**2
        move = mean / (1 - FIRST**step) / (xp.sqrt(square / (1 - SECOND**step)) + TINY)
        loss = size**2 + run.constant * np.maximum(self.confidence - ahead, 0)
        return replace(
            run,
            lowest=np.minimum(run.lowest, loss),
            distance=np.where(better, size, run.distance),
            nearest=chosen(better, place, run.nearest) if better.any() else run.nearest,
            w=run.w - self.step_size * move,
            mean=mean,
            square=square,
        )


@final
@dataclass(frozen=True)
class _Run:
    rows: Int[np.ndarray, " n"]
    truth: Int[np.ndarray, " n"]
    constant: Float[np.ndarray, " n"]
    distance: Float[np.ndarray, " n"]
    lowest: Float[np.ndarray, " n"]
    last: Float[np.ndarray, " n"]
    images: Float[Array, "n 3 h w"]
    nearest: Float[Array, "n 3 h w"]
    w: Float[Array, "n 3 h w"]
    mean: Float[Array, "n 3 h w"]
    square: Float[Array, "n 3 h w"]
