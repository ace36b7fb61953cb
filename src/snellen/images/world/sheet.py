"""A contact sheet: what a world can show, in one picture."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from snellen.images.world.strips import strips
from snellen.images.world.world import World
from snellen.labels import SIXTEEN
from snellen.sheets import INK, MUTED, PAPER

EACH, ACROSS, LINES = 9, 8, 16
"""Images of a category in a line, pictures in a row of a strip, and lines to fill."""
SMALLEST = 80
"""Side of a picture, pixels of the sheet; smaller images are enlarged, each pixel to a square."""


def sheet(world: World) -> Image.Image:
    """A world's images by category; beside them, strips in which one concept after another varies.

    Args:
        world: whose images are shown. Nine of each category want 160 images or more; categories that do not occur have no row.
    """
    times = -(-SMALLEST // world.size)
    side = world.size * times
    unit, cell = side / 96, side + max(2, side // 16)
    margin, top, heading, line, names = (round(part * unit) for part in (44, 64, 52, 16, 100))
    small, medium, large = (ImageFont.load_default(points * unit) for points in (13, 18, 36))
    beside, lines = strips(world), _lines(world)
    heights = [heading + -(-len(strip.pixels) // ACROSS) * (cell + strip.lines * line) for strip in beside]
    pitch = max(cell, (sum(heights) - heading) // LINES)
    left, right = margin + names, margin + names + EACH * cell + margin
    deep = top + max(heading + len(lines) * pitch, sum(heights))
    picture = Image.new("RGB", (right + ACROSS * cell + margin, deep + margin), PAPER)
    pen = ImageDraw.Draw(picture)

    def paste(pixels: np.ndarray, x: int, y: int) -> None:
        large = pixels.transpose(1, 2, 0).repeat(times, axis=0).repeat(times, axis=1)
        picture.paste(Image.fromarray(np.ascontiguousarray(large)), (x, y))

    pen.text((left, margin), "A world whose causes are known", INK, large, anchor="lt")
    pen.text((left, top + heading - line), f"{world.name}, seed {world.seed}", MUTED, medium, anchor="ls")
    for at, (name, rows) in enumerate(lines):
        y = top + heading + at * pitch
        pen.text((left - line, y + side // 2), name, INK, medium, anchor="rm")
        for column, pixels in enumerate(world.draw(rows).pixels):
            paste(pixels, left + column * cell, y)
    y = top
    for strip, height in zip(beside, heights, strict=True):
        pen.text((right, y + heading - line), strip.title, INK, medium, anchor="ls")
        for at, pixels in enumerate(strip.pixels):
            x, above = right + at % ACROSS * cell, y + heading + at // ACROSS * (cell + strip.lines * line)
            paste(pixels, x, above)
            for number, text in enumerate(strip.below[at].split("\n") if strip.below else ()):
                pen.text((x + side // 2, above + side + number * line + 2), text, MUTED if number else INK, small, anchor="ma")
        y += height
    return picture


def _lines(world: World) -> list[tuple[str, list[int]]]:
    """What stands before each line and which images stand in it; where few categories occur, each has several lines."""
    places = {name: np.flatnonzero((world.facts["category"] == name).to_numpy()).tolist() for name in SIXTEEN}
    places = {name: rows for name, rows in places.items() if rows}
    each = LINES // len(places)
    starts = ((name, rows, start) for name, rows in places.items() for start in range(0, min(len(rows), each * EACH), EACH))
    return [("" if start else name, rows[start : start + EACH]) for name, rows, start in starts]
