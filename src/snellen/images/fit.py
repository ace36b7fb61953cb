"""Geometry between an image and a model's input: one resize and one centre crop, at most."""

from __future__ import annotations

import numpy as np
from PIL import Image

from snellen.core import Interpolation, Preprocessing

_FILTERS: dict[Interpolation, Image.Resampling] = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "box": Image.Resampling.BOX,
}
_LONGEST = 32
"""No more than this many times the shorter side is resized: the rest of a sliver lies outside any centre crop."""


def fit(image: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    """The image at `preprocessing.size`, by the rules of `Preprocessing`; resizing averages when it shrinks (antialias).

    The arithmetic is that of torchvision's `Resize` and `CenterCrop`: the longer side is truncated to a whole pixel, the
    crop's offset is rounded half to even, and a crop larger than the image is padded with black.
    """
    height, width = preprocessing.size
    scale = _FILTERS[preprocessing.interpolation]
    if image.size == (width, height):
        return image
    enlarged_whole = image.width == image.height < min(width, height)
    if enlarged_whole or preprocessing.resize is None:
        return image.resize((width, height), scale)
    return _centre(_shorter_side_to(image, preprocessing.resize, scale), width, height)


def fit_array(pixels: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """(H, W, 3) uint8, or float in [0, 1], at `preprocessing.size` as (3, H, W); floats stay float32 in [0, 1]."""
    height, width = preprocessing.size
    if pixels.shape[:2] == (height, width):
        fitted = pixels if pixels.dtype == np.uint8 else pixels.astype(np.float32)
    elif pixels.dtype == np.uint8:
        fitted = np.asarray(fit(Image.fromarray(np.ascontiguousarray(pixels)), preprocessing))
    else:
        channels = [Image.fromarray(np.ascontiguousarray(pixels[..., c], dtype=np.float32)) for c in range(3)]
        fitted = np.stack([np.asarray(fit(channel, preprocessing)) for channel in channels], axis=-1).clip(0, 1)
    return np.ascontiguousarray(fitted.transpose(2, 0, 1))


def _shorter_side_to(image: Image.Image, side: int, scale: Image.Resampling) -> Image.Image:
    width, height = image.size
    short, long = min(width, height), max(width, height)
    spare = max(0, long - _LONGEST * short) / 2
    new_long = int(side * (long - 2 * spare) / short)
    size, box = (
        ((side, new_long), (0, spare, width, height - spare))
        if width <= height
        else ((new_long, side), (spare, 0, width - spare, height))
    )
    return image if size == image.size else image.resize(size, scale, box=box)


def _centre(image: Image.Image, width: int, height: int) -> Image.Image:
    left, top = _offset(image.width - width), _offset(image.height - height)
    return image.crop((left, top, left + width, top + height))


def _offset(gap: int) -> int:
    return round(gap / 2) if gap >= 0 else -(-gap // 2)
