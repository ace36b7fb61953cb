"""What sheets of pictures share: their colours, pictures of one size, and texts that fit below them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageFont

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont
PICTURES = (".png", ".webp", ".jpg", ".jpeg")
"""How names of picture files end."""
PAPER, INK, MUTED, BAD = "#fdfcf9", "#1c2126", "#59616a", "#a3312a"


def as_picture(pixels: Float[np.ndarray, "3 h w"]) -> Image.Image:
    """Values in [0, 1], every one to the nearest of 256."""
    return Image.fromarray(np.ascontiguousarray((pixels.transpose(1, 2, 0).clip(0, 1) * 255).round().astype(np.uint8)))


def enlarged(pixels: Float[np.ndarray, "3 h w"], side: int) -> Image.Image:
    """Values in [0, 1] as a picture whose longer side is `side`; of smaller images the pixels become squares."""
    picture = as_picture(pixels)
    longer = max(picture.size)
    size = max(1, round(picture.width * side / longer)), max(1, round(picture.height * side / longer))
    return picture.resize(size, Image.Resampling.NEAREST if longer <= side else Image.Resampling.LANCZOS)


def shortened(text: str, font: Font, width: float) -> str:
    """As much of a text as fits into a width in pixels."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
