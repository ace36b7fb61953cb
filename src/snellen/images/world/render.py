"""From concepts to pixels: every cause drawn in its place, back to front, with the exact masks of what is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from snellen.images.world import additions, exogenous
from snellen.images.world.body import Body, Rows
from snellen.images.world.grounds import GROUNDS
from snellen.images.world.palette import GROUND, OBJECT
from snellen.images.world.scene import BACKGROUND, CLUTTER, MARK, OCCLUDER, Scene
from snellen.images.world.shapes import CATEGORIES, PARTS
from snellen.images.world.textures import FAMILIES

VERSION = 1
"""Rises when an image changes."""

_AT_ONCE = 1 << 19
"""Pixels drawn together, so that the arrays in work stay in the processor's cache."""
_PERIOD = 0.26
"""One texture unit in object units, at a texture scale of one."""

Columns: TypeAlias = Mapping[str, np.ndarray]
Place: TypeAlias = Callable[[Rows], tuple[np.ndarray, np.ndarray]]
"""Rows of images → where each of their pixels is, x and y, in some frame."""


def draw(concepts: Columns, keys: np.ndarray, size: int, detail: bool = False) -> Scene:
    """The images of these concepts, each a function of its own row alone.

    Args:
        concepts: concept → (n,) values, as in the facts of a world.
        keys: (n,) uint64, the noise of each image.
        size: side of the images, pixels.
        detail: also the label maps and the masks of the parts.
    """
    order = np.argsort(concepts["category"], kind="stable")
    pixels, seen = np.empty((len(keys), 3, size, size), np.uint8), np.empty((len(keys), size, size), np.float32)
    labels = np.empty(seen.shape, np.uint8) if detail else None
    parts: dict[str, np.ndarray] = {}
    step = max(1, _AT_ONCE // size**2)
    for at in range(0, len(keys), step):
        rows = order[at : at + step]
        scene = _draw({name: column[rows] for name, column in concepts.items()}, keys[rows], size, detail)
        pixels[rows], seen[rows] = scene.pixels, scene.object
        if labels is not None and scene.labels is not None:
            labels[rows] = scene.labels
        for name, mask in scene.parts.items():
            parts.setdefault(name, np.zeros_like(seen))[rows] = mask
    return Scene(pixels, seen, labels, {name: parts[name] for name in PARTS if name in parts})


def _draw(concepts: Columns, keys: np.ndarray, size: int, detail: bool) -> Scene:
    """`draw` for images in the order of their categories."""
    line = ((np.arange(size) * 2 + 1) / size - 1).astype(np.float32)
    across, up = line[None, None, :], -line[None, :, None]
    body, fabric = _object(concepts, keys, across, up, detail)
    image = _coloured(concepts["background_colour"], GROUND, _ground(concepts, keys, across, up))
    labels = np.full(image.shape[:1] + image.shape[2:], BACKGROUND, np.uint8) if detail else None
    _lay_clutter(image, labels, concepts, keys, across, up)
    paint = _coloured(concepts["colour"], OBJECT, fabric)
    paint *= body.tone[:, None]
    paint -= image
    paint *= body.coverage[:, None]
    image += paint
    _lay_occluder(image, body, concepts, keys, across, up)
    image *= _light(concepts, across, up)[:, None]
    _lay_mark(image, body, concepts, keys, across, up)
    image *= 255
    image += 0.5
    np.clip(image, 0, 255, out=image)
    return Scene(image.astype(np.uint8), body.coverage, body.over(labels), body.parts)


def _object(concepts: Columns, keys: np.ndarray, across: np.ndarray, up: np.ndarray, detail: bool) -> tuple[Body, np.ndarray]:
    """The body, and its texture (n, H, W) in [0, 1], grey where it bears none."""
    size = _column(concepts, "scale")
    pixel = np.float32(2 / across.size) / size
    right, above = (across - _column(concepts, "x")) / size, (up - _column(concepts, "y")) / size
    mirror = np.where(concepts["view"] == "left", -1, 1).astype(np.float32)[:, None, None]
    stretch = np.sqrt(_column(concepts, "proportion"))
    place = _turned(right, above, concepts["rotation"], mirror / stretch, stretch)
    slots = exogenous.slots(keys, "shape", 8)
    slots[0] = _column(concepts, "pose")
    body = Body.empty((len(keys), up.size, across.size), detail)
    for rows, name in _groups(concepts["category"]):
        body.add(rows, CATEGORIES[name](*place(rows), slots[:, rows]), pixel[rows])
    unit = 1 / (_PERIOD * _column(concepts, "texture_scale"))
    place = _turned(right, above, concepts["rotation"] + concepts["texture_angle"], unit, unit)
    fabric = _patterned(concepts["texture"], FAMILIES, place, keys, "texture", pixel * unit, body.coverage.shape)
    body.textured *= _column(concepts, "texture_contrast")
    fabric -= 0.5
    fabric *= body.textured
    fabric += 0.5
    return body, fabric


def _ground(concepts: Columns, keys: np.ndarray, across: np.ndarray, up: np.ndarray) -> np.ndarray:
    n, size = len(keys), across.size
    x, y = np.broadcast_to(across, (n, 1, size)), np.broadcast_to(up, (n, size, 1))
    pixel = np.full((n, 1, 1), 2 / size, np.float32)
    return _patterned(concepts["background"], GROUNDS, lambda rows: (x[rows], y[rows]), keys, "ground", pixel, (n, size, size))


def _patterned(
    names: np.ndarray,
    drawn: Mapping[str, Callable[..., np.ndarray]],
    place: Place,
    keys: np.ndarray,
    purpose: str,
    pixel: np.ndarray,
    shape: tuple[int, ...],
) -> np.ndarray:
    """(n, H, W): each image's own pattern; one half where its name is drawn by nothing."""
    out = np.full(shape, 0.5, np.float32)
    slots, seeds = exogenous.slots(keys, purpose, 4), exogenous.seeds(keys, purpose)
    for rows, name in _groups(names):
        if name in drawn:
            out[rows] = drawn[name](*place(rows), slots[:, rows], seeds[rows], pixel[rows])
    return out


def _lay_clutter(
    image: np.ndarray, labels: np.ndarray | None, concepts: Columns, keys: np.ndarray, across: np.ndarray, up: np.ndarray
) -> None:
    counts = concepts["clutter"].astype(np.int64)
    rows = np.flatnonzero(counts)
    if not rows.size:
        return
    for piece in additions.clutter(across, up, exogenous.seeds(keys[rows], "clutter"), counts[rows]):
        here, top, left = (rows[piece.row[:, 0, 0]], piece.lines[:, 0, 0], piece.columns[:, 0, 0])
        window = (here, slice(None), top, left)
        inside = sliding_window_view(image, piece.coverage.shape[1:], (2, 3), writeable=True)
        under = inside[window]
        inside[window] = under + piece.coverage[:, None] * (piece.colour[:, :, None, None] - under)
        if labels is not None:
            inside = sliding_window_view(labels, piece.coverage.shape[1:], (1, 2), writeable=True)
            inside[here, top, left] = np.where(piece.coverage > 0.5, np.uint8(CLUTTER), inside[here, top, left])


def _lay_occluder(image: np.ndarray, body: Body, concepts: Columns, keys: np.ndarray, across: np.ndarray, up: np.ndarray) -> None:
    rows = np.flatnonzero(concepts["occlusion"] > 0)
    if not rows.size:
        return
    share, x, y, half = (_column(concepts, name)[rows] for name in ("occlusion", "x", "y", "scale"))
    coverage, colour = additions.occluder(across, up, exogenous.seeds(keys[rows], "occluder"), share, x, y, half)
    _lay(image, rows, coverage, colour[:, :, None, None])
    body.hide(rows, coverage, OCCLUDER)


def _lay_mark(image: np.ndarray, body: Body, concepts: Columns, keys: np.ndarray, across: np.ndarray, up: np.ndarray) -> None:
    corner = slice(0, image.shape[-1] // 3)
    for rows, name in _groups(concepts["mark"]):
        if name in additions.MARKS:
            whole = additions.mark(across, up, exogenous.seeds(keys[rows], "mark"), name)
            coverage, tone = (part[..., corner, corner] for part in whole)
            _lay(image[:, :, corner, corner], rows, coverage, tone)
            body.hide((rows, corner, corner), coverage, MARK)


def _lay(image: np.ndarray, rows: Rows, coverage: np.ndarray, colour: np.ndarray) -> None:
    """`colour` over some rows of `image`, where `coverage` (r, H, W)."""
    under = image[rows]
    image[rows] = under + coverage[:, None] * (colour - under)


def _light(concepts: Columns, across: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(n, H, W) factor: exposure, and a slope towards where the light comes from."""
    (cosine, sine), exposure = _way(concepts["light"]), _column(concepts, "exposure")
    slope = exposure * _column(concepts, "lighting") / 2
    return (across * (slope * cosine) + exposure) + up * (slope * sine)


def _coloured(names: np.ndarray, palette: Mapping[str, tuple], pattern: np.ndarray) -> np.ndarray:
    """(n, 3, H, W): from a colour's dark end to its light end as the pattern (n, H, W) goes from 0 to 1."""
    ends = np.array([palette[name] for name in names], np.float32)
    dark, light = ends[:, 0, :, None, None], ends[:, 1, :, None, None]
    out = (light - dark) * pattern[:, None]
    out += dark
    return out


def _turned(right: np.ndarray, above: np.ndarray, degrees: np.ndarray, wide: np.ndarray, high: np.ndarray) -> Place:
    """The points of a grid, `right` (n, 1, W) and `above` (n, H, 1), in a frame that is turned, then stretched."""
    cosine, sine = _way(degrees)
    x, y = (right * (cosine * wide), above * (sine * wide)), (above * (cosine * high), right * (sine * high))
    return lambda rows: (x[0][rows] + x[1][rows], y[0][rows] - y[1][rows])


def _groups(names: np.ndarray) -> Iterator[tuple[Rows, str]]:
    """(rows, name) for each name that occurs."""
    for name in dict.fromkeys(names.tolist()):
        rows = np.flatnonzero(names == name)
        first, last = int(rows[0]), int(rows[-1])
        yield (slice(first, last + 1) if last - first < len(rows) else rows), name


def _column(concepts: Columns, name: str) -> np.ndarray:
    """(n, 1, 1) float32."""
    return concepts[name].astype(np.float32)[:, None, None]


def _way(degrees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine of angles (n,), (n, 1, 1) float32 each, rounded from double precision so that they are equal everywhere."""
    angle = np.radians(degrees.astype(np.float64))[:, None, None]
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
