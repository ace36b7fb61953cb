"""Copies of a model with random weights, and how alike their maps are to those of the model as it is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from snellen.core import Array, Model, Unsupported
from snellen.methods.explain._layer import AUTO, Layered
from snellen.methods.explain.explanation import Explainer
from snellen.methods.trust.randomization import Randomization
from snellen.methods.trust.similarity import Measure, similarity
from snellen.probes._panel import flat

MEASURES: tuple[Measure, ...] = ("spearman", "absolute-spearman", "ssim")


@final
@dataclass(frozen=True)
class Copy:
    """A copy of which the last `layers` are random: if `whole`, all. Of another `draw` the random numbers are others."""

    model: Model
    layers: int
    draw: int
    whole: bool


def copies(model: Model, images: Array, draws: int, seed: int) -> Iterator[Copy]:
    """Of the first draw copies of which 1, 2, 4, 8 … layers from the logits on are random, and all; of other draws all alone.

    Raises:
        SnellenError: there is no network inside, it cannot be copied, or it has learned nothing.
    """
    network, wrap = model.unwrapped()
    for draw in range(draws):
        networks = enumerate(Randomization(seed=seed * draws + draw).networks(network, wrap, images), 1)
        layers, last = next(networks)
        for following in networks:
            if draw == 0 and layers & (layers - 1) == 0:
                yield Copy(wrap(last[1]), layers, draw, whole=False)
            layers, last = following
        yield Copy(wrap(last[1]), layers, draw, whole=True)


def compared(
    methods: Mapping[str, Explainer],
    model: Model,
    images: Array,
    classes: np.ndarray,
    keys: Sequence[int],
    outlines: np.ndarray,
    draws: int,
    seed: int,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What `ExplanationSanity.look` tells of N images: arrays (N, …) by name, and how many layers were random in each copy (S,).

    Methods that the model cannot be explained by are left out. `outlines` (N, H, W) are edge maps.
    """
    asked, own, scores, layers = {}, {}, {}, []
    found: dict[str, np.ndarray] = {}
    for name, method in methods.items():
        with contextlib.suppress(Unsupported):
            asked[name] = _settled(method, model, outlines.shape[1], outlines.shape[2])
            given = asked[name](model, images, classes, keys)
            own[name], found[name] = given.maps, flat(method, given)
    for name, maps in own.items():
        found[f"{name} other"] = alike(maps, np.roll(maps, -1, axis=0))
        found[f"{name} outline"] = alike(maps if maps.ndim == 3 else maps.sum(axis=1), outlines)
    for copy in copies(model, images, draws, seed) if own else ():
        layers += [copy.layers] if copy.draw == 0 else []
        for name, maps in own.items():
            given = asked[name](copy.model, images, classes, keys)
            parts = [f"{name} cascade"] * (copy.draw == 0) + [f"{name} whole"] * copy.whole
            for part in parts:
                scores.setdefault(part, []).append(alike(maps, given.maps))
            if copy.whole:
                found[f"{name} random"] = flat(asked[name], given)
    return found | {part: np.stack(values, axis=1) for part, values in scores.items()}, np.array(layers, np.int64)


def alike(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """`MEASURES` (N, 3) of N pairs of maps; NaN where one of two is not finite."""
    known = np.isfinite(first.reshape(len(first), -1)).all(axis=1) & np.isfinite(second.reshape(len(second), -1)).all(axis=1)
    out = np.full((len(first), len(MEASURES)), np.nan, np.float32)
    if known.any():
        out[known] = np.stack([*similarity(first[known], second[known], MEASURES).values()], axis=1)
    return out


def _settled(method: Explainer, model: Model, height: int, width: int) -> Explainer:
    """The method, with the layer that it chooses in this model: in a copy it might choose another."""
    chooses = isinstance(method, Layered) and method.layer == AUTO
    return replace(method, layer=model.grid_layer(height, width)) if chooses else method
