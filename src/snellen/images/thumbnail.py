"""Small pictures for reports."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def thumbnail(pixels: np.ndarray, side: int = 192) -> bytes:
    """WebP bytes of an image whose longer side is at most `side` pixels; never enlarged, the same bytes in every run.

    Args:
        pixels: (3, H, W), uint8 in 0..255 or float in [0, 1].
        side: in pixels.
    """
    if pixels.dtype != np.uint8:
        pixels = (np.clip(pixels, 0, 1) * 255).round().astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=82, method=4)
    return file.getvalue()
