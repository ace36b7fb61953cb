"""A sheet of pictures in rows, a heading over each row and a caption under each picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFont

from snellen.core import SnellenError
from snellen.sheets import INK, MUTED, PAPER, enlarged, shortened

SIDE, GAP, MARGIN, TITLE, LINE = 160, 8, 24, 40, 17
"""Pixels: of a picture's longer side, between pictures, around all, of the title, of a line of text."""
ACROSS = 9
"""Pictures side by side; longer rows are broken."""
LARGEST = 16383
"""Pixels on a side that WebP can hold."""


@final
@dataclass(frozen=True)
class Row:
    """Pictures (3, H, W) in [0, 1] of any sizes, and what is said of them; a caption may have several lines."""

    heading: str
    pictures: Sequence[Float[np.ndarray, "3 h w"]]
    captions: Sequence[str] = ()


def sheet(title: str, rows: Sequence[Row]) -> Image.Image:
    """All rows below each other.

    Raises:
        SnellenError: a row has captions, and not one for each of its pictures.
    """
    small, medium, large = (ImageFont.load_default(points) for points in (13, 15, 20))
    strips = [strip for row in rows for strip in _broken(row)]
    across = max((len(strip.pictures) for strip in strips), default=1)
    wide = max(2 * MARGIN + across * SIDE + (across - 1) * GAP, 2 * MARGIN + 3 * SIDE)
    canvas = Image.new("RGB", (wide, 2 * MARGIN + TITLE + sum(_height(strip) for strip in strips)), PAPER)
    pen, top = ImageDraw.Draw(canvas), MARGIN + TITLE
    pen.text((MARGIN, MARGIN), shortened(title, large, wide - 2 * MARGIN), INK, large, anchor="lt")
    for strip in strips:
        if strip.heading:
            pen.text((MARGIN, top), shortened(strip.heading, medium, wide - 2 * MARGIN), INK, medium, anchor="la")
        under = top + (LINE + GAP if strip.heading else 0)
        for at, pixels in enumerate(strip.pictures):
            picture, left = enlarged(pixels, SIDE), MARGIN + at * (SIDE + GAP)
            canvas.paste(picture, (left + (SIDE - picture.width) // 2, under + (SIDE - picture.height) // 2))
            for number, text in enumerate(strip.captions[at].split("\n") if strip.captions else ()):
                pen.text((left, under + SIDE + 4 + number * LINE), shortened(text, small, SIDE), MUTED, small, anchor="la")
        top += _height(strip)
    return canvas


def write(path: Path, picture: Image.Image) -> None:
    """As WebP, which loses what nobody sees.

    Raises:
        SnellenError: the sheet is larger than WebP can hold.
    """
    if max(picture.size) > LARGEST:
        raise SnellenError(f"got a sheet of {picture.width} x {picture.height} pixels; WebP holds {LARGEST}: make several sheets")
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=88, method=4)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


def _broken(row: Row) -> list[Row]:
    """A row in pieces that fit side by side; the heading is over the first."""
    if row.captions and len(row.captions) != len(row.pictures):
        raise SnellenError(f"got {len(row.captions)} captions for {len(row.pictures)} pictures; expected one each, or none")
    return [
        Row("" if start else row.heading, row.pictures[start : start + ACROSS], row.captions[start : start + ACROSS])
        for start in range(0, max(1, len(row.pictures)), ACROSS)
    ]


def _height(strip: Row) -> int:
    lines = max((caption.count("\n") + 1 for caption in strip.captions), default=0)
    return (LINE + GAP if strip.heading else 0) + (SIDE if strip.pictures else 0) + 4 + lines * LINE + GAP
