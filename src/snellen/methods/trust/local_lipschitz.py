"""How fast a map moves with the image, at worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.core import Array, Model
from snellen.methods.explain.explanation import Explainer
from snellen.methods.trust._nearby import Nearby, lengths

SOURCE = "alvarez-melis-2018"


@final
@dataclass(frozen=True)
class Steepness:
    """How fast N maps move.

    Attributes:
        constant: (N,), the largest ratio of the distance between maps to that between images, both Euclidean, in the unit of the
            maps by pixel value; 0 where no image was moved.
        forwards: images passed forward in all. pulls: cotangents pulled back in all, counted in images.
    """

    constant: Float[np.ndarray, " n"]
    forwards: int
    pulls: int


@final
@dataclass(frozen=True)
class LocalLipschitz(Nearby):
    """The local Lipschitz constant of maps (alvarez-melis-2018), from below: the steepest that random moves of the image found."""

    def __call__(
        self,
        explainer: Explainer,
        model: Model,
        images: Float[Array, "n 3 h w"],
        classes: Int[np.ndarray, " n"],
        keys: Sequence[int] | None = None,
    ) -> Steepness:
        """Native images in [0, 1], the class of each and keys → how fast their maps move.

        Raises:
            SnellenError: as the explainer.
        """
        keys = list(range(len(images))) if keys is None else list(keys)
        here = explainer(model, images, classes, keys)
        worst, forwards, pulls = np.zeros(len(images)), here.forwards, here.pulls
        for moved, there in self.near(explainer, model, images, classes, keys):
            worst = np.maximum(worst, lengths(there.maps - here.maps) / np.where(moved > 0, moved, np.inf))
            forwards, pulls = forwards + there.forwards, pulls + there.pulls
        return Steepness(worst, forwards, pulls)
