"""Random changes of images: how far the class logit falls under each, and how far a map says that it will."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import like, take
from snellen.core import Array
from snellen.methods.asked import Asked
from snellen.methods.trust._answers import answers

Change: TypeAlias = Callable[
    [Int[np.ndarray, " b"], Int[np.ndarray, " b"]], tuple[Float[np.ndarray, "b c h w"], Float[np.ndarray, "b 3 h w"]]
]
"""(rows, numbers) → what each change multiplies the map of its image with, and what it takes away from the image."""


def foretold(
    asked: Asked,
    images: Float[Array, "n 3 h w"],
    classes: Int[np.ndarray, " n"],
    maps: Float[np.ndarray, "n ..."],
    count: int,
    change: Change,
) -> tuple[Float[np.ndarray, "n changes"], Float[np.ndarray, "n changes"]]:
    """For each of `count` changes of each image, the fall that its map foretells and the fall of the logit that comes.

    Raises:
        SnellenError: a class is none of the model's.
    """
    said = np.zeros((len(images), count))
    channelled = maps if maps.ndim == 4 else maps[:, None]

    def view(rows: np.ndarray, numbers: np.ndarray) -> Array:
        weighing, taken = change(rows, numbers)
        said[rows, numbers] = (channelled[rows].astype(np.float64) * weighing).sum(axis=(1, 2, 3))
        return take(images, rows) - like(taken.astype(np.float32), images)

    whole = answers(asked, images, classes, 1, lambda rows, _: take(images, rows))
    return said, whole - answers(asked, images, classes, count, view)
