"""Network dissection: which units of a layer are strong where a concept is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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
Masks: TypeAlias = Bool[np.ndarray, "_ _ _ _"]
"""Where each of K concepts is in N images, (N, K, height, width) of any resolution."""
Masked: TypeAlias = tuple[Float[Array, "_ 3 _ _"], Masks | Callable[[], Masks]]
"""N images, native in [0, 1], and their masks, or what makes them when they are needed, which is in the second pass."""
Rotation: TypeAlias = Float[np.ndarray, "_ _"]


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
        rotation: Rotation | None = None,
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
        return self.each(model, data, concepts, [rotation], redraws=redraws, progress=progress)[0]

    def each(
        self,
        model: Model,
        data: Iterable[Masked],
        concepts: Concepts,
        rotations: Sequence[Rotation | None],
        *,
        redraws: Float[np.ndarray, "b n"] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> list[Dissected]:
        """As a call for each of some rotations, None for units as they are; in the same two passes.

        Raises:
            SnellenError, Unsupported: as a call.
        """
        check_torch(model)
        if iter(data) is data:
            raise SnellenError("got data that can be gone through once; expected a list, or an iterable that starts anew each time")
        quantiles = [Quantiles() for _ in rotations]
        for images, masks in data:
            if not callable(masks):
                _check_masks(masks, len(images), concepts)
            for maps, _ in self._maps(model, images, progress):
                for one, rotation in zip(quantiles, rotations, strict=True):
                    one.add(_mixed(maps, rotation).transpose(0, 1).flatten(1))
        found = [one.exceeded_by(self.share) for one in quantiles]
        overlaps = [Overlap(concepts.categories, apart=redraws is not None) for _ in rotations]
        for images, given in data:
            masks = given() if callable(given) else given
            _check_masks(masks, len(images), concepts)
            for maps, rows in self._maps(model, images, progress):
                for overlap, rotation, (thresholds, _) in zip(overlaps, rotations, found, strict=True):
                    overlap.add(_mixed(maps, rotation), masks[rows].astype(bool, copy=False), thresholds.to(maps))
        return [
            Dissected(
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
            for overlap, rotation, (thresholds, error) in zip(overlaps, rotations, found, strict=True)
        ]

    def _maps(
        self, model: Model, images: Float[Array, "n 3 h w"], progress: Callable[[int], None] | None
    ) -> Iterator[tuple[Float[Tensor, "_ u a b"], slice]]:
        """What the layer gives for some images at a time, and which."""
        size = at_once(model, *images.shape[2:])
        for rows in (slice(start, start + size) for start in range(0, len(images), size)):
            part = images[rows]
            with blaming(model.name, tuple(part.shape)):
                output = model.activations(part, self.layer)
            yield maps_of(output, part.shape[2], part.shape[3], self.layer), rows
            if progress is not None:
                progress(len(part))


def _check_masks(masks: Masks, images: int, concepts: Concepts) -> None:
    if masks.ndim != 4 or masks.shape[:2] != (images, len(concepts.names)) or 0 in masks.shape:
        raise SnellenError(
            f"got masks of shape {masks.shape} for {images} images and {len(concepts.names)} concepts; "
            "expected (N, K, height, width)"
        )


def _mixed(maps: Float[Tensor, "n u a b"], rotation: Rotation | None) -> Float[Tensor, "n u a b"]:
    if rotation is None:
        return maps
    if rotation.shape != (maps.shape[1], maps.shape[1]):
        raise SnellenError(f"got a rotation of shape {rotation.shape}; expected {(maps.shape[1],) * 2}, of the units of the layer")
    return torch.einsum("nuab,vu->nvab", maps, torch.as_tensor(rotation).to(maps))


def random_rotation(units: int, seed: int) -> Float[np.ndarray, "u u"]:
    """A rotation of the space of units, drawn evenly: of the same answers in other axes, to see whether axes matter (bau-2017)."""
    return special_ortho_group.rvs(units, random_state=np.random.default_rng(seed)) if units > 1 else np.ones((1, 1))
