"""Images with masks of named concepts, as label maps that are cut and resized as the images are."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import final

import numpy as np
from jaxtyping import Bool, Int
from PIL import Image

from snellen.core import Images, Preprocessing
from snellen.images.fit import fit


@dataclass(frozen=True)
class Segmented(ABC):
    """Abstract. An image set and where each of K concepts is in each image.

    Attributes:
        images: the image set.
        names: (K,) of the concepts. categories: (K,) what kind each is: colour, part, object …
    """

    images: Images
    names: tuple[str, ...]
    categories: tuple[str, ...]

    @property
    def id(self) -> str:
        """Changes whenever images or masks do."""
        return self.images.id

    @abstractmethod
    def layers(self, row: int) -> Int[np.ndarray, "l h w"]:
        """Label maps of one image, of its own size: at each pixel the number of a concept from 1, or 0 for none.

        Raises:
            SnellenError: they cannot be read.
        """

    def prepare(self, rows: Sequence[int]) -> None:  # noqa: B027 (most need nothing)
        """Told before `layers` is asked for these rows, for what is quicker for many at once."""

    @final
    def masks(self, rows: Sequence[int], preprocessing: Preprocessing, side: int) -> Bool[np.ndarray, "n k a a"]:
        """Where each concept is in what the model sees of each image, `side` rows and columns whatever the image's shape.

        Raises:
            SnellenError: a label map cannot be read.
        """
        found = np.zeros((len(rows), len(self.names), side * side), bool)
        self.prepare(rows)
        for at, row in enumerate(rows):
            layers = self.layers(row)
            shown = _shown(layers.shape[1], layers.shape[2], preprocessing, side)
            labels = np.where(shown > 0, layers.reshape(len(layers), math.prod(layers.shape[1:]))[:, shown - 1], 0)
            _, places = np.nonzero(labels)
            found[at, labels[labels > 0] - 1, places] = True
        return found.reshape(*found.shape[:2], side, side)


@lru_cache(maxsize=32)
def _shown(height: int, width: int, preprocessing: Preprocessing, side: int) -> Int[np.ndarray, " s"]:
    """Which pixel of an image of this size, from 1, each place of a mask shows; 0 where the model is shown none."""
    pixels = np.arange(1, height * width + 1, dtype=np.int32).reshape(height, width)
    seen = fit(Image.fromarray(pixels), replace(preprocessing, interpolation="nearest"))
    return np.asarray(seen.resize((side, side), Image.Resampling.NEAREST)).ravel()
