"""A model that counts what it is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.core import Array, Model
from snellen.errors import blaming
from snellen.methods.attack.rows import answers


@final
class Asked:
    """What an attack asks of a model, with the number of images passed forward and of cotangents pulled back so far.

    Whatever the model's own code raises becomes a `SnellenError`.
    """

    def __init__(self, model: Model) -> None:
        self.model, self.forwards, self.pulls = model, 0, 0

    def vjp(self, images: Float[Array, "n 3 h w"]) -> tuple[Float[Array, "n k"], Callable[[Array], Array]]:
        """As `Model.vjp`."""
        with blaming(self.model.name, images.shape):
            logits, pull = self.model.vjp(images)
        self.forwards += len(images)

        def counted(cotangent: Array) -> Array:
            self.pulls += len(images)
            with blaming(self.model.name, images.shape):
                return pull(cotangent)

        return logits, counted

    def logits(self, images: Float[Array, "n 3 h w"]) -> Float[Array, "n k"]:
        """As `Model.logits`."""
        self.forwards += len(images)
        with blaming(self.model.name, images.shape):
            return self.model.logits(images)

    def answers(self, images: Float[Array, "n 3 h w"]) -> Int[np.ndarray, " n"]:
        """The class of the largest logit of each image."""
        return answers(self.logits(images))
