"""Cards of units: the images that a unit responds to most, with the outline of where it is active."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snellen.methods.concepts.outline import active, outlined
from snellen.run.present import pixels_of
from snellen.visualizing.exemplars import shown
from snellen.visualizing.sheet import Row

if TYPE_CHECKING:
    from snellen.dissecting import DissectedLayer, Dissections


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
        where = active(dissected.model, np.stack([pixels[row] for row in own]), found.layer, unit, float(found.thresholds[unit]))
        concept = found.best[unit]
        said = f"{found.concepts.names[concept]} ({found.concepts.categories[concept]}), IoU {fit[unit]:.3f}"
        heading = f"{found.layer}:{unit}  {said}{'' if found.detectors[unit] else ', no detector'}"
        out.append(Row(heading, [outlined(pixels[row], mask) for row, mask in zip(own, where, strict=True)]))
    return out
