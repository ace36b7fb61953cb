"""Steps between native arrays, of which each row is an image, and what is known of each image, which is NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import array_api_compat
import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.arrays import like, namespace, take, to_numpy
from snellen.core import Array
from snellen.methods.attack.attack import Norm

TINY = 1e-15
"""A length of which single precision may have lost the squares."""
LARGEST = float(np.finfo(np.float32).max)


def column(values: np.ndarray, array: Float[Array, "n 3 h w"]) -> Array:
    """(N,) numbers as native (N, 1, 1, 1): one factor or choice an image; factors as large as single precision holds, at most."""
    if values.dtype == bool:
        xp = namespace(array)
        return xp.asarray(values[:, None, None, None], device=array_api_compat.device(array))
    return like(values.clip(-LARGEST, LARGEST)[:, None, None, None].astype(np.float32), array)


def lengths(changes: Float[Array, "n 3 h w"], norm: Norm) -> Float[np.ndarray, " n"]:
    """The norm of each row."""
    xp = namespace(changes)
    flat = xp.reshape(changes, (changes.shape[0], -1))
    found = to_numpy(xp.linalg.vector_norm(flat, axis=1, ord={"linf": np.inf, "l2": 2, "l1": 1}[norm])).astype(np.float64)
    if norm == "l2" and (found < TINY).any():
        scale = xp.max(xp.abs(flat), axis=1, keepdims=True)
        scale = xp.where(scale > 0, scale, xp.ones_like(scale))
        found = to_numpy(scale[:, 0]).astype(np.float64) * to_numpy(xp.linalg.vector_norm(flat / scale, axis=1))
    return found


def joined(pieces: Sequence[Float[Array, "_ 3 h w"]], rows: Sequence[Int[np.ndarray, " _"]]) -> Float[Array, "n 3 h w"]:
    """Pieces of a batch put together, given the row of the batch that each row of each piece is."""
    whole = namespace(pieces[0]).concat(list(pieces), axis=0)
    return take(whole, np.argsort(np.concatenate(list(rows)), kind="stable"))


def replaced(images: Float[Array, "n 3 h w"], rows: Int[np.ndarray, " m"], by: Float[Array, "m 3 h w"]) -> Float[Array, "n 3 h w"]:
    """The images with these rows exchanged; the array itself stays as it was."""
    others = np.setdiff1d(np.arange(len(images)), rows)
    return joined([take(images, others), by], [others, rows])


def chosen(yes: Bool[np.ndarray, " n"], this: Float[Array, "n 3 h w"], other: Float[Array, "n 3 h w"]) -> Float[Array, "n 3 h w"]:
    """Rows of `this` where yes, of `other` elsewhere."""
    return namespace(this).where(column(yes, this), this, other)
