"""What sheets of pictures share: their colours, pictures of one size, and texts that fit below them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageFont

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont
PAPER, INK, MUTED, BAD = "#fdfcf9", "#1c2126", "#59616a", "#a3312a"


def enlarged(pixels: Float[np.ndarray, "3 h w"], side: int) -> Image.Image:
    """Values in [0, 1] as a picture whose longer side is `side`; of smaller images the pixels become squares."""
    values = np.clip(np.round(pixels.transpose(1, 2, 0) * 255), 0, 255).astype(np.uint8)
    longer = max(values.shape[:2])
    size = max(1, round(values.shape[1] * side / longer)), max(1, round(values.shape[0] * side / longer))
    how = Image.Resampling.NEAREST if longer <= side else Image.Resampling.LANCZOS
    return Image.fromarray(np.ascontiguousarray(values)).resize(size, how)


def shortened(text: str, font: Font, width: float) -> str:
    """As much of a text as fits into a width in pixels."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
