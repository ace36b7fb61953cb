"""The input gradient of a class logit."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import one_hot
from snellen.core import Array, Model


def gradient(model: Model, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"]) -> Float[Array, "n 3 h w"]:
    """D logit[class] / d pixel, signed, in logits per unit of pixel value (simonyan-2013). One forward and one backward pass.

    Raises:
        Unsupported: the model gives no gradients.
    """
    logits, pull = model.vjp(images)
    return pull(one_hot(classes, logits))
