"""Textures of frost: photographs from a folder, or procedural ones of the same brightness, contrast and roughness."""

from __future__ import annotations

import hashlib
import os
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from snellen.core import SnellenError

Provenance: TypeAlias = Literal["published", "own", "procedural"]
VARIABLE = "SNELLEN_FROST"
"""The environment variable that names the folder of photographs."""
PUBLISHED = {
    "frost1.png": "6ead634ace1f366d77e87078b465863c",
    "frost2.png": "98f0d2b1d74a048d3bc9c7ecfd886939",
    "frost3.png": "b3ed8eb147824261888e730f916c0d8b",
    "frost4.jpg": "d70b9d6aa0b1fe7bd8133b113787e078",
    "frost5.jpg": "50984ae2c871b7df2c28f1d71ca460a0",
}
"""MD5 of the five photographs that the published corruption draws from; it never draws its sixth."""
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
SIDE, ANGLES, LENGTH = 512, 6, 5.0
MEASURED = (
    ((78, 149, 166), (27, 16, 15), 1.35),
    ((201, 205, 214), (21, 22, 23), 1.5),
    ((201, 205, 214), (21, 22, 23), 1.65),
    ((138, 153, 165), (28, 28, 30), 1.8),
    ((112, 123, 135), (44, 43, 42), 1.96),
)
"""Mean and deviation of red, green and blue of the photographs, and the exponent by which their power falls with frequency."""


def folder_of(textures: str | Path | None) -> Path | None:
    """The folder of photographs that is meant, or None for procedural textures."""
    named = textures or os.environ.get(VARIABLE)
    return Path(named) if named else None


def origin(folder: Path | None) -> Provenance:
    """Whose textures they are; "published" where the five files are those of the published corruption, to the byte."""
    if folder is None:
        return "procedural"
    files = _files(folder)
    same = len(files) == len(PUBLISHED) and all(
        hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest() == PUBLISHED.get(file.name) for file in files
    )
    return "published" if same else "own"


@lru_cache(maxsize=8)
def textures_of(folder: Path | None, scale: float, size: tuple[int, int]) -> tuple[Float32[np.ndarray, "3 _ _"], ...]:
    """All textures in 0 to 255, at `scale` of their size, enlarged where an image of `size`, (height, width), is larger.

    Raises:
        SnellenError: there is no such folder, or no image in it.
    """
    files = [None] * len(MEASURED) if folder is None else _files(folder)
    return tuple(_fitted(_procedural(at) if file is None else _photograph(file), scale, size) for at, file in enumerate(files))


def _files(folder: Path) -> list[Path]:
    """The five published files where they are there, else all images."""
    if not folder.is_dir():
        raise SnellenError(f"got {folder} for textures of frost; expected a folder of photographs, and there is no such folder")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    if not files:
        raise SnellenError(f"got {folder} for textures of frost; expected {', '.join(SUFFIXES)} files in it, and it has none")
    published = [file for file in files if file.name in PUBLISHED]
    return published if len(published) == len(PUBLISHED) else files


def _photograph(file: Path) -> UInt8[np.ndarray, "h w 3"]:
    try:
        return np.asarray(Image.open(file).convert("RGB"))
    except OSError as error:
        raise SnellenError(f"got {file} for a texture of frost; expected an image, and it can't be read: {error}") from error


def _fitted(texture: np.ndarray, scale: float, size: tuple[int, int]) -> Float32[np.ndarray, "3 h w"]:
    height, width = (round(side * scale) for side in texture.shape[:2])
    larger = max(1.0, size[0] / height, size[1] / width)
    values = texture.astype(np.float32)
    for axis, side in enumerate((height, width)):
        values = _sampled(values, _places(texture.shape[axis], max(1, round(side * larger))), axis)
    return np.rint(values).transpose(2, 0, 1)


def _places(have: int, want: int) -> np.ndarray:
    """Where along a side of `have` pixels the `want` pixels of the resized side lie, centre to centre."""
    return ((np.arange(want) + 0.5) * have / want - 0.5).clip(0, have - 1)


def _sampled(values: np.ndarray, places: np.ndarray, axis: int) -> np.ndarray:
    low = places.astype(int)
    weight = np.expand_dims((places - low).astype(np.float32), [other for other in range(values.ndim) if other != axis])
    high = np.minimum(low + 1, values.shape[axis] - 1)
    return values.take(low, axis) * (1 - weight) + values.take(high, axis) * weight


@cache
def _procedural(number: int) -> UInt8[np.ndarray, "h w 3"]:
    """Needles of ice in several directions on a cloud, with the power spectrum and the colours measured."""
    mean, deviation, exponent = MEASURED[number]
    rng = np.random.Generator(np.random.PCG64(number))
    down, right = np.fft.fftfreq(SIDE)[:, None] * SIDE, np.fft.rfftfreq(SIDE) * SIDE
    radius = np.hypot(down, right)
    needles = np.full((SIDE, SIDE), -np.inf)
    for angle in rng.uniform(0, np.pi, ANGLES):
        along, across = np.cos(angle) * right + np.sin(angle) * down, np.cos(angle) * down - np.sin(angle) * right
        band = 1 / (1 + (np.hypot(along * LENGTH, across) / 40) ** 3)
        field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((SIDE, SIDE), dtype=np.float32)) * band, s=(SIDE, SIDE))
        needles = np.maximum(needles, -np.abs(field) / field.std())
    spectrum = np.fft.rfft2(needles)
    ring = np.rint(radius).astype(int)
    power = np.bincount(ring.ravel(), np.abs(spectrum.ravel()) ** 2) / np.bincount(ring.ravel())
    wanted = np.maximum(radius, 1.0) ** -exponent
    grey = np.fft.irfft2(spectrum * np.sqrt(wanted / np.maximum(power[ring], 1e-12)) * (radius > 0), s=(SIDE, SIDE))
    grey /= grey.std()
    return np.rint(np.array(mean) + np.array(deviation) * grey[..., None]).clip(0, 255).astype(np.uint8)
