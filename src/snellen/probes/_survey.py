"""What surveys share: images read some at a time, and what is told of all of them kept as an array."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from snellen.core import Array, Images, Model
from snellen.images.stream import parts

TOGETHER = 16
"""Images that are decoded together."""
TOLD = "told"


def rows_of(images: Images, names: Sequence[str]) -> list[int]:
    """The rows of images by their names."""
    place = {name: row for row, name in enumerate(images.facts["image"].to_list())}
    return [place[name] for name in names]


def read(model: Model, images: Images, rows: Sequence[int], size: int = TOGETHER) -> Iterator[tuple[list[int], Array]]:
    """Rows of an image set, each of which is named once, and native images, `size` at a time."""
    for part in parts(images, model.preprocessing, [rows[start : start + size] for start in range(0, len(rows), size)]):
        yield part.rows, model.asarray(part.pixels)


def telling(values: Mapping[str, object]) -> dict[str, np.ndarray]:
    """Texts and numbers as an array, for the looks of one image."""
    return {TOLD: np.frombuffer(json.dumps(values).encode(), np.uint8)}


def told(looks: Mapping[str, Mapping[str, np.ndarray]]) -> tuple[Mapping[str, np.ndarray], dict[str, Any]] | None:
    """The look that tells of all, and what it tells; None where none does."""
    for look in looks.values():
        if TOLD in look:
            return look, json.loads(look[TOLD].tobytes())
    return None
