"""Cards of units: the images that a unit responds to most, with the outline of where it is active."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import binary_erosion
from torch.nn import functional as F

from snellen.arrays import to_numpy
from snellen.core import Model
from snellen.methods.concepts.dissection import Dissected
from snellen.methods.visualize._maps import maps_of
from snellen.run.present import pixels_of
from snellen.visualizing.exemplars import shown
from snellen.visualizing.sheet import SIDE, Row

if TYPE_CHECKING:
    from snellen.dissecting import DissectedLayer, Dissections

OUTSIDE = 0.35
"""How bright an image is outside of the outline."""
LINE = (1.0, 0.85, 0.1)


def cards(dissected: Dissections, layer: DissectedLayer, most: int) -> list[Row]:
    """The units of a layer that fit a concept best, the best first, detectors or not."""
    found, top = layer.found, layer.exemplars.top
    fit = found.iou.max(1)
    units = np.argsort(-fit, kind="stable")[:most].tolist()
    rows = sorted({int(row) for unit in units for row in top.rows[unit]})
    read = pixels_of(dissected.data.images, rows, dissected.model.preprocessing)
    pixels = {row: shown(one) for row, one in read.items()}
    out = []
    for unit in units:
        own = [row for row in top.rows[unit].tolist() if row in pixels]
        where = active(dissected.model, np.stack([pixels[row] for row in own]), found, unit)
        concept = found.best[unit]
        said = f"{found.concepts.names[concept]} ({found.concepts.categories[concept]}), IoU {fit[unit]:.3f}"
        heading = f"{found.layer}:{unit}  {said}{'' if found.detectors[unit] else ', no detector'}"
        out.append(Row(heading, [outlined(pixels[row], mask) for row, mask in zip(own, where, strict=True)]))
    return out


def active(model: Model, images: Float[np.ndarray, "n 3 h w"], found: Dissected, unit: int) -> Bool[np.ndarray, "n h w"]:
    """Where a unit's map, brought to the size of the images, is above its threshold."""
    height, width = images.shape[2:]
    maps = maps_of(model.activations(model.asarray(images), found.layer), height, width, found.layer)
    large = F.interpolate(maps[:, unit : unit + 1].float(), (height, width), mode="bilinear", align_corners=False)
    return to_numpy(large)[:, 0] > found.thresholds[unit]


def outlined(pixels: Float[np.ndarray, "3 h w"], mask: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "3 h w"]:
    """At the size of a card, darker outside the mask, with a line around it; as it is where the mask is empty."""
    times = max(1, -(-SIDE // max(mask.shape)))
    large, inside = pixels.repeat(times, 1).repeat(times, 2), mask.repeat(times, 0).repeat(times, 1)
    if not inside.any():
        return large
    line = inside > binary_erosion(inside, iterations=2, border_value=0)
    out = np.where(inside, large, OUTSIDE * large)
    out[:, line] = np.array(LINE, np.float32)[:, None]
    return out.astype(np.float32)
