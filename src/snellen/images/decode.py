"""From an encoded image or an array to pixels of the model's size, or the reason why not."""

from __future__ import annotations

import contextlib
import io
import re
import warnings

import numpy as np
import simplejpeg
from PIL import ExifTags, Image, ImageOps, TiffImagePlugin, WebPImagePlugin  # noqa: F401 (the last two make their formats known)

from snellen.core import Preprocessing, Unreadable
from snellen.images.fit import fit, fit_array
from snellen.images.reasons import damaged, unidentified

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
"""What is read: raster formats without scripts or links. The content decides, not the file's name."""
MEGAPIXELS = 100
"""Larger images are refused by their header, before anything is decoded."""

_LYING = (5, 6, 7, 8)
"""Orientations in which width and height change places."""
_PADDING = re.compile(r"Corrupt JPEG data: [1-8] extraneous bytes before marker 0xd9")
_DAMAGE = ("Corrupt JPEG data", "Premature end of JPEG")


def decode(payload: bytes | np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """Pixels (3, H, W) at `preprocessing.size` in RGB order: uint8 in 0..255, or float32 in [0, 1] for a float array.

    Transparency is laid on white; the camera's orientation (EXIF) is applied; of an animation the first frame is taken; 16-bit
    values keep their upper eight bits; CMYK is converted without a colour profile, and colour profiles (ICC) are ignored.
    A PNG's checksums are verified and a JPEG's data is checked for damage, yet a JPEG has no checksum: flipped bits that leave
    a valid file go unnoticed. Safe to call from several threads; warnings of Pillow are silenced from the first call on.

    Args:
        payload: the bytes of a file of one of `FORMATS`, or an array (H, W, 3) or (3, H, W), uint8 or float in [0, 1].
        preprocessing: size, resize and interpolation; mean, std and channel order are the model's own affair.

    Raises:
        Unreadable: the payload is damaged, too large, or no image; the message is the reason in a few words.
    """
    if isinstance(payload, np.ndarray):
        return fit_array(_channels_last(payload), preprocessing)
    return np.ascontiguousarray(np.asarray(fit(read(payload), preprocessing)).transpose(2, 0, 1))


def read(payload: bytes) -> Image.Image:
    """The image in mode RGB, at its own size.

    Raises:
        Unreadable: see `decode`.
    """
    if not payload:
        raise Unreadable("empty file (0 bytes)")
    silence_pillow()
    try:
        image = Image.open(io.BytesIO(payload), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise Unreadable(_too_large()) from error
    except Image.UnidentifiedImageError as error:
        raise Unreadable(unidentified(payload, FORMATS)) from error
    except Exception as error:  # Pillow raises errors of almost any type on damaged headers
        raise Unreadable(damaged("file", error)) from error
    if image.width * image.height > MEGAPIXELS * 1e6:
        raise Unreadable(_too_large())
    try:
        _check(payload, image.format)
        image.load()
        return _rgb(_upright(image))
    except Unreadable:
        raise
    except Exception as error:  # as above, on damaged data
        raise Unreadable(damaged(f"{image.format} file", error)) from error


def upright(payload: bytes | np.ndarray) -> np.ndarray:
    """(H, W, 3) at the payload's own size: uint8 in 0..255, or floats in [0, 1] for a float array.

    Raises:
        Unreadable: see `decode`.
    """
    return _channels_last(payload) if isinstance(payload, np.ndarray) else np.asarray(read(payload))


def extent(payload: bytes | np.ndarray) -> tuple[int, int]:
    """(H, W) of what `upright` gives, from the header of a file.

    Raises:
        Unreadable: the payload is no image, or too large.
    """
    if isinstance(payload, np.ndarray):
        return _channels_last(payload).shape[:2]
    silence_pillow()
    try:
        with Image.open(io.BytesIO(payload), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MEGAPIXELS * 1e6:
                raise Unreadable(_too_large())
            turned = image.getexif().get(ExifTags.Base.Orientation, 1) in _LYING
    except Unreadable:
        raise
    except Image.DecompressionBombError as error:
        raise Unreadable(_too_large()) from error
    except Exception as error:  # Pillow raises errors of almost any type on damaged headers
        raise Unreadable(unidentified(payload, FORMATS)) from error
    return (width, height) if turned else (height, width)


def _check(payload: bytes, kind: str | None) -> None:
    """Find damage that Pillow passes over.

    Raises:
        Unreadable: libjpeg met corrupt data.
        SyntaxError: a PNG chunk fails its checksum.
    """
    if kind == "PNG":
        Image.open(io.BytesIO(payload), formats=("PNG",)).verify()
    elif kind in ("JPEG", "MPO"):
        try:
            simplejpeg.decode_jpeg(payload, colorspace="GRAY", min_height=1, min_width=1, min_factor=1, strict=True)
        except ValueError as error:
            text = str(error)
            if text.startswith(_DAMAGE) and not _PADDING.match(text):
                raise Unreadable(damaged("JPEG file", error)) from error


def _upright(image: Image.Image) -> Image.Image:
    with contextlib.suppress(Exception):  # unreadable EXIF data says nothing about orientation
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise Unreadable(f"{image.format} file with 32-bit values, which have no agreed range")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _channels_last(pixels: np.ndarray) -> np.ndarray:
    if pixels.ndim != 3 or 3 not in (pixels.shape[0], pixels.shape[2]) or 0 in pixels.shape:
        raise Unreadable(f"array of shape {pixels.shape}, not (H, W, 3) or (3, H, W)")
    if pixels.dtype != np.uint8:
        if pixels.dtype.kind != "f":
            raise Unreadable(f"array of {pixels.dtype}, not uint8 or float")
        if not np.isfinite(pixels).all() or pixels.min() < 0 or pixels.max() > 1:
            raise Unreadable("float array with values that are not finite or outside [0, 1]")
    return pixels if pixels.shape[2] == 3 else pixels.transpose(1, 2, 0)


def silence_pillow() -> None:
    """Put a filter for Pillow's warnings first, if it isn't: `warnings.catch_warnings` would race between threads."""
    if not warnings.filters or getattr(warnings.filters[0][3], "pattern", None) != r"PIL\.":
        warnings.filterwarnings("ignore", module=r"PIL\.")


def _too_large() -> str:
    return f"too large: its header claims more than {MEGAPIXELS} megapixels"
