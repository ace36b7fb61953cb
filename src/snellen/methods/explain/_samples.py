"""Samples of every image, put to the model in batches that fit in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float, Int, Shaped

from snellen.arrays import namespace
from snellen.core import Array
from snellen.methods.asked import Asked
from snellen.methods.explain._views import batches


def sampled(
    asked: Asked,
    images: Float[Array, "n 3 h w"],
    views: Int[np.ndarray, " n"],
    draw: Callable[[int], Shaped[np.ndarray, "views ..."]],
    score: Callable[[Int[np.ndarray, " b"], Shaped[np.ndarray, "b ..."]], Float[np.ndarray, " b"]],
) -> Iterator[tuple[int, Shaped[np.ndarray, "views ..."], Float[np.ndarray, " views"]]]:
    """Row, samples and the score of each sample, image by image; those of an image are kept only until it is done.

    `views` is how many samples each image has, `draw(row)` gives all those of an image, `score(rows, samples)` asks the model for
    the scores of some, which can be of several images.
    """
    held: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for rows, numbers in batches(asked.model, images, views):
        here = {row: rows == row for row in np.unique(rows).tolist()}
        held |= {row: (draw(row), np.empty(views[row])) for row in here if row not in held}
        found = score(rows, np.concatenate([held[row][0][numbers[own]] for row, own in here.items()]))
        for row, own in here.items():
            held[row][1][numbers[own]] = found[own]
            if numbers[own][-1] == views[row] - 1:
                yield row, *held.pop(row)


def mixed(shares: Float[Array, "b h w"], images: Float[Array, "i 3 h w"], hidden: Array) -> Float[Array, "b 3 h w"]:
    """As much of the images as the shares say, and of what hides them (i, 3, h or 1, w or 1) for the rest; i is b or 1."""
    shares = namespace(shares).expand_dims(shares, axis=1)
    return hidden + shares * (images - hidden)
