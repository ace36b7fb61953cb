"""A contact sheet of texture transfers: contents down, styles across."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from snellen.sheets import INK, PAPER

SIDE, GAP, LINE, LEFT = 112, 6, 24, 92
ROWS = COLUMNS = 16
"""At most so many categories are shown."""


def sheet(pictures: Mapping[tuple[str, str], Path], contents: Mapping[str, Any], styles: Mapping[str, Any]) -> Image.Image:
    """One picture of each pair of categories, with the image it was made from beside and above.

    Args:
        pictures: (category, texture) → a picture.
        contents: category → (3, H, W) uint8 in the order of lines; where there are no such pixels the place stays empty.
        styles: texture → likewise, in the order of columns.
    """
    cell, font = SIDE + GAP, ImageFont.load_default(15)
    sheet = Image.new("RGB", (LEFT + cell * (len(styles) + 1) + GAP, LINE + cell * (len(contents) + 1) + 2 * GAP), PAPER)
    pen = ImageDraw.Draw(sheet)

    def place(image: Image.Image | None, column: int, line: int) -> None:
        if image is not None:
            offset = GAP * bool(column), GAP * bool(line)
            at = (LEFT + column * cell + offset[0], LINE + line * cell + offset[1])
            sheet.paste(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS), at)

    for column, (texture, pixels) in enumerate(styles.items(), 1):
        place(_image(pixels), column, 0)
        pen.text((LEFT + column * cell + GAP + SIDE // 2, LINE - 6), texture[:14], INK, font, anchor="ms")
    for line, (category, pixels) in enumerate(contents.items(), 1):
        place(_image(pixels), 0, line)
        pen.text((LEFT - 8, LINE + line * cell + GAP + SIDE // 2), category[:12], INK, font, anchor="rm")
        for column, texture in enumerate(styles, 1):
            if (path := pictures.get((category, texture))) is not None:
                with Image.open(path) as image:
                    place(image.convert("RGB"), column, line)
    return sheet


def _image(pixels: Any) -> Image.Image | None:
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0))) if isinstance(pixels, np.ndarray) else None
