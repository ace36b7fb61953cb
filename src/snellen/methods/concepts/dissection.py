"""Network dissection: which units of a layer are strong where a concept is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.stats import special_ortho_group
from torch import Tensor

from snellen.arrays import to_numpy
from snellen.core import Array, Model, SnellenError
from snellen.errors import blaming
from snellen.methods.concepts._overlap import Overlap
from snellen.methods.concepts._quantiles import Quantiles
from snellen.methods.explain._views import at_once
from snellen.methods.method import Method
from snellen.methods.visualize._maps import check_torch, maps_of

SOURCE = "bau-2017"
SIDE = 112
"""Rows and columns in which masks and maps are compared, as in the published ones of images of 224 pixels."""
Masked: TypeAlias = tuple[Float[Array, "_ 3 _ _"], Bool[np.ndarray, "_ _ _ _"]]
"""N images, native in [0, 1], and where each of K concepts is in them, (N, K, height, width) of any resolution."""


@final
@dataclass(frozen=True)
class Concepts:
    """Names of K concepts, and of the category each belongs to: colour, material, part, object …"""

    names: tuple[str, ...]
    categories: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.names or len(self.names) != len(self.categories):
            raise SnellenError(f"got {len(self.names)} concepts and {len(self.categories)} categories; expected one each, and some")

    @property
    def kinds(self) -> tuple[str, ...]:
        """The categories there are, each once."""
        return tuple(dict.fromkeys(self.categories))


@final
@dataclass(frozen=True, eq=False)
class Dissected:
    """What U units detect of K concepts.

    Attributes:
        layer: that the units are channels of. mixed: whether they were mixed by a rotation.
        concepts: what was looked for.
        thresholds: (U,), above which a place counts as active.
        error: (U,), by how much a threshold can be wrong.
        active: (U,), the share of all pixels of all images that were: that of places, but for upsampling and `error`.
        iou: (U, K), intersection over union.
        least: what an IoU must exceed for a detector.
        seen: images.
        redrawn: (B, U), the largest IoU of each unit, and (B, U), the concept it has that with, where images were drawn again.
    """

    layer: str
    mixed: bool
    concepts: Concepts
    thresholds: Float[np.ndarray, " u"]
    error: Float[np.ndarray, " u"]
    active: Float[np.ndarray, " u"]
    iou: Float[np.ndarray, "u k"]
    least: float
    seen: int
    redrawn: tuple[Float[np.ndarray, "b u"], Int[np.ndarray, "b u"]] | None = None

    @property
    def best(self) -> Int[np.ndarray, " u"]:
        """The concept that each unit fits best, whether or not it detects it."""
        return self.iou.argmax(1)

    @property
    def detectors(self) -> Bool[np.ndarray, " u"]:
        """Which units detect the concept that they fit best."""
        return self.iou.max(1) > self.least

    @property
    def unique(self) -> Int[np.ndarray, " d"]:
        """The concepts that one unit or more detects, which is how interpretable a layer is said to be."""
        return np.unique(self.best[self.detectors])

    def by_category(self) -> dict[str, tuple[int, int]]:
        """Category → how many units detect a concept of it, and how many such concepts there are."""
        kinds = np.array(self.concepts.categories)
        detected, unique = kinds[self.best[self.detectors]], kinds[self.unique]
        return {kind: (int((detected == kind).sum()), int((unique == kind).sum())) for kind in self.concepts.kinds}


@final
@dataclass(frozen=True)
class Dissection(Method):
    """Units as detectors of concepts (bau-2017), in two passes over images with masks, in memory that does not grow with them.

    A unit is active where its map, bilinearly brought to the size of the mask, is above what it exceeds at `share` of all places of
    all images. The IoU of a unit and a concept is taken over all images together; pixels where the unit is active count in the
    union only in images in which some concept of the same category is masked.

    Attributes:
        layer: its name.
        share: of places that are above the threshold.
        least: what the IoU of a detector exceeds.
    """

    layer: str = ""
    share: float = 0.005
    least: float = 0.04

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (0 < self.share < 1 and 0 <= self.least < 1):
            raise SnellenError(f"got {self}; expected a share between 0 and 1 and a least IoU from 0")

    def __call__(
        self,
        model: Model,
        data: Iterable[Masked],
        concepts: Concepts,
        *,
        rotation: Float[np.ndarray, "u u"] | None = None,
        redraws: Float[np.ndarray, "b n"] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Dissected:
        """Batches of images with masks, which can be gone through twice → what units detect.

        `rotation` mixes the units: see `random_rotation`. `redraws` are how often each image counts in samples drawn again; then
        memory grows with the images. Thresholds stay those of all images as they are. `progress` is told of images, twice each.

        Raises:
            SnellenError: there are no images, masks do not fit them or the concepts, the layer is not there, or the model fails.
            Unsupported: the model is no PyTorch network.
        """
        check_torch(model)
        if iter(data) is data:
            raise SnellenError("got data that can be gone through once; expected a list, or an iterable that starts anew each time")
        quantiles = Quantiles()
        for maps, _ in self._maps(model, data, len(concepts.names), rotation, progress):
            quantiles.add(maps.transpose(0, 1).flatten(1))
        thresholds, error = quantiles.exceeded_by(self.share)
        overlap = Overlap(concepts.categories, apart=redraws is not None)
        for maps, masks in self._maps(model, data, len(concepts.names), rotation, progress):
            overlap.add(maps, masks, thresholds.to(maps))
        return Dissected(
            self.layer,
            rotation is not None,
            concepts,
            to_numpy(thresholds),
            to_numpy(error),
            overlap.active / overlap.pixels,
            overlap.iou(),
            self.least,
            overlap.seen,
            None if redraws is None else overlap.redrawn(redraws),
        )

    def _maps(
        self,
        model: Model,
        data: Iterable[Masked],
        count: int,
        rotation: np.ndarray | None,
        progress: Callable[[int], None] | None,
    ) -> Iterator[tuple[Float[Tensor, "_ _ _ _"], Bool[np.ndarray, "_ _ _ _"]]]:
        """What the layer gives for some images at a time, mixed, and their masks."""
        for images, masks in data:
            if masks.ndim != 4 or masks.shape[:2] != (len(images), count) or 0 in masks.shape:
                raise SnellenError(
                    f"got masks of shape {masks.shape} for {len(images)} images and {count} concepts; "
                    "expected (N, K, height, width)"
                )
            size = at_once(model, *images.shape[2:])
            for start in range(0, len(images), size):
                part = images[start : start + size]
                with blaming(model.name, tuple(part.shape)):
                    output = model.activations(part, self.layer)
                maps = maps_of(output, part.shape[2], part.shape[3], self.layer)
                if rotation is not None:
                    _check_rotation(rotation, maps.shape[1])
                    maps = torch.einsum("nuab,vu->nvab", maps, torch.as_tensor(rotation).to(maps))
                yield maps, masks[start : start + size].astype(bool)
                if progress is not None:
                    progress(len(part))


def _check_rotation(rotation: np.ndarray, units: int) -> None:
    if rotation.shape != (units, units):
        raise SnellenError(f"got a rotation of shape {rotation.shape}; expected {(units, units)}, of the units of the layer")


def random_rotation(units: int, seed: int) -> Float[np.ndarray, "u u"]:
    """A rotation of the space of units, drawn evenly: of the same answers in other axes, to see whether axes matter (bau-2017)."""
    return special_ortho_group.rvs(units, random_state=np.random.default_rng(seed)) if units > 1 else np.ones((1, 1))
