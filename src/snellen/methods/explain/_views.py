"""Many views of every image, in batches that fit in memory, and gradients averaged over them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import like, namespace, one_hot, take, to_numpy
from snellen.core import Array, Model
from snellen.errors import blaming
from snellen.methods.asked import Asked, check_classes

BUDGET = 1 << 30
"""Bytes that the passes of one batch may take."""
QUICK = 8 * 224 * 224
"""Pixels of a batch that fit in a processor's caches: larger ones are slower there."""
WIDE = 64
"""How many times more a graphics card is given."""


View: TypeAlias = Callable[[Int[np.ndarray, " b"], Int[np.ndarray, " b"]], Float[Array, "b 3 h w"]]
"""(rows, numbers) → view number `numbers[i]` of image `rows[i]`."""


def at_once(model: Model, height: int, width: int) -> int:
    """How many images of this size a batch holds.

    Raises:
        SnellenError: the model fails on an image of this size.
    """
    with blaming(model.name, (1, 3, height, width)):
        held = model.footprint(height, width)
    wanted = QUICK * (WIDE if str(model.facts.get("device", "")).startswith("cuda") else 1)
    return max(1, min(BUDGET // held, round(wanted / (height * width))))


def logits_of(asked: Asked, images: Float[Array, "n 3 h w"]) -> Float[np.ndarray, "n k"]:
    """All logits of one image or more, asked for a batch at a time.

    Raises:
        SnellenError: the model fails.
    """
    size = at_once(asked.model, *images.shape[2:])
    return np.concatenate([to_numpy(asked.logits(images[start : start + size])) for start in range(0, len(images), size)])


def batches(
    model: Model, images: Float[Array, "n 3 h w"], views: Int[np.ndarray, " n"]
) -> Iterator[tuple[Int[np.ndarray, " b"], Int[np.ndarray, " b"]]]:
    """Rows and numbers of batches that mix the views of several images, in order; `views` is how many each image has.

    Raises:
        SnellenError: the model fails on an image of this size.
    """
    ends, size = np.cumsum(views), at_once(model, *images.shape[2:])
    for start in range(0, int(ends[-1]), size):
        places = np.arange(start, min(start + size, int(ends[-1])))
        rows = np.searchsorted(ends, places, side="right")
        yield rows, places - (ends - views)[rows]


def picked(array: Array, rows: Int[np.ndarray, " b"]) -> Array:
    """Rows of a native array (N, ...), as (B, ...), or as (1, ...) to be broadcast where all of them are one."""
    first = int(rows[0])
    return array[first : first + 1] if (rows == first).all() else take(array, rows)


def averaged(
    asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], weights: Float[np.ndarray, " views"], view: View
) -> Float[np.ndarray, "n 3 h w"]:
    """The weighted sum, over the views of each image, of the gradient of its class logit.

    Raises:
        SnellenError: a class is none of the model's.
    """
    total = np.zeros((len(images), math.prod(images.shape[1:])))
    for rows, numbers, flat in _gradients(asked, images, classes, len(weights), view):
        add(total, rows, weights[numbers], flat)
    return total.reshape(tuple(images.shape))


def moments(
    asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], views: int, view: View
) -> tuple[Float[np.ndarray, "n 3 h w"], Float[np.ndarray, "n 3 h w"]]:
    """Mean and variance, over the views of each image, of the gradient of its class logit.

    Raises:
        SnellenError: a class is none of the model's.
    """
    first = np.zeros((len(images), math.prod(images.shape[1:])))
    second, shape = np.zeros_like(first), tuple(images.shape)
    for rows, _, flat in _gradients(asked, images, classes, views, view):
        add(first, rows, np.full(len(rows), 1 / views), flat)
        add(second, rows, np.full(len(rows), 1 / views), flat**2)
    return first.reshape(shape), (np.maximum(second - first**2, 0) * views / (views - 1)).reshape(shape)


def _gradients(
    asked: Asked, images: Array, classes: np.ndarray, views: int, view: View
) -> Iterator[tuple[np.ndarray, np.ndarray, Array]]:
    """Rows, numbers and flat gradients of batches that mix the views of several images."""
    for rows, numbers in batches(asked.model, images, np.full(len(images), views)):
        gradient = class_gradient(asked, view(rows, numbers), classes[rows])
        yield rows, numbers, namespace(gradient).reshape(gradient, (len(rows), -1))


def class_gradient(asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"]) -> Float[Array, "n 3 h w"]:
    """D logit[class] / d pixel of each image, native.

    Raises:
        SnellenError: a class is none of the model's.
    """
    logits, pull = asked.vjp(images)
    check_classes(classes, logits.shape[1], asked.model.name)
    return pull(one_hot(classes, logits))


def add(
    total: Float[np.ndarray, "n p"], rows: Int[np.ndarray, " b"], weights: Float[np.ndarray, " b"], flat: Float[Array, "b p"]
) -> None:
    """Add each row of `flat`, weighted, to the row of `total` it belongs to; most of the sum is made where `flat` is."""
    here, place = np.unique(rows, return_inverse=True)
    shares = np.zeros((len(here), len(rows)), np.float32)
    shares[place, np.arange(len(rows))] = weights
    total[here] += to_numpy(namespace(flat).matmul(like(shares, flat), flat))
