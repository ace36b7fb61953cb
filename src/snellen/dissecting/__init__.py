"""Dissecting as a Python call: which units of a layer detect which concepts, beside the same units mixed by a rotation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import polars as pl

from snellen import models
from snellen.core import Model, Preprocessing, SnellenError
from snellen.dissecting.conduct import Conduct
from snellen.images.segmented import Segmented, open_segmented
from snellen.methods.concepts.dissection import SIDE, Dissected
from snellen.methods.visualize.natural_exemplars import Exemplars
from snellen.run.evidence import slug
from snellen.run.folder import writable
from snellen.run.progress import Progress
from snellen.visualizing.units import find_layer

FOLDER = "dissections"
TOP = 9
"""Images kept for each unit."""


@final
@dataclass(frozen=True)
class DissectedLayer:
    """One layer: what its units detect, what they do when mixed by a rotation, and the images that they respond to most."""

    found: Dissected
    control: Dissected
    exemplars: Exemplars


@final
@dataclass(frozen=True)
class Dissections:
    """Layers of a model, dissected on an image set.

    Attributes:
        layers: in the order asked for.
        frame: a row for each unit: layer, unit, concept, category, iou, detector, threshold, active.
        problems: name of an image → why it could not be read.
        folder: where all lies.
    """

    model: Model
    data: Segmented
    layers: tuple[DissectedLayer, ...]
    frame: pl.DataFrame
    problems: dict[str, str]
    folder: Path

    def __getitem__(self, layer: str) -> DissectedLayer:
        """What was found in the layer of that name."""
        for one in self.layers:
            if one.found.layer == layer:
                return one
        raise KeyError(f"{layer}; there are {', '.join(one.found.layer for one in self.layers)}")


def dissect(
    model: Any,
    images: Any,
    layers: str | Sequence[str] | None = None,
    *,
    share: float = 0.005,
    least: float = 0.04,
    side: int = SIDE,
    out: str | Path | None = None,
    preprocessing: Preprocessing | None = None,
    sample: int | None = None,
    seed: int = 0,
    device: str = "auto",
    trust: bool = False,
    progress: Progress | None = None,
) -> Dissections:
    """Which units are strong where a concept is (bau-2017), with a random rotation of the same units as a control.

    >>> dissected = snellen.dissect("patient:healthy", "world:images=2000", "features.5")
    >>> dissected["features.5"].found.by_category()

    Args:
        model: a PyTorch network, as in `snellen.exam`.
        images: "world" and what differs, a folder in the form of Broden, or a `Segmented` of one's own.
        layers: names, one or several; the last that has a grid of places unless given.
        share: of places that are above a unit's threshold.
        least: what the intersection over union of a detector exceeds.
        side: rows and columns in which maps and masks are compared.
        out: folder; `dissections/<model>-on-<images>` unless given. Running the same again computes what is missing.
        preprocessing: what stands between image files and a model that does not say.
        sample: so many of the images.
        seed: of the sample and of the rotation.
        device: "auto", "cpu", "cuda" …
        trust: allow pickles and code that come with weights.
        progress: where to tell how far it is; quiet unless given.

    Raises:
        SnellenError: there is no such layer, the images have no masks of concepts, or something else given cannot be used.
        Unsupported: the model is no PyTorch network.
    """
    if not 1 <= side <= 1024:
        raise SnellenError(f"got masks of {side} rows and columns; expected 1 to 1024")
    data = open_segmented(images, sample, seed)
    loaded = models.load(model, preprocessing=preprocessing, device=device, trust=trust)
    size = loaded.preprocessing.size
    names = [layers] if isinstance(layers, str) else list(dict.fromkeys(layers or [loaded.grid_layer(*size)]))
    units = {name: find_layer(loaded, name, size).units for name in names}
    folder = writable(Path(out) if out is not None else Path(FOLDER) / slug(f"{loaded.name}-on-{data.images.name}"))
    conduct = Conduct(loaded, data, share, least, side, seed, folder / "parts", progress or Progress(quiet=True))
    found = tuple(DissectedLayer(*conduct.layer(name, units[name], TOP)) for name in names)
    frame = pl.concat([_rows(one.found) for one in found])
    return Dissections(loaded, data, found, frame, conduct.problems, folder)


def _rows(found: Dissected) -> pl.DataFrame:
    best, concepts = found.best.tolist(), found.concepts
    return pl.DataFrame(
        {
            "layer": [found.layer] * len(best),
            "unit": range(len(best)),
            "concept": [concepts.names[at] for at in best],
            "category": [concepts.categories[at] for at in best],
            "iou": found.iou.max(1),
            "detector": found.detectors,
            "threshold": found.thresholds,
            "active": found.active,
        }
    )
