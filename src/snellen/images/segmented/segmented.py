"""Images with masks of named concepts, as label maps that are cut and resized as the images are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
        same = replace(preprocessing, interpolation="nearest")
        self.prepare(rows)
        for at, row in enumerate(rows):
            for layer in self.layers(row):
                small = fit(Image.fromarray(layer.astype(np.int32)), same).resize((side, side), Image.Resampling.NEAREST)
                labels = np.asarray(small).ravel()
                places = np.flatnonzero(labels)
                found[at, labels[places] - 1, places] = True
        return found.reshape(*found.shape[:2], side, side)
