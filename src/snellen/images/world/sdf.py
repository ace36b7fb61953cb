"""Signed distance fields of simple plane figures, and how to join them (hart-1996).

Points `x` (right) and `y` (up) are float32 arrays of one shape (n, H, W). Lengths, positions and angles (radians,
anticlockwise) are Python floats, or float32 arrays of shape (n, 1, 1), one for each image. Every figure returns float32
(n, H, W): the distance to its outline in the units of the points, negative inside. Near the outline it is the Euclidean
distance or close to it, so `clip(0.5 - distance / pixel, 0, 1)` is the share of a pixel that the figure covers.
"""

import math

import numpy as np

Scalar = float | np.ndarray
"""A Python float, or float32 (n, 1, 1)."""


def disk(x: np.ndarray, y: np.ndarray, cx: Scalar, cy: Scalar, radius: Scalar) -> np.ndarray:
    """The disk around (cx, cy)."""
    distance = _length(x - cx, y - cy)
    distance -= radius
    return distance


def ring(x: np.ndarray, y: np.ndarray, cx: Scalar, cy: Scalar, radius: Scalar, half: Scalar) -> np.ndarray:
    """The circle around (cx, cy), drawn `2 * half` thick."""
    return outline(disk(x, y, cx, cy, radius), half)


def ellipse(x: np.ndarray, y: np.ndarray, cx: Scalar, cy: Scalar, rx: Scalar, ry: Scalar) -> np.ndarray:
    """The ellipse with half-axes rx and ry along x and y; a first-order distance."""
    px = (x - cx) * (1 / rx)
    py = (y - cy) * (1 / ry)
    slope = _length(px * (1 / rx), py * (1 / ry))
    slope += 1e-6
    reach = _length(px, py)
    distance = reach - 1
    distance *= reach
    distance /= slope
    return distance


def box(x: np.ndarray, y: np.ndarray, cx: Scalar, cy: Scalar, hx: Scalar, hy: Scalar) -> np.ndarray:
    """The upright rectangle of half-sides hx and hy; outside its corners, the larger of the distances to two sides."""
    px, py = _beyond(x, y, cx, cy, hx, hy)
    return np.maximum(px, py, out=px)


def rounded_box(x: np.ndarray, y: np.ndarray, cx: Scalar, cy: Scalar, hx: Scalar, hy: Scalar, corner: Scalar) -> np.ndarray:
    """The upright rectangle of half-sides hx and hy with corners of radius `corner`."""
    px, py = _beyond(x, y, cx, cy, hx - corner, hy - corner)
    inner = np.maximum(px, py)
    np.minimum(inner, 0, out=inner)
    np.maximum(px, 0, out=px)
    np.maximum(py, 0, out=py)
    distance = _length(px, py)
    distance += inner
    distance -= corner
    return distance


def capsule(
    x: np.ndarray, y: np.ndarray, ax: Scalar, ay: Scalar, bx: Scalar, by: Scalar, start: Scalar, end: Scalar | None = None
) -> np.ndarray:
    """The segment from (ax, ay) to (bx, by) with round ends; its radius runs from `start` to `end` (or stays)."""
    dx, dy = bx - ax, by - ay
    inverse = 1 / (dx * dx + dy * dy)
    px, py = x - ax, y - ay
    along = px * (dx * inverse)
    along += py * (dy * inverse)
    np.clip(along, 0, 1, out=along)
    px -= along * dx
    py -= along * dy
    distance = _length(px, py)
    if end is not None:
        along *= end - start
        distance -= along
    distance -= start
    return distance


def half_plane(x: np.ndarray, y: np.ndarray, ax: Scalar, ay: Scalar, bx: Scalar, by: Scalar) -> np.ndarray:
    """All points to the left of the line from (ax, ay) to (bx, by)."""
    dx, dy = bx - ax, by - ay
    inverse = (dx * dx + dy * dy) ** -0.5
    nx, ny = dy * inverse, -dx * inverse
    distance = x * nx
    distance += y * ny
    distance -= nx * ax + ny * ay
    return distance


def convex(x: np.ndarray, y: np.ndarray, *corners: tuple[Scalar, Scalar]) -> np.ndarray:
    """The convex polygon with `corners` listed anticlockwise; outside a corner, the largest distance to a side."""
    sides = zip(corners, (*corners[1:], corners[0]), strict=True)
    return intersection(*(half_plane(x, y, *start, *end) for start, end in sides))


def arc(
    x: np.ndarray, y: np.ndarray, cx: Scalar, cy: Scalar, radius: Scalar, start: Scalar, end: Scalar, half: Scalar
) -> np.ndarray:
    """The part of a circle anticlockwise from angle `start` to angle `end`, `2 * half` thick, with round ends."""
    middle, aperture = (start + end) / 2, (end - start) / 2
    along, across = rotate(x, y, cx, cy, middle)
    np.abs(across, out=across)
    cos, sin = _cos(aperture), _sin(aperture)
    reach = _length(along, across)
    inside = along * sin >= across * cos
    along *= cos
    across *= sin
    along += across
    distance = np.where(inside, reach, along)
    distance *= -2 * radius
    distance += np.square(reach, out=reach)
    distance += radius * radius
    np.maximum(distance, 0, out=distance)
    np.sqrt(distance, out=distance)
    distance -= half
    return distance


def outline(distance: np.ndarray, half: Scalar) -> np.ndarray:
    """The edge of a figure, drawn `2 * half` thick."""
    distance = np.abs(distance)
    distance -= half
    return distance


def union(first: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """What lies in any of the figures."""
    for other in others:
        first = np.minimum(first, other)
    return first


def intersection(first: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """What lies in all of the figures."""
    for other in others:
        first = np.maximum(first, other)
    return first


def smooth_union(first: np.ndarray, second: np.ndarray, width: float) -> np.ndarray:
    """The union with its inward corners filled where the two distances differ by less than `width`."""
    fill = np.abs(first - second)
    np.subtract(width, fill, out=fill)
    np.maximum(fill, 0, out=fill)
    fill *= fill
    fill *= 0.25 / width
    distance = np.minimum(first, second)
    distance -= fill
    return distance


def rotate(x: np.ndarray, y: np.ndarray, cx: Scalar, cy: Scalar, angle: Scalar) -> tuple[np.ndarray, np.ndarray]:
    """The points in a frame at (cx, cy) whose x axis has turned by `angle`."""
    px, py = x - cx, y - cy
    cos, sin = _cos(angle), _sin(angle)
    return px * cos + py * sin, py * cos - px * sin


def fold(x: np.ndarray, axis: Scalar) -> np.ndarray:
    """The distance to an axis: what is drawn on the folded coordinate appears on both sides of it."""
    folded = x - axis
    return np.abs(folded, out=folded)


def repeat(x: np.ndarray, start: Scalar, period: Scalar, times: int) -> np.ndarray:
    """The offset from the nearest of `times` centres, the first at `start`, a `period` apart."""
    cell = (x - start) * (1 / period)
    offset = np.rint(cell)
    np.clip(offset, 0, times - 1, out=offset)
    np.subtract(cell, offset, out=offset)
    offset *= period
    return offset


def _length(px: np.ndarray, py: np.ndarray) -> np.ndarray:
    length = np.square(px)
    length += np.square(py)
    return np.sqrt(length, out=length)


def _beyond(x: np.ndarray, y: np.ndarray, cx: Scalar, cy: Scalar, hx: Scalar, hy: Scalar) -> tuple[np.ndarray, np.ndarray]:
    px, py = fold(x, cx), fold(y, cy)
    px -= hx
    py -= hy
    return px, py


def _cos(angle: Scalar) -> Scalar:
    return np.cos(angle) if isinstance(angle, np.ndarray) else math.cos(angle)


def _sin(angle: Scalar) -> Scalar:
    return np.sin(angle) if isinstance(angle, np.ndarray) else math.sin(angle)
