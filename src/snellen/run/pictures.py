"""The pictures a report shows, kept beside its record: photographs as small WebP, maps as half-precision arrays."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from snellen.arrays import image_keys, to_numpy
from snellen.charts import Gallery, Picture
from snellen.core import CLEAN, Condition, Images, Model
from snellen.images.thumbnail import thumbnail
from snellen.run.present import pixels_of
from snellen.run.record import PICTURES, Section


def collect(
    sections: Iterable[Section],
    images: Images,
    model: Model,
    looks: Mapping[str, Mapping[str, Mapping[str, np.ndarray]]],
    out: Path,
    conditions: Sequence[Condition] = (),
    seed: int = 0,
) -> dict[str, str]:
    """Keep every picture that the galleries of one image set show: {"<dataset>/<key of the picture>": file name}.

    `looks` maps probe → image → layer → (H, W), or (3, H, W) uint8. A photograph is shown as the model saw it, clean or under one
    of `conditions`, whose random parts are those of `seed`.
    """
    folder = out / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    names: dict[str, str] = {}
    photographs: dict[tuple[str, str], dict[str, Picture]] = {}
    for section in sections:
        for picture in _pictures(section):
            if picture.layer is None:
                photographs.setdefault(picture.under or (CLEAN.name, CLEAN.level), {})[picture.image] = picture
            elif (layer := looks.get(section.probe, {}).get(picture.image, {}).get(picture.layer)) is not None:
                names[f"{images.name}/{picture.key}"] = file = _file(
                    images.id, model.id, section.probe, repr(section.settings), picture.image, picture.layer, ".npy"
                )
                _keep(folder / file, _array(layer))
    known = {(condition.name, condition.level): condition for condition in (CLEAN, *conditions)}
    for under, shown in photographs.items():
        files = _photographs(list(shown), images, model, known[under], seed, folder) if under in known else {}
        names |= {f"{images.name}/{shown[image].key}": file for image, file in files.items()}
    return names


def _photographs(
    wanted: Sequence[str], images: Images, model: Model, condition: Condition, seed: int, folder: Path
) -> dict[str, str]:
    """Image → file, of the `wanted` images that can be read, as they are shown under a condition."""
    told = () if condition == CLEAN else (condition.name, condition.level, str(condition.version), condition.recipe, str(seed))
    files = {image: _file(images.id, model.id, image, *told, ".webp") for image in wanted}
    absent = {image for image, file in files.items() if not (folder / file).is_file()}
    places = {row: image for row, image in enumerate(images.facts["image"].to_list()) if image in absent}
    if places:
        source = images if condition.redraw is None else condition.redraw(images)
        for row, pixels in pixels_of(source, list(places), model.preprocessing).items():
            _keep(folder / files[places[row]], thumbnail(_shown(pixels, places[row], model, condition, seed)))
    return {image: file for image, file in files.items() if (folder / file).is_file()}


def _shown(pixels: np.ndarray, image: str, model: Model, condition: Condition, seed: int) -> np.ndarray:
    """(3, H, W) as the model saw it."""
    if condition.perturb is None:
        return pixels
    keys = image_keys(condition.name, condition.level, [image], seed)
    return to_numpy(condition.perturb(model.asarray(pixels[None]), keys))[0]


def _pictures(section: Section) -> Iterable[Picture]:
    return (picture for chart in section.charts if isinstance(chart, Gallery) for _, row in chart.rows for picture in row)


def _file(*parts: str) -> str:
    *recipe, suffix = parts
    return hashlib.sha256("\0".join(recipe).encode("utf-8", "surrogateescape")).hexdigest()[:20] + suffix


def _array(layer: np.ndarray) -> bytes:
    buffer, peak = io.BytesIO(), np.abs(layer).max(initial=0)
    kind = layer.dtype if layer.dtype == np.uint8 else np.float16 if 1e-2 < peak < 6e4 else np.float32
    np.save(buffer, layer.astype(kind), allow_pickle=False)
    return buffer.getvalue()


def _keep(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
