"""A sheet of explanations: one line an image, the photograph and a map by every method, with a scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from snellen.report.maps import PERCENTILE, paint
from snellen.sheets import INK, MUTED, PAPER, Font, enlarged, shortened

if TYPE_CHECKING:
    from snellen.explaining import Explained

SIDE, GAP, MARGIN, HEAD, LINE, BAR = 224, 14, 28, 44, 17, 10
"""Pixels: of the longest side of a picture, between pictures, around all, of the title, of a line of text, of a scale's height."""


def sheet(explained: Explained) -> Image.Image:
    """Maps are orange where they speak for the class and blue where against; the scale under each is in the map's own unit."""
    small, large = ImageFont.load_default(13), ImageFont.load_default(20)
    pictures = [enlarged(pixels, SIDE) for pixels in explained.pixels]
    high = max(picture.height for picture in pictures)
    block = high + BAR + 5 * LINE + GAP
    columns = 1 + len(explained.methods)
    size = 2 * MARGIN + columns * SIDE + (columns - 1) * GAP, 2 * MARGIN + HEAD + len(pictures) * block
    canvas = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(canvas)
    pen.text((MARGIN, MARGIN), shortened(explained.model.name, large, size[0] - 2 * MARGIN), INK, large, anchor="lt")
    for row, picture in enumerate(pictures):
        top = MARGIN + HEAD + row * block
        canvas.paste(picture, (MARGIN, top))
        _tell(pen, small, MARGIN, top + high + LINE, _captions(explained, row))
        for at, (method, found) in enumerate(explained.methods, 1):
            x, values = MARGIN + at * (SIDE + GAP), flat(found.maps[row])
            painted = paint(values, True, picture).resize(picture.size, Image.Resampling.BILINEAR)
            canvas.paste(painted, (x, top))
            canvas.paste(paint(np.tile(np.linspace(-1, 1, SIDE), (BAR, 1)), True), (x, top + high + 4))
            peak = float(np.percentile(np.abs(values), PERCENTILE))
            for place, text, anchor in ((0, f"-{peak:.2g}", "la"), (SIDE // 2, "0", "ma"), (SIDE, f"{peak:.2g}", "ra")):
                pen.text((x + place, top + high + BAR + 6), text, MUTED, small, anchor=anchor)
            _tell(
                pen,
                small,
                x,
                top + high + BAR + 6 + LINE,
                (method.name, found.unit, found.where, _faithful(explained, at - 1, row)),
            )
    return canvas


def flat(values: np.ndarray) -> np.ndarray:
    """A map (H, W), or of colours (3, H, W), which are summed."""
    return values.sum(axis=0) if values.ndim == 3 else values


def _faithful(explained: Explained, method: int, row: int) -> str:
    return f"faithful {explained.faithful[method][row]:+.2f} (0: chance)" if explained.faithful else ""


def _captions(explained: Explained, row: int) -> tuple[str, ...]:
    names, target, answer = explained.labels.names, int(explained.classes[row]), int(explained.answers[row])
    of = f"explained: {names[target]} ({explained.confidence[row]:.1%})"
    return (explained.images[row], of, "the model's answer" if target == answer else f"the model answers {names[answer]}")


def _tell(pen: ImageDraw.ImageDraw, font: Font, x: int, y: int, lines: tuple[str, ...]) -> None:
    for at, text in enumerate(filter(None, lines)):
        pen.text((x, y + at * LINE), shortened(text, font, SIDE), MUTED if at else INK, font, anchor="la")
