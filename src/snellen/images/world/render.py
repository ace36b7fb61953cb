"""From concepts to pixels: every cause drawn in its place, back to front, with the exact masks of what is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import numpy as np

from snellen.images.world import additions, exogenous
from snellen.images.world.body import Body
from snellen.images.world.grounds import GROUNDS
from snellen.images.world.palette import GROUND, OBJECT
from snellen.images.world.scene import BACKGROUND, CLUTTER, MARK, OCCLUDER, Scene
from snellen.images.world.shapes import CATEGORIES
from snellen.images.world.textures import FAMILIES

VERSION = 1
"""Rises when an image changes."""

_AT_ONCE = 1 << 18
"""Pixels drawn together, so that the arrays in work stay in the processor's cache."""
_PERIOD = 0.26
"""One texture unit in object units, at a texture scale of one."""

Columns: TypeAlias = Mapping[str, np.ndarray]


def draw(concepts: Columns, keys: np.ndarray, size: int, detail: bool = False) -> Scene:
    """The images of these concepts, each a function of its own row alone.

    Args:
        concepts: concept → (n,) values, as in the facts of a world.
        keys: (n,) uint64, the noise of each image.
        size: side of the images, pixels.
        detail: also the label maps and the masks of the parts.
    """
    step = max(1, _AT_ONCE // size**2)
    return Scene.joined(
        [
            _draw({name: column[at : at + step] for name, column in concepts.items()}, keys[at : at + step], size, detail)
            for at in range(0, len(keys), step)
        ]
    )


def _draw(concepts: Columns, keys: np.ndarray, size: int, detail: bool) -> Scene:
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
    np.clip(image, 0, 1, out=image)
    image *= 255
    image += 0.5
    return Scene(image.astype(np.uint8), body.coverage, body.over(labels), body.parts)


def _object(concepts: Columns, keys: np.ndarray, across: np.ndarray, up: np.ndarray, detail: bool) -> tuple[Body, np.ndarray]:
    """The body, and its texture (n, H, W) in [0, 1], grey where it bears none."""
    size = _column(concepts, "scale")
    pixel = np.float32(2 / across.size) / size
    right, above = (across - _column(concepts, "x")) / size, (up - _column(concepts, "y")) / size
    u, v = _turned(right, above, _way(concepts, "rotation"))
    stretch = np.sqrt(_column(concepts, "proportion"))
    mirror = np.where(concepts["view"] == "left", -1, 1).astype(np.float32)[:, None, None]
    slots = exogenous.slots(keys, "shape", 8)
    slots[0] = _column(concepts, "pose")
    x, y = u * (mirror / stretch), v * stretch
    body = Body.empty(x.shape, detail)
    for rows, name in _groups(concepts["category"]):
        body.add(rows, CATEGORIES[name](x[rows], y[rows], slots[:, rows]), pixel[rows])
    period = _PERIOD * _column(concepts, "texture_scale")
    s, t = _turned(u / period, v / period, _way(concepts, "texture_angle"))
    fabric = _patterned(concepts["texture"], FAMILIES, s, t, keys, "texture", pixel / period)
    fabric -= 0.5
    fabric *= (1 - body.plain) * _column(concepts, "texture_contrast")
    fabric += 0.5
    return body, fabric


def _ground(concepts: Columns, keys: np.ndarray, across: np.ndarray, up: np.ndarray) -> np.ndarray:
    n, size = len(keys), across.size
    x, y = np.broadcast_to(across, (n, 1, size)), np.broadcast_to(up, (n, size, 1))
    return _patterned(concepts["background"], GROUNDS, x, y, keys, "ground", np.full((n, 1, 1), 2 / size, np.float32))


def _patterned(
    names: np.ndarray,
    drawn: Mapping[str, Callable[..., np.ndarray]],
    x: np.ndarray,
    y: np.ndarray,
    keys: np.ndarray,
    purpose: str,
    pixel: np.ndarray,
) -> np.ndarray:
    """(n, H, W): each image's own pattern; one half where its name is drawn by nothing."""
    out = np.full(np.broadcast_shapes(x.shape, y.shape), 0.5, np.float32)
    slots, seeds = exogenous.slots(keys, purpose, 4), exogenous.seeds(keys, purpose)
    for rows, name in _groups(names):
        if name in drawn:
            out[rows] = drawn[name](x[rows], y[rows], slots[:, rows], seeds[rows], pixel[rows])
    return out


def _lay_clutter(
    image: np.ndarray, labels: np.ndarray | None, concepts: Columns, keys: np.ndarray, across: np.ndarray, up: np.ndarray
) -> None:
    counts = concepts["clutter"].astype(np.int64)
    rows = np.flatnonzero(counts)
    if not rows.size:
        return
    for piece in additions.clutter(across, up, exogenous.seeds(keys[rows], "clutter"), counts[rows]):
        window = (rows[piece.row], piece.lines, piece.columns)
        for channel, colour in zip(np.moveaxis(image, 1, 0), piece.colour.T, strict=True):
            channel[window] += piece.coverage * (colour[:, None, None] - channel[window])
        if labels is not None:
            labels[window] = np.where(piece.coverage > 0.5, np.uint8(CLUTTER), labels[window])


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
            coverage, tone = additions.mark(across, up, exogenous.seeds(keys[rows], "mark"), name)
            _lay(image[:, :, corner, corner], rows, coverage[:, corner, corner], tone[:, :, corner, corner])
            body.hide(rows, coverage, MARK)


def _lay(image: np.ndarray, rows: np.ndarray, coverage: np.ndarray, colour: np.ndarray) -> None:
    """`colour` over some rows of `image`, where `coverage` (r, H, W)."""
    under = image[rows]
    image[rows] = under + coverage[:, None] * (colour - under)


def _light(concepts: Columns, across: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(n, H, W) factor: exposure, and a slope towards where the light comes from."""
    (cosine, sine), strength = _way(concepts, "light"), _column(concepts, "lighting") / 2
    slope = across * (strength * cosine) + up * (strength * sine)
    slope += 1
    slope *= _column(concepts, "exposure")
    return slope


def _coloured(names: np.ndarray, palette: Mapping[str, tuple], pattern: np.ndarray) -> np.ndarray:
    """(n, 3, H, W): from a colour's dark end to its light end as the pattern (n, H, W) goes from 0 to 1."""
    ends = np.array([palette[name] for name in names], np.float32)
    dark, light = ends[:, 0, :, None, None], ends[:, 1, :, None, None]
    out = (light - dark) * pattern[:, None]
    out += dark
    return out


def _turned(x: np.ndarray, y: np.ndarray, way: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    cosine, sine = way
    return x * cosine + y * sine, y * cosine - x * sine


def _groups(names: np.ndarray) -> Iterator[tuple[np.ndarray, str]]:
    """(rows, name) for each name that occurs."""
    for name in dict.fromkeys(names.tolist()):
        yield np.flatnonzero(names == name), name


def _column(concepts: Columns, name: str) -> np.ndarray:
    """(n, 1, 1) float32."""
    return concepts[name].astype(np.float32)[:, None, None]


def _way(concepts: Columns, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine of an angle, (n, 1, 1) float32 each, rounded from double precision so that they are equal everywhere."""
    angle = np.radians(concepts[name].astype(np.float64))[:, None, None]
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
