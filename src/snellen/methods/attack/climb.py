"""One search of Auto-PGD: where it is, where it was best, and when it takes smaller steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np

from snellen.arrays import namespace, to_numpy
from snellen.core import Array
from snellen.methods.attack.attack import Norm
from snellen.methods.attack.projections import region, uphill
from snellen.methods.attack.rows import chosen, column
from snellen.methods.attack.search import Account, narrowed, staying

Look: TypeAlias = Callable[[np.ndarray, Array, bool], tuple[np.ndarray, Array]]
"""(rows, places, whether it is the last look) → the loss of each, and its gradient: of the last look, anything of that shape."""
MOMENTUM = 0.75
"""The share of the new step; the rest is the step before."""
_SPARSER, _LEAST_STEP = 1.5, 10.0


@final
@dataclass(frozen=True)
class State:
    """Each image's own search. `best` is the place of the highest loss, `height`, and `slope` the gradient there.

    `rises` counts steps of this interval that raised the loss; `before` is the best loss at the last check, `halved` whether the
    step was halved then. Of l1, `share` is that of the pixel values a step changes, `changed` how many differed at the last check.
    """

    row: np.ndarray
    centre: Array
    place: Array
    last: Array
    gradient: Array
    best: Array
    slope: Array
    value: np.ndarray
    height: np.ndarray
    size: np.ndarray
    rises: np.ndarray
    before: np.ndarray
    halved: np.ndarray
    share: np.ndarray
    changed: np.ndarray


@final
@dataclass(frozen=True)
class Climb:
    """`steps` steps in a ball (croce-2020-reliable; for l1 croce-2021, where steps have no momentum and change ever fewer pixels).

    `dense`: for l1, the first steps change a fifth of the pixel values, else as many as differ already suggest.
    """

    norm: Norm
    epsilon: float
    steps: int
    rho: float
    dense: bool = True

    def __call__(
        self,
        look: Look,
        rows: np.ndarray,
        centre: Array,
        start: Array,
        account: Account | None = None,
    ) -> Array:
        """The best places, of the rows that were there to the end; with an account, found ones are put there and leave."""
        state = self._begin(look, rows, centre, start)
        checks, since = self._checks(), 0
        for step in range(self.steps):
            if account is not None:
                found = account.found[state.row]
                if found.all():
                    break
                stay = staying(found)
                state = state if stay is None else narrowed(state, stay)
            state = self._stepped(look, state, first=step == 0, final=step == self.steps - 1)
            if step + 1 in checks:
                state = self._sparser(state) if self.norm == "l1" else self._checked(state, step + 1 - since)
                since = step + 1
        return state.best

    def _begin(self, look: Look, rows: np.ndarray, centre: Array, start: Array) -> State:
        value, gradient = look(rows, start, False)
        n, values = len(rows), int(np.prod(start.shape[1:]))
        changed = np.full(n, float(values)) if self.dense else _differing(start, centre)
        return State(
            row=rows,
            centre=centre,
            place=start,
            last=start,
            gradient=gradient,
            best=start,
            slope=gradient,
            value=value,
            height=value,
            size=np.full(n, (1.0 if self.norm == "l1" else 2.0) * self.epsilon),
            rises=np.zeros(n),
            before=value,
            halved=np.ones(n, bool),
            share=np.full(n, 0.2) if self.dense else changed / values / _SPARSER,
            changed=changed,
        )

    def _stepped(self, look: Look, state: State, first: bool, final: bool) -> State:
        step = column(state.size, state.place) * uphill(state.gradient, self.norm, state.share)
        back = region(state.centre, self.epsilon, self.norm)
        place = back(state.place + step)
        if not first and self.norm != "l1":
            place = state.place + MOMENTUM * (place - state.place) + (1 - MOMENTUM) * (state.place - state.last)
            place = back(place)
        value, gradient = look(state.row, place, final)
        higher = value > state.height
        return replace(
            state,
            place=place,
            last=state.place,
            gradient=gradient,
            best=chosen(higher, place, state.best),
            slope=chosen(higher, gradient, state.slope),
            value=value,
            height=np.where(higher, value, state.height),
            rises=state.rises + (value > state.value),
        )

    def _checks(self) -> frozenset[int]:
        """After which steps to check: intervals shrink from 22 % of the steps by 3 % to 6 %; of l1, every 4 %."""
        if self.norm == "l1":
            every = max(int(0.04 * self.steps), 1)
            return frozenset(range(every, self.steps + 1, every))
        marks, at, interval = set(), 0, max(int(0.22 * self.steps), 1)
        while at + interval <= self.steps:
            at += interval
            marks.add(at)
            interval = max(interval - max(int(0.03 * self.steps), 1), max(int(0.06 * self.steps), 1))
        return frozenset(marks)

    def _checked(self, state: State, interval: int) -> State:
        """Half steps from the best place, where the loss rose too rarely or not at all since full steps were checked last."""
        halved = (state.rises <= self.rho * interval) | (~state.halved & (state.before >= state.height))
        state = replace(state, size=np.where(halved, state.size / 2, state.size), halved=halved)
        return replace(_returned(state, halved), rises=np.zeros(len(halved)), before=state.height)

    def _sparser(self, state: State) -> State:
        """Steps of fewer pixel values: full ones from the best place where its change became sparser, else shorter ones."""
        values = int(np.prod(state.place.shape[1:]))
        changed = _differing(state.best, state.centre)
        fewer = changed / state.changed < 0.95
        size = np.clip(np.where(fewer, self.epsilon, state.size / _SPARSER), self.epsilon / _LEAST_STEP, self.epsilon)
        return replace(_returned(state, fewer), size=size, share=changed / values / _SPARSER, changed=np.maximum(changed, 1.0))


def _returned(state: State, where: np.ndarray) -> State:
    if not where.any():
        return state
    place, gradient = chosen(where, state.best, state.place), chosen(where, state.slope, state.gradient)
    return replace(state, place=place, gradient=gradient)


def _differing(place: Array, centre: Array) -> np.ndarray:
    xp = namespace(place)
    ones, zeros = xp.ones_like(place), xp.zeros_like(place)
    return np.maximum(to_numpy(xp.sum(xp.where(place != centre, ones, zeros), axis=(1, 2, 3))).astype(float), 1.0)
