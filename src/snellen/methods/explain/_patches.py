"""Answers to one image under many patches."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import namespace, to_numpy
from snellen.core import Array, Unsupported
from snellen.methods.asked import Asked
from snellen.methods.explain._views import at_once


def patched(
    asked: Asked,
    image: Float[Array, "3 h w"],
    patches: Float[np.ndarray, "p 3 a b"],
    tops: Int[np.ndarray, " p"],
    lefts: Int[np.ndarray, " p"],
) -> Float[Array, "p k"]:
    """The logits of a native image with each patch laid over it in turn, by `Model.patched` where there is one."""
    try:
        return asked.patched(image, patches, tops, lefts)
    except Unsupported:
        pixels, size = to_numpy(image), at_once(asked.model, *image.shape[1:])
    found, (height, width) = [], patches.shape[2:]
    for start in range(0, len(patches), size):
        numbers = range(start, min(start + size, len(patches)))
        views = np.repeat(pixels[None], len(numbers), axis=0)
        for view, number in zip(views, numbers, strict=True):
            top, left = int(tops[number]), int(lefts[number])
            view[:, top : top + height, left : left + width] = patches[number]
        found.append(asked.logits(asked.model.asarray(views)))
    return namespace(found[0]).concat(found) if len(found) > 1 else found[0]
