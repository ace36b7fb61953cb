"""Maps of images that hardly differ from one another."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import keyed, namespace, to_numpy, uniform
from snellen.core import Array, Model, SnellenError
from snellen.methods.explain.explanation import Explainer, Explanation
from snellen.methods.method import Method


@dataclass(frozen=True)
class Nearby(Method, ABC):
    """Abstract. Images are moved at random, by an even draw of the image's key, within [0, 1].

    A method that draws at random draws the same for an image and for those near it.

    Attributes:
        radius: the largest change of a pixel value.
        samples: images near each; each costs one map.
    """

    radius: float = 0.02
    samples: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.radius <= 1 or self.samples < 1:
            raise SnellenError(f"got {self}; expected a radius above 0 and up to 1, and one sample or more")

    def near(
        self,
        explainer: Explainer,
        model: Model,
        images: Float[Array, "n 3 h w"],
        classes: Int[np.ndarray, " n"],
        keys: Sequence[int],
    ) -> Iterator[tuple[Float[np.ndarray, " n"], Explanation]]:
        """How far each image was moved, as a Euclidean distance, and the maps there, again and again."""
        for number in range(self.samples if len(images) else 0):
            shift = uniform(keyed(keys, f"near {number}"), tuple(images.shape[1:]), images)
            moved = namespace(images).clip(images + self.radius * (2 * shift - 1), 0.0, 1.0)
            yield lengths(to_numpy(moved) - to_numpy(images)), explainer(model, moved, classes, keys)


def lengths(values: Float[np.ndarray, "n ..."]) -> Float[np.ndarray, " n"]:
    """The Euclidean length of each row."""
    return np.sqrt((values.astype(np.float64) ** 2).sum(axis=tuple(range(1, values.ndim))))
