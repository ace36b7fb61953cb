"""The patterns of the Square attack for l2 and l1: two pyramids of opposite sign in a square."""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import Float

from snellen.arrays import like, namespace
from snellen.core import Array
from snellen.methods.attack.attack import Norm
from snellen.methods.attack.projections import norms, project

_TINY = 1e-12


@cache
def _pattern(side: int, norm: Norm) -> Float[np.ndarray, "s s"]:
    """Two pyramids side by side, up and down, of norm 1."""
    fall = 2 if norm == "l2" else 4
    half = side // 2
    pattern = np.concatenate([_pyramid(half, side, fall), -_pyramid(side - half, side, fall)])
    return pattern / (np.abs(pattern) ** (2 if norm == "l2" else 1)).sum() ** (0.5 if norm == "l2" else 1)


def _pyramid(high: int, wide: int, fall: int) -> Float[np.ndarray, "h w"]:
    """Frames around the centre: frame r holds the sum of 1 / (k + 1) ** fall for all k from r on."""
    frames = max(high // 2, wide // 2) + 1
    heights = np.cumsum((1.0 / np.arange(1, frames + 1) ** fall)[::-1])[::-1]
    away = np.maximum.outer(np.abs(np.arange(high) - high // 2), np.abs(np.arange(wide) - wide // 2))
    return heights[np.minimum(away, frames - 1)] * (away < frames)


def tiled(images: Float[Array, "n 3 h w"], epsilon: float, norm: Norm, generators: list[np.random.Generator]) -> Array:
    """Images with patterns all over, five along the shorter side, each colour's sign drawn for each tile."""
    n, channels, high, wide = images.shape
    side = max(min(high, wide) // 5, 1)
    down, across = high // side, wide // side
    top, left = (high - down * side) // 2, (wide - across * side) // 2
    signs = np.stack([np.sign(one.random((channels, down, across)) - 0.5) for one in generators])
    canvas = np.zeros((n, channels, high, wide), np.float32)
    canvas[:, :, top : top + down * side, left : left + across * side] = np.kron(signs, _pattern(side, norm))
    change = like(canvas, images)
    change = _lengthened(change, epsilon) if norm == "l2" else change
    return project(images + change, images, epsilon, norm)


def windows(places: Float[np.ndarray, "n 2"], side: int, high: int, wide: int) -> Float[np.ndarray, "n 1 h w"]:
    """1 in a square of each image, 0 elsewhere; `places` in [0, 1) say where it may lie."""
    tops, lefts = _corners(places, side, high, wide)
    rows, columns = np.arange(high)[None, :], np.arange(wide)[None, :]
    down, across = (rows >= tops) & (rows < tops + side), (columns >= lefts) & (columns < lefts + side)
    return (down[:, :, None] & across[:, None, :])[:, None].astype(np.float32)


def moved(
    place: Float[Array, "n 3 h w"],
    origin: Float[Array, "n 3 h w"],
    epsilon: float,
    norm: Norm,
    side: int,
    drawn: Float[np.ndarray, "n 8"],
    signs: Float[np.ndarray, "n 3"],
) -> Float[Array, "n 3 h w"]:
    """What a second square holds of the change goes to a first one, where a pattern is added (andriushchenko-2020)."""
    xp = namespace(place)
    n, channels, high, wide = place.shape
    tops, lefts = _corners(drawn[:, :2], side, high, wide)
    pattern = _pattern(side, norm)
    patterns = np.where((drawn[:, 7] < 0.5)[:, None, None], pattern, pattern.T)
    canvas = np.zeros((n, 1, high, wide), np.float32)
    steps = np.arange(side)
    canvas[np.arange(n)[:, None, None], 0, tops[:, :, None] + steps[:, None], lefts[:, :, None] + steps] = patterns
    first = windows(drawn[:, :2], side, high, wide)
    both = like(np.maximum(first, windows(drawn[:, 2:4], side, high, wide)), place)
    inside, change = like(first, place), place - origin

    def size(array: Array, axes: tuple[int, ...]) -> Array:
        total = xp.sum(array**2 if norm == "l2" else xp.abs(array), axis=axes, keepdims=True)
        return xp.sqrt(total) if norm == "l2" else total

    own = change * inside
    new = like(canvas, place) * like(signs[:, :, None, None].astype(np.float32), place) + own / (_TINY + size(own, (2, 3)))
    whole, held = size(change, (1, 2, 3)), size(change * both, (2, 3))
    if norm == "l2":
        budget = xp.sqrt(xp.clip(epsilon**2 - whole**2, 0.0, None) / channels + held**2)
    else:
        budget = xp.clip(epsilon - whole, 0.0, None) + held * channels
    change = change * (1 - both) + new / (_TINY + size(new, (2, 3))) * budget
    change = _lengthened(change, epsilon) if norm == "l2" else change
    return project(origin + change, origin, epsilon, norm)


def _lengthened(change: Array, epsilon: float) -> Array:
    """Changes of L2 norm epsilon; of one pixel they may cancel out, and stay 0."""
    xp, size = namespace(change), norms(change)
    return change * (epsilon / xp.where(size > 0, size, xp.ones_like(size)))


def _corners(places: np.ndarray, side: int, high: int, wide: int) -> tuple[np.ndarray, np.ndarray]:
    """(N, 1) rows and columns."""
    return (places[:, :1] * (high - side + 1)).astype(int), (places[:, 1:2] * (wide - side + 1)).astype(int)
