"""Where the objects are: masks and boxes that come with images."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import polars as pl
from PIL import Image

from snellen.core import Images, Preprocessing, Unreadable, Unsupported
from snellen.images.decode import FORMATS, decode, extent, silence_pillow
from snellen.images.identity import digest

MASK = "mask"
"""The column that names or holds a mask."""
BOX = ("x0", "y0", "x1", "y1")
"""The columns of a box: left, top, right and bottom edge in pixels of the upright image, x to the right, y downwards."""


def has_boxes(facts: pl.DataFrame) -> bool:
    """Whether the facts hold the four columns of a box, as numbers."""
    return all(name in facts.columns and facts.schema[name].is_numeric() for name in BOX)


def regions(
    images: Images, rows: Sequence[int], masks: Callable[[Sequence[int]], Sequence[bytes | Unreadable | None]] | None
) -> list[np.ndarray | Unreadable]:
    """What `Images.regions` promises, from files of masks and from boxes: a row's mask where it has one, else its box.

    Args:
        images: whose facts may hold boxes.
        rows: which are asked for.
        masks: rows → the encoded mask of each, or None for a row without one; None where the set has no masks at all.

    Raises:
        Unsupported: there are neither masks nor boxes.
    """
    if masks is None and not has_boxes(images.facts):
        raise Unsupported(
            f"{images.name} has no masks or boxes that say where the objects are: give it a column {MASK}, or columns "
            f"{', '.join(BOX)}"
        )
    boxes = images.facts.select(BOX)[list(rows)].rows() if has_boxes(images.facts) else [(None,) * 4] * len(rows)
    files = masks(rows) if masks is not None else [None] * len(rows)
    payloads = images.fetch(rows)
    return [_region(payload, file, box) for payload, file, box in zip(payloads, files, boxes, strict=True)]


def identified(identity: str, facts: pl.DataFrame, masks: Iterable[bytes | Unreadable | None] | None) -> str:
    """The id of an image set, also of its masks and boxes where it has any."""
    if masks is None and not has_boxes(facts):
        return identity
    sha = hashlib.sha256(identity.encode())
    for file in masks or ():
        sha.update((b"none" if file is None else digest(file).encode()) + b"\n")
    if has_boxes(facts):
        sha.update(repr(facts.select(pl.col(BOX).cast(pl.Float64)).rows()).encode())
    return sha.hexdigest()


def _region(
    payload: bytes | np.ndarray | Unreadable, file: bytes | Unreadable | None, box: Sequence[float | None]
) -> np.ndarray | Unreadable:
    if isinstance(payload, Unreadable):
        return payload
    if isinstance(file, Unreadable):
        return Unreadable(f"its mask: {file}")
    try:
        size = extent(payload)
        return boxed(box, size) if file is None else mask(file, size)
    except Unreadable as error:
        return error


def mask(file: bytes, size: tuple[int, int]) -> np.ndarray:
    """(H, W) float32 in [0, 1] from an encoded mask of that size: how bright it is, the brightest being 1.

    In an image with a palette every colour but the first is 1. Turning by an EXIF entry is not done.

    Raises:
        Unreadable: it is no image, has another size, or is black all over.
    """
    silence_pillow()
    try:
        with Image.open(io.BytesIO(file), formats=FORMATS) as image:
            if (image.height, image.width) != size:
                raise Unreadable(f"its mask is {image.width}x{image.height}, the image {size[1]}x{size[0]}")
            grey = np.asarray(image) > 0 if image.mode == "P" else np.asarray(image.convert("F"))
    except Unreadable:
        raise
    except Exception as error:  # Pillow raises errors of almost any type on damaged files
        raise Unreadable("its mask can't be read") from error
    if not grey.max() > 0:
        raise Unreadable("its mask is empty")
    return (grey / grey.max()).astype(np.float32)


def boxed(box: Sequence[float | None], size: tuple[int, int]) -> np.ndarray:
    """(H, W) float32 in [0, 1] from the edges (x0, y0, x1, y1) of a box, in pixels; a pixel at the edge counts by its share inside.

    Raises:
        Unreadable: an edge is not known, or no part of the box lies in the image.
    """
    edges = [edge for edge in box if edge is not None and np.isfinite(edge)]
    if len(edges) < len(BOX):
        raise Unreadable("it has neither a mask nor a box")
    left, top, right, bottom = edges
    rows, columns = (_inside(low, high, side) for low, high, side in ((top, bottom, size[0]), (left, right, size[1])))
    if not rows.any() or not columns.any():
        raise Unreadable(f"its box from ({left:g}, {top:g}) to ({right:g}, {bottom:g}) holds nothing of the image")
    return rows[:, None] * columns


def in_view(region: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """(H, W) in [0, 1] of the payload's size → float32 of the size that the model sees, resized and cropped as its images are."""
    return decode(np.repeat(region[..., None].astype(np.float32).clip(0, 1), 3, axis=2), preprocessing)[0]


def _inside(low: float, high: float, side: int) -> np.ndarray:
    """(side,) share of each pixel between two edges."""
    at = np.arange(side)
    return (np.minimum(high, at + 1) - np.maximum(low, at)).clip(0, 1).astype(np.float32)


def told(facts: Mapping[str, pl.Series]) -> bool:
    """Whether the columns of a table name masks."""
    return MASK in facts and facts[MASK].dtype == pl.String
