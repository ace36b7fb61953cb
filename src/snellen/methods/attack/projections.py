"""Steps within a ball around an image and within the box [0, 1]: the way uphill, and the way back in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from array_api_compat import device
from jaxtyping import Float

from snellen.arrays import like, namespace, uniform
from snellen.core import Array
from snellen.methods.attack.attack import Norm

_HALVINGS = 24


def project(
    places: Float[Array, "n 3 h w"], centre: Float[Array, "n 3 h w"], epsilon: float, norm: Norm
) -> Float[Array, "n 3 h w"]:
    """Places in the ball of size `epsilon` around `centre` and in [0, 1].

    The nearest ones for linf, and for l1 (croce-2021); for l2, scaled into the ball, then clipped, as is usual.
    """
    return region(centre, epsilon, norm)(places)


def region(centre: Float[Array, "n 3 h w"], epsilon: float, norm: Norm) -> Callable[[Array], Array]:
    """`project` for many places around the same centre."""
    xp = namespace(centre)
    if norm == "linf":
        low, high = xp.clip(centre - epsilon, 0.0, None), xp.clip(centre + epsilon, None, 1.0)
        return lambda places: xp.clip(places, low, high)
    return lambda places: _round(places, centre, epsilon, norm)


def _round(places: Array, centre: Array, epsilon: float, norm: Norm) -> Array:
    """As `project`, for l2 and l1."""
    xp = namespace(centre)
    change = places - centre
    if norm == "l2":
        size = norms(change)
        factor = xp.where(size > epsilon, epsilon / xp.where(size > 0, size, xp.ones_like(size)), xp.ones_like(size))
        return xp.clip(centre + change * factor, 0.0, 1.0)
    return centre + xp.sign(change) * _shrunk(xp.abs(change), xp.where(change > 0, 1.0 - centre, centre), epsilon)


def _shrunk(size: Array, room: Array, epsilon: float) -> Array:
    """clip(size - t, 0, room) with the least t of each row for which the sum is at most `epsilon`.

    The sum falls in t and is linear between the values at which a pixel starts or stops to count: halving finds the piece, a
    straight line the place in it.
    """
    xp = namespace(size)

    def left(t: Array) -> Array:
        return xp.clip(xp.minimum(size - t, room), 0.0, None)

    def total(t: Array) -> Array:
        return xp.sum(left(t), axis=(1, 2, 3), keepdims=True)

    high = xp.max(size, axis=(1, 2, 3), keepdims=True)
    low = xp.zeros_like(high)
    inside = total(low) <= epsilon
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = total(middle) > epsilon
        low, high = xp.where(above, middle, low), xp.where(above, high, middle)
    over, under = total(low), total(high)
    gap = xp.where(over > under, over - under, xp.ones_like(over))
    t = high - (high - low) * xp.clip((epsilon - under) / gap, 0.0, 1.0)
    found = left(xp.where(inside, xp.zeros_like(t), t))
    held = xp.sum(found, axis=(1, 2, 3), keepdims=True)
    return found * (epsilon / xp.clip(held, epsilon, None))


def uphill(gradient: Float[Array, "n 3 h w"], norm: Norm, share: np.ndarray | None = None) -> Float[Array, "n 3 h w"]:
    """The direction of norm 1 along which the loss rises fastest; of l1, spread over a share (N,) of the pixel values.

    For linf the sign, for l2 the gradient itself, for l1 the signs of the steepest values (croce-2021). 0 where the gradient is.
    """
    xp = namespace(gradient)
    if norm == "linf":
        return gradient.sign() if hasattr(gradient, "sign") else xp.sign(gradient)  # a tensor's own does not look for NaN
    if norm == "l2":
        size = norms(gradient)
        return gradient / xp.where(size > 0, size, xp.ones_like(size))
    count, values = gradient.shape[0], int(np.prod(gradient.shape[1:]))
    steepness = xp.abs(gradient)
    shares = np.broadcast_to(np.asarray(0.01 if share is None else share, float), (count,))
    ranks = np.clip(((1 - shares) * values).astype(np.int64), 0, values - 1)
    ordered = xp.sort(xp.reshape(steepness, (count, values)), axis=1)
    least = xp.take_along_axis(ordered, xp.asarray(ranks[:, None], device=device(ordered)), axis=1)
    signs = xp.where(steepness >= xp.reshape(least, (count, 1, 1, 1)), xp.sign(gradient), xp.zeros_like(gradient))
    size = xp.sum(xp.abs(signs), axis=(1, 2, 3), keepdims=True)
    return signs / xp.where(size > 0, size, xp.ones_like(size))


def norms(changes: Float[Array, "n 3 h w"]) -> Float[Array, "n 1 1 1"]:
    """The l2 norm of each row, native, also of rows whose squares are too small for float32."""
    xp = namespace(changes)
    largest = xp.max(xp.abs(changes), axis=(1, 2, 3), keepdims=True)
    scale = xp.where(largest > 0, largest, xp.ones_like(largest))
    return scale * xp.sqrt(xp.sum((changes / scale) ** 2, axis=(1, 2, 3), keepdims=True))


def random_start(images: Float[Array, "n 3 h w"], epsilon: float, norm: Norm, keys: list[int]) -> Float[Array, "n 3 h w"]:
    """A random place in the ball around each image and in [0, 1]: row i depends on keys[i] alone.

    Uniform in the linf ball; for l2 and l1 in a direction that is uniform, at a distance that fills the ball evenly.
    """
    shape = tuple(images.shape[1:])
    if norm == "linf":
        return project(images + epsilon * (2 * uniform(keys, shape, images) - 1), images, epsilon, norm)
    generators = [np.random.Generator(np.random.PCG64(key)) for key in keys]
    draw = "standard_normal" if norm == "l2" else "laplace"
    changes = np.stack([getattr(one, draw)(size=shape) for one in generators])
    power = 2 if norm == "l2" else 1
    sizes = (np.abs(changes) ** power).sum(axis=(1, 2, 3)) ** (1 / power)
    radii = epsilon * np.array([one.random() for one in generators]) ** (1 / np.prod(shape))
    return project(
        images + like((changes * (radii / sizes)[:, None, None, None]).astype(np.float32), images), images, epsilon, norm
    )
