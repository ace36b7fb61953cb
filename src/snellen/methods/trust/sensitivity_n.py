"""Whether the sum of a map over some pixels goes with the fall of the answer without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import keyed, to_numpy
from snellen.core import Array, Model, SnellenError
from snellen.methods.asked import Asked, check_batch, class_indices
from snellen.methods.method import Method
from snellen.methods.perturb.draws import generators
from snellen.methods.trust._changes import foretold
from snellen.methods.trust._maps import check_maps, summed

SOURCE = "ancona-2018"


@final
@dataclass(frozen=True)
class Correlations:
    """How well sums go with falls.

    Attributes:
        pixels: (S,), how many pixels were set to 0.
        correlation: (N, S), Pearson's, over random sets of so many; 0 where sums or falls are all the same.
        forwards: images passed forward in all.
    """

    pixels: Int[np.ndarray, " s"]
    correlation: Float[np.ndarray, "n s"]
    forwards: int


@final
@dataclass(frozen=True)
class SensitivityN(Method):
    """Sensitivity-n (ancona-2018): correlation of a map's sum over n random pixels with the fall of the logit when they are black.

    Attributes:
        shares: of all pixels, for which n; at least one pixel each.
        samples: sets of pixels for each n; each costs one forward pass.
    """

    black_box = True
    shares: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 0.8)
    samples: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.shares or not all(0 < share <= 1 for share in self.shares) or self.samples < 2:
            raise SnellenError(f"got {self}; expected shares above 0 and up to 1, and two samples or more")

    def __call__(
        self,
        model: Model,
        images: Float[Array, "n 3 h w"],
        classes: Int[np.ndarray, " n"],
        maps: Float[np.ndarray, "n ..."],
        keys: Sequence[int] | None = None,
    ) -> Correlations:
        """Native images, the class of each, maps (N, H, W) or (N, 3, H, W), summed over channels, and keys → correlations.

        Raises:
            SnellenError: these are not what is expected, or the model fails.
        """
        classes, keys = class_indices(classes), list(range(len(images))) if keys is None else list(keys)
        check_batch(images, classes, keys)
        check_maps(maps, tuple(images.shape))
        asked, own = Asked(model), to_numpy(images)
        size = own.shape[2] * own.shape[3]
        counts = np.array([max(1, round(share * size)) for share in self.shares])

        def change(rows: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            names = [keyed([keys[row]], f"set {number}")[0] for row, number in zip(rows.tolist(), numbers.tolist(), strict=True)]
            orders = np.stack([rng.permutation(size) for rng in generators(names)])
            chosen = (orders < counts[numbers // self.samples][:, None]).reshape(-1, 1, *own.shape[2:])
            return chosen.astype(np.float32), own[rows] * chosen

        said, came = foretold(asked, images, classes, summed(maps), len(counts) * self.samples, change)
        shape = (len(own), len(counts), self.samples)
        return Correlations(counts, _correlation(said.reshape(shape), came.reshape(shape)), asked.forwards)


def _correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Along the last axis; 0 where one does not vary by more than rounding."""
    apart = [of - of.mean(axis=-1, keepdims=True) for of in (first, second)]
    lengths = [np.sqrt((of**2).sum(axis=-1)) for of in apart]
    varies = np.all(
        [length > 1e-6 * np.abs(of).max(axis=-1, initial=0) for length, of in zip(lengths, (first, second), strict=True)], axis=0
    )
    return np.where(varies, (apart[0] * apart[1]).sum(axis=-1) / np.where(varies, lengths[0] * lengths[1], 1), 0.0)
