"""Auto-PGD: steps with momentum that halve where they no longer help; untargeted, or at several classes in turn."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias, final

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.arrays import keyed, take
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.attack.ball import Ball
from snellen.methods.attack.climb import Climb
from snellen.methods.attack.losses import LOSSES, Valued, targeted_dlr
from snellen.methods.attack.projections import project, random_start
from snellen.methods.attack.search import Account, Told, slopes, usable

Loss: TypeAlias = Callable[[np.ndarray, np.ndarray], Valued]
"""(logits (M, K), rows of the batch (M,)) → the loss of each, and its cotangent."""
VARIANTS: Mapping[str, Mapping[str, object]] = {
    "apgd-ce": {"loss": "ce"},
    "apgd-dlr": {"loss": "dlr"},
    "apgd-t": {"loss": "dlr-targeted"},
}
"""Names that stand for settings."""
_SHRINKING = ((3.0, 0.3), (2.0, 0.3), (1.0, 0.4))
"""Of l1: size of the ball in epsilon, and the share of the steps made in it."""


@final
@dataclass(frozen=True)
class Apgd(Ball):
    """Auto-PGD (croce-2020-reliable; for l1 croce-2021), which needs no step size.

    Attributes:
        loss: ce, dlr, or dlr-targeted: the largest other classes on the image itself, one after another.
        steps: of one search; each costs one forward and one backward pass.
        restarts: searches, each of the images that are not broken yet.
        targets: of dlr-targeted: how many classes.
        rho: the share of steps of an interval that must raise the loss, else the step size halves.
        shrinking: of l1: search balls of three and two times the size first, and come back from there.
    """

    loss: Literal["ce", "dlr", "dlr-targeted"] = "ce"
    steps: int = 100
    restarts: int = 1
    targets: int = 9
    rho: float = 0.75
    shrinking: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss not in ("ce", "dlr", "dlr-targeted") or not 0 < self.rho < 1:
            raise SnellenError(f"got {self}; expected a loss of ce, dlr or dlr-targeted and rho between 0 and 1")

    @property
    def name(self) -> str:
        """Of the variant."""
        return next(name for name, settings in VARIANTS.items() if settings["loss"] == self.loss)

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
        for attempt, loss in enumerate(self._losses(truth, scores)):
            rows = account.open
            if not len(rows):
                break
            look = partial(self._look, asked, truth, loss)
            self._once(look, account, rows, take(images, rows), keyed([keys[row] for row in rows.tolist()], f"apgd {attempt}"))
        return account.images(), account.found

    def _losses(self, truth: np.ndarray, scores: np.ndarray) -> list[Loss]:
        """One for each search."""
        if self.loss != "dlr-targeted":
            untargeted = LOSSES[self.loss]
            return [lambda logits, rows: untargeted(logits, truth[rows])] * self.restarts
        ranked = np.argsort(-scores, axis=1, kind="stable")

        def aimed(place: int) -> Loss:
            return lambda logits, rows: targeted_dlr(logits, truth[rows], ranked[rows, place])

        targets = range(1, min(self.targets, scores.shape[1] - 1) + 1)
        return [aimed(target) for target in targets for _ in range(self.restarts)]

    def _once(self, look: Callable[..., Any], account: Account, rows: np.ndarray, centre: Array, keys: list[int]) -> None:
        """One search, of the rows that are open; what is found in a larger ball counts for nothing."""
        phases = _SHRINKING if self.norm == "l1" and self.shrinking and self.steps >= len(_SHRINKING) else ((1.0, 1.0),)
        place = random_start(centre, phases[0][0] * self.epsilon, self.norm, keys)
        left = self.steps
        for times, share in phases:
            steps = left if times == 1 else math.ceil(share * self.steps)
            left -= steps
            place = project(place, centre, times * self.epsilon, self.norm)
            climb = Climb(self.norm, times * self.epsilon, steps, self.rho, dense=times == phases[0][0])
            counts = account if times == 1 else None
            place = climb(partial(look, counts), rows, centre, place, counts)

    @staticmethod
    def _look(
        asked: Asked,
        truth: np.ndarray,
        loss: Loss,
        account: Account | None,
        rows: np.ndarray,
        place: Array,
        final: bool,
    ) -> tuple[np.ndarray, Array]:
        """The loss at a place and its gradient, for which the last place has no use; wrong answers go to the account."""
        logits, pull = (asked.logits(place), None) if final else asked.vjp(place)
        scores = usable(logits)
        value, cotangent = loss(scores, rows)
        if account is not None:
            account.add(rows, scores.argmax(axis=1) != truth[rows], place)
        return value, place if pull is None else slopes(pull, cotangent, logits)
