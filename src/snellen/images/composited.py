"""Photographs taken apart: an object before another background, before none, or its background without it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, final

import numpy as np
import polars as pl
from PIL import Image, ImageOps
from scipy import ndimage

from snellen.arrays import image_keys
from snellen.core import Images, Labels, Unreadable
from snellen.images.decode import upright
from snellen.images.fill import fill

How: TypeAlias = Literal["swapped", "same", "grey", "only"]
"""Before the background of an image of another category (in which the object is filled in); of another image of its own
category; before plain grey; or the background only, its object filled in."""
VERSION = 1
"""Rises when an image changes."""

LARGEST_SIDE = 1024
"""Pixels; larger photographs are made smaller first, which keeps many of them in memory together."""
_TRIES = 4
_GREY = 0.5
_MARGIN = 64  # a hole is widened by one pixel for so many of the image's shorter side, for soft edges

Scene: TypeAlias = tuple[np.ndarray, np.ndarray]


@final
@dataclass(frozen=True, eq=False)
class Composited(Images):
    """Images made of those of `whole`, row for row; of its `donors` a row gets the first background that can be had."""

    name: str
    id: str
    labels: Labels | None
    facts: pl.DataFrame
    origin: Mapping[str, str]
    whole: Images
    how: How
    donors: tuple[tuple[int, ...], ...] = field(repr=False)
    together = 16

    def fetch(self, rows: Sequence[int]) -> list[bytes | np.ndarray | Unreadable]:
        """(H, W, 3) uint8 of the size of the payload in `whole`, `LARGEST_SIDE` at most, or why it cannot be made."""
        donors = dict(self._scenes({row: self.donors[row][0] for row in rows if self.donors[row]}))
        return [
            scene if isinstance(scene, Unreadable) else self._made(row, scene, donors.get(row))
            for row, scene in self._scenes({row: row for row in rows})
        ]

    def regions(self, rows: Sequence[int]) -> list[np.ndarray | Unreadable]:
        """Those of `whole`; where the object is filled in, where it was."""
        return [mask if isinstance(mask, Unreadable) else _smaller(mask) for mask in self.whole.regions(rows)]

    def _made(self, row: int, scene: Scene, donor: Scene | Unreadable | None) -> np.ndarray | Unreadable:
        pixels, mask = scene
        if self.how == "only":
            return _stored(without(pixels, mask))
        if self.how == "grey":
            return _stored(laid(pixels, np.float32(_GREY), mask))
        rest = iter(self.donors[row][1:])
        while isinstance(donor, Unreadable) and (other := next(rest, None)) is not None:
            donor = self._scenes({row: other})[0][1]
        if donor is None or isinstance(donor, Unreadable):
            return Unreadable(f"no image of {'another' if self.how == 'swapped' else 'its'} category has a background to give")
        return _stored(laid(pixels, covering(without(*donor), mask.shape), mask))

    def _scenes(self, wanted: Mapping[int, int]) -> list[tuple[int, Scene | Unreadable]]:
        """(key, scene) for each key → row of `whole`, all fetched together."""
        rows = list(wanted.values())
        if not rows:
            return []
        found = zip(self.whole.fetch(rows), self.whole.regions(rows), strict=True)
        return [(key, _scene(payload, mask)) for key, (payload, mask) in zip(wanted, found, strict=True)]


def composited(images: Images, how: How) -> Composited:
    """The images, each taken apart and put together by `how`. Donors are drawn by the name of the image alone."""
    recipe = json.dumps([images.id, how, VERSION]).encode()
    origin = {**images.origin, "composited": how}
    donors = _donors(images.facts, how) if how in ("swapped", "same") else ((),) * len(images)
    return Composited(images.name, hashlib.sha256(recipe).hexdigest(), images.labels, images.facts, origin, images, how, donors)


def without(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The background (H, W, 3) of an image, where its object was filled in from around; float32 in [0, 1]."""
    margin = 2 * max(1, round(min(mask.shape) / _MARGIN)) + 1
    return fill(pixels, ndimage.maximum_filter(mask, size=margin))


def laid(pixels: np.ndarray, ground: np.ndarray | np.float32, mask: np.ndarray) -> np.ndarray:
    """What `mask` (H, W) shows of an image, over `ground`; float32 in [0, 1]."""
    return ground + mask[..., None] * (pixels - ground)


def covering(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The middle of an image (H, W, 3), enlarged or made smaller until it covers `size`; float32 in [0, 1]."""
    if pixels.shape[:2] == size:
        return pixels
    image = ImageOps.fit(Image.fromarray(_stored(pixels)), (size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(image, np.float32) / 255


def _scene(payload: bytes | np.ndarray | Unreadable, mask: np.ndarray | Unreadable) -> Scene | Unreadable:
    if isinstance(payload, Unreadable):
        return payload
    if isinstance(mask, Unreadable):
        return mask
    try:
        pixels = upright(payload)
    except Unreadable as error:
        return error
    if mask.shape != pixels.shape[:2] or not mask.any():
        return Unreadable("its mask is empty or of another size")
    scale = np.float32(255 if pixels.dtype == np.uint8 else 1)
    return _smaller(pixels) / scale, _smaller(mask)


def _smaller(values: np.ndarray) -> np.ndarray:
    """(H, W) or (H, W, 3) as float32, where a side exceeds `LARGEST_SIDE` as the means of squares."""
    step = -(-max(values.shape[:2]) // LARGEST_SIDE)
    for axis in (0, 1) if step > 1 else ():
        starts = np.arange(0, values.shape[axis], step)
        widths = np.diff(starts, append=values.shape[axis]).astype(np.float32)
        sums = np.add.reduceat(values, starts, axis=axis, dtype=np.float32)
        values = sums / np.expand_dims(widths, tuple(other for other in range(values.ndim) if other != axis))
    return values.astype(np.float32)


def _stored(pixels: np.ndarray) -> np.ndarray:
    return (pixels.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def _donors(facts: pl.DataFrame, how: How) -> tuple[tuple[int, ...], ...]:
    """For each row a few others, of another category or of its own, none of an image without a category."""
    categories, names = facts["category"].to_list(), facts["image"].to_list()
    order = sorted((row for row, own in enumerate(categories) if own is not None), key=lambda row: (str(categories[row]), row))
    place = {row: at for at, row in enumerate(order)}
    sizes = facts["category"].drop_nulls().value_counts()
    size, start, first = dict(sizes.rows()), 0, {}
    for own in sorted(size):
        first[own], start = start, start + size[own]
    keys = [image_keys("background", f"{how} {attempt}", names, 0) for attempt in range(_TRIES)]
    out = []
    for row, own in enumerate(categories):
        begin, many = first.get(own, 0), size.get(own, 0)
        if how == "swapped":
            others = len(order) - many
            picked = [key[row] % others for key in keys] if others else []
            out.append(tuple(dict.fromkeys(order[at if at < begin else at + many] for at in picked)))
        else:
            picked = [key[row] % (many - 1) for key in keys] if many > 1 else []
            out.append(tuple(dict.fromkeys(order[begin + at + (begin + at >= place[row])] for at in picked)))
    return tuple(out)
