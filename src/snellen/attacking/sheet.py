"""A sheet of adversarial images: as they were, as they are, and what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

PAPER, INK, MUTED, BAD = "#fdfcf9", "#1c2126", "#59616a", "#a3312a"
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
            picture.paste(_enlarged(pixels), (x, high))
            for number, part in enumerate(text.split("\n")):
                pen.text((x, high + SIDE + 4 + number * line), _fitted(part, small), colour, small, anchor="la")
    return picture


def _enlarged(pixels: np.ndarray) -> Image.Image:
    """A square picture; small images keep their pixels as squares."""
    values = np.clip(np.round(pixels.transpose(1, 2, 0) * 255), 0, 255).astype(np.uint8)
    how = Image.Resampling.NEAREST if max(values.shape[:2]) <= SIDE else Image.Resampling.LANCZOS
    return Image.fromarray(np.ascontiguousarray(values)).resize((SIDE, SIDE), how)


def _fitted(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """As much of a text as fits below a picture."""
    if font.getlength(text) <= SIDE:
        return text
    while text and font.getlength(text + "…") > SIDE:
        text = text[:-1]
    return text + "…"
