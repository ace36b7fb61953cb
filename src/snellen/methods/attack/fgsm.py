"""Fast gradient sign method: one step as far as allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.core import Array
from snellen.methods.asked import Asked
from snellen.methods.attack.ball import Ball
from snellen.methods.attack.losses import LOSSES
from snellen.methods.attack.projections import project, uphill
from snellen.methods.attack.search import Account, Told, slopes, usable


@final
@dataclass(frozen=True)
class Fgsm(Ball):
    """One step of size `epsilon` along the sign of the gradient (goodfellow-2015); for l2 along the gradient itself.

    Weak: it tells how a model answers to one step, not whether it is robust. For l1, the step is spread over the steepest 5 % of
    the pixel values.
    """

    loss: Literal["ce", "margin", "dlr"] = "ce"

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
        logits, pull = asked.vjp(images)
        _, cotangent = LOSSES[self.loss](usable(logits), truth)
        step = self.epsilon * uphill(slopes(pull, cotangent, logits), self.norm, np.full(len(truth), 0.05))
        places = project(images + step, images, self.epsilon, self.norm)
        account = Account(images, tell)
        account.add(np.arange(len(truth)), usable(asked.logits(places)).argmax(axis=1) != truth, places)
        return account.images(), account.found
