"""JPEG files: what is left of an image that was written as one and read again."""

from __future__ import annotations

import io

import numpy as np
import simplejpeg
from jaxtyping import Float, UInt8
from PIL import Image

from snellen.arrays import like, to_numpy
from snellen.core import Array
from snellen.methods.perturb.corruptions._each import each

PUBLISHED = 85
"""The quality of the published image files (hendrycks-2019)."""


def as_published(images: Float[Array, "n 3 h w"]) -> Float[Array, "n 3 h w"]:
    """Images in [0, 1], of any framework, as they are in a JPEG file of quality 85, as those of ImageNet-C (hendrycks-2019).

    For `Perturbation.condition(level, after=as_published, recipe="JPEG quality 85")`.
    """
    pixels = np.round(to_numpy(images) * 255).astype(np.uint8)
    return like(compressed(pixels, PUBLISHED).astype(np.float32) / 255, images)


def compressed(pixels: UInt8[np.ndarray, "n 3 h w"], quality: int) -> UInt8[np.ndarray, "n 3 h w"]:
    """Written by Pillow with its own settings (colour at half resolution) and read again, as Pillow would read it."""
    return np.stack(each(lambda planes: _read(_written(planes, quality)), pixels)).transpose(0, 3, 1, 2)


def _written(planes: np.ndarray, quality: int) -> bytes:
    file = io.BytesIO()
    Image.merge("RGB", [Image.fromarray(plane) for plane in planes]).save(file, "JPEG", quality=quality)
    return file.getvalue()


def _read(file: bytes) -> np.ndarray:
    return simplejpeg.decode_jpeg(file, fastdct=False, fastupsample=False)
