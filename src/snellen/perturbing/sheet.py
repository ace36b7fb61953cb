"""A contact sheet of a perturbation: levels across, a few images down."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from snellen.core import Images, Unreadable
from snellen.images.decode import upright
from snellen.perturbing.files import SHEET, Plan, write
from snellen.sheets import INK, MUTED, PAPER

DOWN = 4
"""Images, spread evenly over the set."""
SIDE, GAP, MARGIN, HEAD = 160, 8, 24, 64
"""Pixels: of the longest side of a picture, between pictures, around all of them, and above them."""


def sheet(images: Images, name: str, plan: Plan, levels: Sequence[str], names: Sequence[str]) -> None:
    """Draw the originals and the files that are there, and leave the picture in the folder."""
    whole = [row for row, file in enumerate(names) if all(plan.path(level, file).is_file() for level in levels)]
    if not whole:
        return
    rows: list[int] = [whole[round(float(at))] for at in np.linspace(0, len(whole) - 1, min(DOWN, len(whole)))]
    originals = [_original(payload, plan.size) for payload in images.fetch(rows)]
    shown = [[_opened(plan.path(level, names[row])) for level in levels] for row in rows]
    lines = [[original, *line] for original, line in zip(originals, shown, strict=True)]
    buffer = io.BytesIO()
    grid(lines, ["original", *levels], f"{name}, seed {plan.seed}").save(buffer, "PNG")
    write(plan.folder / SHEET, buffer.getvalue())


def grid(lines: Sequence[Sequence[Image.Image | None]], above: Sequence[str], title: str) -> Image.Image:
    """Pictures in lines, a text above each column, a title above all; None leaves a gap."""
    tiles = [[picture and _fitted(picture) for picture in line] for line in lines]
    wide = [max((tile.width for line in tiles if (tile := line[at])), default=SIDE) for at in range(len(above))]
    tall = [max((tile.height for tile in line if tile), default=SIDE) for line in tiles]
    size = 2 * MARGIN + sum(wide) + GAP * (len(wide) - 1), MARGIN + HEAD + sum(tall) + GAP * (len(tall) - 1) + MARGIN
    picture = Image.new("RGB", size, PAPER)
    pen, small, large = ImageDraw.Draw(picture), ImageFont.load_default(14), ImageFont.load_default(20)
    pen.text((MARGIN, MARGIN), title, INK, large, anchor="lt")
    for at, text in enumerate(above):
        x = MARGIN + sum(wide[:at]) + at * GAP
        pen.text((x, MARGIN + HEAD - 10), text, MUTED, small, anchor="ls")
        for down, line in enumerate(tiles):
            if tile := line[at]:
                picture.paste(tile, (x, MARGIN + HEAD + sum(tall[:down]) + down * GAP))
    return picture


def _fitted(picture: Image.Image) -> Image.Image:
    """With a longer side of about `SIDE`: small pictures are enlarged by whole pixels, so that these can be seen."""
    longest = max(picture.size)
    if longest <= SIDE // 2:
        return picture.resize((picture.width * (SIDE // longest), picture.height * (SIDE // longest)), Image.Resampling.NEAREST)
    shrunk = picture.copy()
    shrunk.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return shrunk


def _original(payload: bytes | np.ndarray | Unreadable, size: int | None) -> Image.Image | None:
    if isinstance(payload, Unreadable):
        return None
    found = upright(payload)
    values = found if found.dtype == np.uint8 else (found * 255).round().astype(np.uint8)
    picture = Image.fromarray(np.ascontiguousarray(values))
    if size is not None:
        short = min(picture.size)
        left, top = (picture.width - short) // 2, (picture.height - short) // 2
        return picture.crop((left, top, left + short, top + short))
    return picture


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as file:
        return file.convert("RGB")
