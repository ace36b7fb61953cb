"""A sheet of adversarial images: as they were, as they are, and what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from snellen.sheets import BAD, INK, MUTED, PAPER, enlarged, shortened

SIDE, ACROSS, GAP, MARGIN = 192, 2, 10, 28
"""Pixels of a picture, triples in a line, pixels between pictures and around all."""


@final
@dataclass(frozen=True)
class Triple:
    """One image: (3, H, W) in [0, 1] before and after, and what the model said of each, as two lines."""

    original: np.ndarray
    adversarial: np.ndarray
    before: str
    after: str
    size: str


def sheet(title: str, triples: Sequence[Triple]) -> Image.Image:
    """Original, adversarial image and difference side by side; each difference is enlarged until its largest value shows fully."""
    small, large = ImageFont.load_default(13), ImageFont.load_default(22)
    line = 17
    block = (3 * SIDE + 2 * GAP, SIDE + 2 * line + GAP)
    lines = max(1, -(-len(triples) // ACROSS))
    wide = 2 * MARGIN + ACROSS * block[0] + (ACROSS - 1) * 3 * GAP
    top = MARGIN + 40
    picture = Image.new("RGB", (wide, top + lines * (block[1] + GAP) + MARGIN), PAPER)
    pen = ImageDraw.Draw(picture)
    pen.text((MARGIN, MARGIN), title, INK, large, anchor="lt")
    for at, triple in enumerate(triples):
        left = MARGIN + at % ACROSS * (block[0] + 3 * GAP)
        high = top + at // ACROSS * (block[1] + GAP)
        difference = triple.adversarial - triple.original
        largest = float(np.abs(difference).max()) or 1.0
        shown = (triple.original, triple.adversarial, 0.5 + difference / (2 * largest))
        told = ((triple.before, INK), (triple.after, BAD), (f"difference x {0.5 / largest:.0f}\n{triple.size}", MUTED))
        for column, (pixels, (text, colour)) in enumerate(zip(shown, told, strict=True)):
            x = left + column * (SIDE + GAP)
            picture.paste(enlarged(pixels, SIDE), (x, high))
            for number, part in enumerate(text.split("\n")):
                pen.text((x, high + SIDE + 4 + number * line), shortened(part, small, SIDE), colour, small, anchor="la")
    return picture
