"""Whether a map finds the pixels that the answer needs: take them away, or bring them back, in its order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int
from scipy.ndimage import gaussian_filter

from snellen.arrays import like, namespace, to_numpy
from snellen.core import Array, Model, SnellenError
from snellen.methods.asked import Asked, check_batch, class_indices
from snellen.methods.method import Method
from snellen.methods.trust._answers import descending, probability, replaced
from snellen.methods.trust._maps import check_maps, summed

SOURCE = "petsiuk-2018"


@final
@dataclass(frozen=True)
class Curves:
    """The probability of the class along the way.

    Attributes:
        shares: (S + 1,), of all pixels: those taken away or brought back at each step, from 0 to 1.
        deletion, insertion: (N, S + 1), in [0, 1].
        deletion_area, insertion_area: (N,), in [0, 1], under each curve. A true map has a small and a large one.
        forwards: images passed forward in all.
    """

    shares: Float[np.ndarray, " steps"]
    deletion: Float[np.ndarray, "n steps"]
    insertion: Float[np.ndarray, "n steps"]
    deletion_area: Float[np.ndarray, " n"]
    insertion_area: Float[np.ndarray, " n"]
    forwards: int


@final
@dataclass(frozen=True)
class DeletionInsertion(Method):
    """Deletion and insertion (petsiuk-2018): pixels in the order of a map, the highest first, whole with their channels.

    Deletion sets them to 0. Insertion starts from the image under a Gaussian blur, with 11 x 11 pixels and mirrored at the border.

    Attributes:
        steps: along each curve, and passes for it; of 224 x 224 pixels each step takes 224.
        blur: deviation in pixels.
        reach: pixels to which the blur extends.
    """

    black_box = True
    steps: int = 224
    blur: float = 5.0
    reach: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.steps < 1 or self.blur <= 0 or self.reach < 1:
            raise SnellenError(f"got {self}; expected one step or more, a blur above 0 and a reach of one pixel or more")

    def __call__(
        self,
        model: Model,
        images: Float[Array, "n 3 h w"],
        classes: Int[np.ndarray, " n"],
        maps: Float[np.ndarray, "n ..."],
    ) -> Curves:
        """Native images, the class of each, and maps (N, H, W) or (N, 3, H, W), summed over channels → curves.

        Raises:
            SnellenError: images, classes or maps are not what is expected, or the model fails.
        """
        classes = class_indices(classes)
        check_batch(images, classes, classes.tolist())
        check_maps(maps, tuple(images.shape))
        asked, ranks, pixels = Asked(model), descending(summed(maps)), images.shape[2] * images.shape[3]
        counts = np.round(np.linspace(0, pixels, min(self.steps, pixels) + 1)).astype(int)
        blurred = gaussian_filter(to_numpy(images), self.blur, axes=(2, 3), radius=self.reach)
        nothing = namespace(images).full_like(images, 0.0)
        deletion = replaced(asked, images, nothing, ranks, counts, classes, probability)
        insertion = replaced(asked, like(blurred, images), images, ranks, counts, classes, probability)
        shares = counts / pixels
        areas = [np.trapezoid(curve, shares, axis=1) for curve in (deletion, insertion)]
        return Curves(shares, deletion, insertion, areas[0], areas[1], asked.forwards)
