"""The pictures a report shows, kept beside its record: photographs as small WebP, maps as half-precision arrays."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from snellen.charts import Gallery, Picture
from snellen.core import Images, Model
from snellen.images.thumbnail import thumbnail
from snellen.run.present import pixels_of
from snellen.run.record import PICTURES, Section


def collect(
    sections: Iterable[Section],
    images: Images,
    model: Model,
    looks: Mapping[str, Mapping[str, Mapping[str, np.ndarray]]],
    out: Path,
) -> dict[str, str]:
    """Keep every picture that the galleries of one image set show: {"<dataset>/<image>[#<layer>]": file name}.

    `looks` maps probe → image → layer → (H, W). A photograph is shown as the model saw it.
    """
    folder = out / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    names: dict[str, str] = {}
    photographs: dict[str, str] = {}
    for section in sections:
        for picture in _pictures(section):
            if picture.layer is None:
                photographs[picture.image] = _file(images.id, model.id, picture.image, ".webp")
            elif (layer := looks.get(section.probe, {}).get(picture.image, {}).get(picture.layer)) is not None:
                names[f"{images.name}/{picture.image}#{picture.layer}"] = file = _file(
                    images.id, model.id, section.probe, repr(section.settings), picture.image, picture.layer, ".npy"
                )
                _keep(folder / file, _array(layer))
    absent = {image for image, file in photographs.items() if not (folder / file).is_file()}
    rows = [row for row, name in enumerate(images.facts["image"].to_list()) if name in absent]
    if rows:
        at = images.facts["image"].to_list()
        for row, pixels in pixels_of(images, rows, model.preprocessing).items():
            _keep(folder / photographs[at[row]], thumbnail(pixels))
    kept = {f"{images.name}/{image}": file for image, file in photographs.items() if (folder / file).is_file()}
    return {**kept, **names}


def _pictures(section: Section) -> Iterable[Picture]:
    return (picture for chart in section.charts if isinstance(chart, Gallery) for _, row in chart.rows for picture in row)


def _file(*parts: str) -> str:
    *recipe, suffix = parts
    return hashlib.sha256("\0".join(recipe).encode("utf-8", "surrogateescape")).hexdigest()[:20] + suffix


def _array(layer: np.ndarray) -> bytes:
    buffer, peak = io.BytesIO(), np.abs(layer).max(initial=0)
    np.save(buffer, layer.astype(np.float16 if 1e-2 < peak < 6e4 else np.float32), allow_pickle=False)
    return buffer.getvalue()


def _keep(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
