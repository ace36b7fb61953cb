"""Maps over images (H, W) painted as small pictures, in colours that colour-blind readers tell apart too."""

from __future__ import annotations

import io

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from PIL import Image

SIDE = 192
"""Longest side of a picture in the page, in pixels."""
PERCENTILE = 99
"""Values at and beyond this percentile of a map (of its absolute values, if signed) get the strongest colour."""
QUALITY = 78

_SIGNED = LinearSegmentedColormap.from_list("blue-white-orange", ["#08519c", "#6baed6", "#ffffff", "#fd9a3e", "#a63603"], N=255)
_UNSIGNED = "inferno"
_BACKDROP = (0.72, 1.0)  # greys of the photograph under a signed map


def paint(values: np.ndarray, signed: bool, backdrop: Image.Image | None = None) -> Image.Image:
    """A map (H, W) of any real numbers as an RGB picture.

    Unsigned maps run from their minimum to the percentile in inferno. Signed maps are blue below zero, orange above it and
    clear at zero, over a pale grey copy of `backdrop`, if given. Values that are not finite are painted as zero.
    """
    values = np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    if not signed:
        low = float(values.min()) if values.size else 0.0
        top = float(np.percentile(values, PERCENTILE)) if values.size else 0.0
        scaled = ((values - low) / (top - low)).clip(0, 1) if top > low else np.zeros_like(values)
        return _picture(mpl.colormaps[_UNSIGNED](scaled))
    top = float(np.percentile(np.abs(values), PERCENTILE)) if values.size else 0.0
    painted = _picture(_SIGNED((values / (2 * top) + 0.5).clip(0, 1) if top > 0 else np.full_like(values, 0.5)))
    return painted if backdrop is None else _over(painted, backdrop)


def coloured(values: np.ndarray) -> Image.Image:
    """A picture (3, H, W) uint8 as it is.

    Raises:
        ValueError: it is something else.
    """
    if values.ndim != 3 or len(values) != 3 or values.dtype != np.uint8:
        raise ValueError(f"got {values.dtype} of shape {values.shape}; expected uint8 of shape (3, H, W)")
    return Image.fromarray(np.ascontiguousarray(values.transpose(1, 2, 0)))


def fit(picture: Image.Image, side: int = SIDE) -> Image.Image:
    """The picture in RGB, made smaller if its longest side exceeds `side`; a map coarser than half of that is enlarged."""
    picture = picture.convert("RGB")
    scale = side / max(picture.size)
    if scale < 1:
        return picture.resize(_scaled(picture.size, scale), Image.Resampling.LANCZOS)
    if scale > 2:
        return picture.resize(_scaled(picture.size, scale), Image.Resampling.BILINEAR)
    return picture


def encode(picture: Image.Image) -> bytes:
    """The picture as WebP."""
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def _picture(colours: np.ndarray) -> Image.Image:
    return Image.fromarray((np.asarray(colours)[..., :3] * 255).round().astype(np.uint8))


def _over(painted: Image.Image, backdrop: Image.Image) -> Image.Image:
    grey = np.asarray(fit(backdrop).convert("L"), np.float64) / 255
    low, high = _BACKDROP
    colours = np.asarray(painted.resize((grey.shape[1], grey.shape[0]), Image.Resampling.BILINEAR), np.float64)
    return Image.fromarray((colours * (low + (high - low) * grey)[..., None]).round().astype(np.uint8))


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
