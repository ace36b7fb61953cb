"""The pictures of an exam, embedded: photographs and maps read from its folder, shrunk, as data addresses."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from PIL import Image, UnidentifiedImageError

from snellen.charts import Picture
from snellen.report import maps
from snellen.run.record import PICTURES

_LIGHT = 16_000  # bytes that a photograph may bring as it is


@dataclass(frozen=True)
class Shown:
    """A picture as the page holds it; `source` is None when the exam kept none."""

    source: str | None
    width: int
    height: int
    alt: str
    caption: str


@dataclass(frozen=True)
class Album:
    """Pictures by name. Only plain files inside the exam's own `pictures` folder are opened."""

    names: Mapping[str, str]
    folder: Path

    def show(self, dataset: str, picture: Picture) -> Shown:
        """The photograph, or the map over it, with alternative text that says which."""
        key = f"{dataset}/{picture.key}"
        kind = f"{'Picture' if picture.coloured else 'Map'} of {picture.layer} for" if picture.layer else "Photograph"
        what = f"{kind} {picture.image}" + (f" under {' '.join(picture.under)}" if picture.under else "")
        alt = f"{what}: {picture.caption}" if picture.caption else what
        made = self._make(key, f"{dataset}/{picture.image}", picture)
        if made is None:
            return Shown(None, maps.SIDE, maps.SIDE, f"{alt} (not kept)", picture.caption)
        source, (width, height) = made
        return Shown(source, width, height, alt, picture.caption)

    def _make(self, key: str, photograph: str, picture: Picture) -> tuple[str, tuple[int, int]] | None:
        path = self._path(key)
        if path is None:
            return None
        try:
            if picture.layer is None:
                return _photograph(path.read_bytes())
            values = np.load(path, allow_pickle=False)
            under = self._path(photograph) if picture.signed else None
            backdrop = _open(under.read_bytes()) if under else None
            image = maps.fit(maps.coloured(values) if picture.coloured else maps.paint(values, picture.signed, backdrop))
        except (OSError, ValueError, UnidentifiedImageError):
            return None
        return _address(maps.encode(image)), image.size

    def _path(self, key: str) -> Path | None:
        name = self.names.get(key)
        if name is None or PurePath(name).name != name:
            return None
        path = self.folder / PICTURES / name
        return path if path.is_file() else None


def _photograph(data: bytes) -> tuple[str, tuple[int, int]]:
    image = _open(data)
    if image.format == "WEBP" and len(data) <= _LIGHT:
        return _address(data), image.size
    small = maps.fit(image)
    return _address(maps.encode(small)), small.size


def _open(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def _address(data: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(data).decode("ascii")
