"""Sheets hold every picture where it belongs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from snellen.core import SnellenError
from snellen.sheets import PAPER, enlarged
from snellen.visualizing.sheet import ACROSS, GAP, LINE, MARGIN, SIDE, TITLE, Row, sheet, write


def flat(red: float, height: int = 8, width: int = 8) -> np.ndarray:
    return np.full((3, height, width), red, np.float32)


def test_pictures_are_below_their_heading_in_order() -> None:
    drawn = sheet("Units", [Row("first", [flat(0.0), flat(1.0)], ["a\nb", "c"]), Row("", [flat(0.5, 8, 4)])])
    top = MARGIN + TITLE + LINE + GAP + SIDE // 2
    left, step = MARGIN + SIDE // 2, SIDE + GAP
    assert drawn.getpixel((left, top)) == (0, 0, 0)
    assert drawn.getpixel((left + step, top)) == (255, 255, 255)
    below = top + SIDE // 2 + 4 + 2 * LINE + GAP + SIDE // 2
    assert drawn.getpixel((left, below)) == (128, 128, 128)
    assert drawn.getpixel((MARGIN + 5, below)) == tuple(bytes.fromhex(PAPER[1:]))


def test_long_rows_are_broken() -> None:
    drawn = sheet("Units", [Row("many", [flat(0.0)] * (ACROSS + 1))])
    assert drawn.width == 2 * MARGIN + ACROSS * SIDE + (ACROSS - 1) * GAP
    assert drawn.getpixel((MARGIN + 4, MARGIN + TITLE + LINE + GAP + SIDE + 4 + GAP + 4)) == (0, 0, 0)


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (700, 2)])
def test_pictures_keep_their_shape(size: tuple[int, int]) -> None:
    assert max(enlarged(flat(0.5, *size), 100).size) == 100
    assert sheet("", [Row("", [flat(0.5, *size)])]).width >= SIDE


def test_a_caption_for_each_picture() -> None:
    with pytest.raises(SnellenError, match="got 1 captions for 2 pictures"):
        sheet("", [Row("", [flat(0.0)] * 2, ["a"])])


def test_sheets_are_webp(tmp_path: Path) -> None:
    write(tmp_path / "new" / "sheet.webp", sheet("Units", []))
    with Image.open(tmp_path / "new" / "sheet.webp") as image:
        assert image.format == "WEBP"
    with pytest.raises(SnellenError, match="several sheets"):
        write(tmp_path / "sheet.webp", Image.new("RGB", (17000, 4)))
