"""What methods share that weigh the maps of one layer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from snellen.arrays import one_hot, take, to_numpy
from snellen.core import Array, SnellenError
from snellen.grids import grid, places
from snellen.methods.asked import Asked, check_classes
from snellen.methods.explain._views import at_once
from snellen.methods.explain.explanation import Explainer, Explanation

AUTO = "auto"


@final
@dataclass(frozen=True)
class Look:
    """What is known of one layer in one pass: its output as it is and as maps, class logits, and their gradients at the maps."""

    asked: Asked
    images: Float[Tensor, "n 3 h w"]
    classes: Int[np.ndarray, " n"]
    layer: str
    output: Tensor
    scores: Float[Tensor, " n"]
    activations: Float[Tensor, "n c a b"]
    gradients: Float[Tensor, "n c a b"]


@dataclass(frozen=True)
class Layered(Explainer, ABC):
    """Abstract. Maps are made on the grid of the layer and brought to the size of the images bilinearly.

    Attributes:
        layer: its name; "auto" is the last one with a grid of places that logits depend on: of convolutional networks the maps
            before they are averaged, of transformers with a class token the input of the last attention. `where` says which.
    """

    unit: ClassVar[str] = "logits per place of the layer"
    layer: str = AUTO

    def explain(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """See `Explainer.explain`."""
        height, width = images.shape[2:]
        layer = asked.grid_layer(height, width) if self.layer == AUTO else self.layer
        size, maps, where = at_once(asked.model, height, width), [], ""
        for start in range(0, len(images), size):
            rows = np.arange(start, min(start + size, len(images)))
            logits, given, pull = asked.vjp_from(take(images, rows), layer)
            check_classes(classes[rows], logits.shape[1], asked.model.name)
            shape = grid(tuple(given.shape), height, width)
            if shape is None:
                raise SnellenError(
                    f"layer {layer} of {asked.model.name} gives {tuple(given.shape)} for images of {height} x {width} pixels; "
                    "expected maps (N, C, h, w) or tokens (N, T, D) that lie over the image, "
                    f"as those of {asked.grid_layer(height, width)} do"
                )
            where, gradient = f"{layer}: {shape}", pull(one_hot(classes[rows], logits))
            scores = logits[range(len(rows)), classes[rows]]
            maps_of = places(given, shape), places(gradient, shape)
            look = Look(asked, take(images, rows), classes[rows], layer, given, scores, *maps_of)
            weighed = self.weigh(look)
            large = F.interpolate(weighed[:, None], (height, width), mode="bilinear", align_corners=False)
            maps.append(to_numpy(large[:, 0]))
        return Explanation(np.concatenate(maps), self.unit, where=where)

    @abstractmethod
    def weigh(self, look: Look) -> Float[Tensor, "n a b"]:
        """A map on the grid of the layer."""
