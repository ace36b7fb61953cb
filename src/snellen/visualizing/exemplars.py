"""The images of a set that units respond to most and least, as pictures with the part that mattered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float

from snellen.core import Images, Model, Preprocessing, SnellenError
from snellen.images.stream import Part, parts
from snellen.methods.visualize.natural_exemplars import Exemplars, NaturalExemplars
from snellen.methods.visualize.receptive_field import receptive_field
from snellen.run.present import pixels_of

TOGETHER = 16
"""Images that are decoded together."""


@final
@dataclass(frozen=True)
class Natural:
    """An image of the set: its name, the unit's response, and pixels in [0, 1].

    Attributes:
        pixels: (3, H, W), as the model saw it.
        crop: (3, h, w), what the place looks at where the unit responds most, or least; None of classes, which see all.
    """

    name: str
    value: float
    pixels: Float[np.ndarray, "3 h w"]
    crop: Float[np.ndarray, "3 a b"] | None


def ranked(
    model: Model, images: Images, method: NaturalExemplars, problems: dict[str, str], advance: Callable[[int], None]
) -> Exemplars:
    """The outermost images of every channel of a layer, or of every class; images that cannot be read go to `problems`.

    Raises:
        SnellenError: no image can be read, or the model fails.
        Unsupported: the model is no PyTorch network.
    """
    blocks = read(images, model.preprocessing, problems, advance)
    return method(model, ((block.rows, model.asarray(block.pixels)) for block in blocks), progress=advance)


def pictures(
    model: Model, images: Images, layer: str | None, units: Sequence[int], found: Exemplars
) -> list[tuple[list[Natural], list[Natural]]]:
    """For each of some units the images at the top and at the bottom, with crops."""
    height, width = model.preprocessing.size
    field = receptive_field(model, layer, height, width) if layer is not None and max(found.grid) > 1 else None
    ends = found.top, found.bottom
    wanted = sorted({int(row) for end in ends for row in end.rows[list(units)].ravel()})
    pixels = {row: shown(one) for row, one in pixels_of(images, wanted, model.preprocessing).items()}
    names = images.facts["image"]

    def natural(end: int, unit: int, at: int) -> Natural:
        row, picture = int(ends[end].rows[unit, at]), pixels[int(ends[end].rows[unit, at])]
        crop = None
        if field is not None:
            top, left, bottom, right = field.boxes(ends[end].places[unit, at])
            crop = picture[:, top:bottom, left:right]
        return Natural(str(names[row]), float(ends[end].values[unit, at]), picture, crop)

    count = range(found.top.rows.shape[1])
    return [([natural(0, unit, at) for at in count], [natural(1, unit, at) for at in count]) for unit in units]


def shown(pixels: np.ndarray) -> np.ndarray:
    """Pixels as floats in [0, 1], whatever the image set holds."""
    return pixels.astype(np.float32) / (255 if pixels.dtype == np.uint8 else 1)


def read(images: Images, preprocessing: Preprocessing, problems: dict[str, str], advance: Callable[[int], None]) -> Iterator[Part]:
    """All images, some after the others; those that cannot be read go to `problems`, and `advance` is told of them.

    Raises:
        SnellenError: none can be read.
    """
    names, seen = images.facts["image"], 0
    rows = [list(range(start, min(start + TOGETHER, len(images)))) for start in range(0, len(images), TOGETHER)]
    for block in parts(images, preprocessing, rows):
        problems.update({str(names[row]): reason for row, reason in block.problems.items()})
        advance(len(block.problems))
        seen += len(block.rows)
        if block.rows:
            yield block
    if not seen:
        raise SnellenError(f"no image of {images.name} could be read: {next(iter(problems.values()), 'there is none')}")
