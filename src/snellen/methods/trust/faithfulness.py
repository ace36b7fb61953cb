"""Whether a map finds the regions that the answer needs, better than chance does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import keyed
from snellen.core import Array, Model, SnellenError
from snellen.methods.method import Method
from snellen.methods.trust._maps import magnitudes, summed
from snellen.methods.trust.deletion_insertion import DeletionInsertion

SOURCE = "petsiuk-2018"


@final
@dataclass(frozen=True)
class Faithfulness(Method):
    """Insertion less deletion area of a map's order of squares, less the mean of random orders: 0 is chance, -1 and 1 the ends.

    Maps are brought to squares first, so that fine and coarse ones are compared on the same footing and random orders are as
    coarse as they are: single pixels at random are noise, and networks answer to noise as such (samek-2017 take regions for that).

    Attributes:
        cells: squares along the shorter side; fewer where that has fewer pixels.
        steps: along each curve.
        orders: random ones an image; the same for every map of it.
    """

    black_box = True
    cells: int = 14
    steps: int = 8
    orders: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cells < 2 or self.steps < 2 or self.orders < 1:
            raise SnellenError(f"got {self}; expected two cells, two steps and one order or more")

    def __call__(
        self,
        model: Model,
        images: Float[Array, "n 3 h w"],
        classes: Int[np.ndarray, " n"],
        maps: Mapping[str, Float[np.ndarray, "n ..."]],
        keys: Sequence[int] | None = None,
    ) -> dict[str, Float[np.ndarray, " n"]]:
        """Maps by name, each (N, H, W) or (N, 3, H, W), higher where more for the class → how faithful, by name.

        `keys`, one an image, decide its random orders; 0, 1, 2 … unless given.

        Raises:
            SnellenError: images, classes or maps are not what is expected, or the model fails.
        """
        height, width = images.shape[2:]
        keys = list(range(len(classes))) if keys is None else list(keys)
        curves = replace(DeletionInsertion(), steps=self.steps)

        def area(values: np.ndarray) -> np.ndarray:
            found = curves(model, images, classes, values)
            return found.insertion_area - found.deletion_area

        chance = np.zeros(len(classes))
        for order in range(self.orders):
            seeds = keyed(keys, f"order {order}")
            chance += area(np.stack([self._random(seed, height, width) for seed in seeds])) / self.orders if seeds else 0
        return {name: area(self._squares(summed(one))) - chance for name, one in maps.items()}

    def _squares(self, maps: Float[np.ndarray, "n h w"]) -> Float[np.ndarray, "n h w"]:
        """Each pixel with the mean of its square."""
        rows, columns = self._places(*maps.shape[1:])
        down, across = np.eye(rows.max() + 1)[rows], np.eye(columns.max() + 1)[columns]
        means = np.einsum("hr,nhw,wc->nrc", down / down.sum(0), maps, across / across.sum(0), optimize=True)
        return means[:, rows[:, None], columns[None]]

    def _random(self, seed: int, height: int, width: int) -> Float[np.ndarray, "h w"]:
        rows, columns = self._places(height, width)
        order = np.random.Generator(np.random.PCG64(seed)).permutation((rows.max() + 1) * (columns.max() + 1))
        return order.reshape(rows.max() + 1, columns.max() + 1)[rows[:, None], columns[None]].astype(np.float64)

    def _places(self, height: int, width: int) -> tuple[Int[np.ndarray, " h"], Int[np.ndarray, " w"]]:
        """The row and the column of squares that each pixel belongs to."""
        side = max(1.0, min(height, width) / self.cells)
        return tuple((np.arange(size) // side).astype(int) for size in (height, width))  # type: ignore[return-value]


def evidence(values: Float[np.ndarray, "n ..."], signed: bool) -> Float[np.ndarray, "n h w"]:
    """A map as evidence: summed over channels, or where only the size of its values counts, their absolute values."""
    return summed(values) if signed else magnitudes(values)
