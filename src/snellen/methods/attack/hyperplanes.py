"""The least change that brings an image onto a hyperplane without leaving the box [0, 1]."""

from __future__ import annotations

import numpy as np
from array_api_compat import device
from jaxtyping import Float

from snellen.arrays import namespace, to_numpy
from snellen.core import Array
from snellen.methods.attack.attack import Norm
from snellen.methods.attack.rows import column

_ROUNDS = 50


def towards_hyperplane(
    places: Float[Array, "n 3 h w"], slope: Float[Array, "n 3 h w"], value: Float[np.ndarray, " n"], norm: Norm
) -> Float[Array, "n 3 h w"]:
    """The change d of least norm with value + <slope, d> = 0 and places + d in [0, 1] (croce-2020-minimally).

    Where no such change exists, the one that comes nearest: every pixel at the end of the box.
    """
    xp = namespace(places)
    way = -xp.sign(slope) * column(np.sign(value), slope)
    room = xp.where(way > 0, 1.0 - places, places)
    steepness, need = xp.abs(slope), column(np.abs(value), slope)
    if norm == "l1":
        return way * _steepest_first(steepness, room, need)
    return way * _together(steepness, room, need, xp.ones_like(steepness) if norm == "linf" else steepness)


def _together(steepness: Array, room: Array, need: Array, speed: Array) -> Array:
    """min(t * speed, room), with the t at which the steps bring `need`.

    What they bring is concave and piecewise linear in t, so that Newton's steps from 0 never go too far and end at the answer.
    """
    xp = namespace(steepness)
    t = xp.zeros_like(need)
    for _ in range(_ROUNDS):
        free = t * speed < room
        moved = xp.where(free, t * speed, room)
        missing = need - xp.sum(steepness * moved, axis=(1, 2, 3), keepdims=True)
        rate = xp.sum(xp.where(free, steepness * speed, xp.zeros_like(speed)), axis=(1, 2, 3), keepdims=True)
        going = (missing > 1e-6 * need) & (rate > 0)
        if not to_numpy(going).any():
            break
        t = xp.where(going, t + missing / xp.where(rate > 0, rate, xp.ones_like(rate)), t)
    return xp.minimum(t * speed, room)


def _steepest_first(steepness: Array, room: Array, need: Array) -> Array:
    """All the room of the steepest values, part of the last one's."""
    xp = namespace(steepness)
    shape = tuple(steepness.shape)
    steep, free = xp.reshape(steepness, (shape[0], -1)), xp.reshape(room, (shape[0], -1))
    order = xp.argsort(-steep, axis=1)
    steep, free = xp.take_along_axis(steep, order, axis=1), xp.take_along_axis(free, order, axis=1)
    gains = steep * free
    before = xp.cumulative_sum(gains, axis=1) - gains
    missing = xp.clip(xp.reshape(need, (shape[0], 1)) - before, 0.0, None)
    moved = xp.minimum(free, missing / xp.where(steep > 0, steep, xp.ones_like(steep)))
    moved = xp.where(steep > 0, moved, xp.zeros_like(moved))
    back = np.argsort(to_numpy(order), axis=1)
    return xp.reshape(xp.take_along_axis(moved, xp.asarray(back, device=device(moved)), axis=1), shape)
