"""How far a map moves when the image hardly does, at worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.core import Array, Model
from snellen.methods.explain.explanation import Explainer
from snellen.methods.trust._nearby import Nearby, lengths

SOURCE = "yeh-2019"


@final
@dataclass(frozen=True)
class Sensitivities:
    """How far N maps move.

    Attributes:
        absolute: (N,), the largest Euclidean distance between maps, in the unit of the maps.
        relative: (N,), that as a share of the map's length; of a map that is 0 throughout, 0 if it stays so and else infinite.
        forwards: images passed forward in all. pulls: cotangents pulled back in all, counted in images.
    """

    absolute: Float[np.ndarray, " n"]
    relative: Float[np.ndarray, " n"]
    forwards: int
    pulls: int


@final
@dataclass(frozen=True)
class MaxSensitivity(Nearby):
    """Max-sensitivity (yeh-2019), from below: the largest change of a map that random moves of the image found."""

    def __call__(
        self,
        explainer: Explainer,
        model: Model,
        images: Float[Array, "n 3 h w"],
        classes: Int[np.ndarray, " n"],
        keys: Sequence[int] | None = None,
    ) -> Sensitivities:
        """Native images in [0, 1], the class of each and keys → how far their maps move.

        Raises:
            SnellenError: as the explainer.
        """
        keys = list(range(len(images))) if keys is None else list(keys)
        here = explainer(model, images, classes, keys)
        worst, forwards, pulls = np.zeros(len(images)), here.forwards, here.pulls
        for _, there in self.near(explainer, model, images, classes, keys):
            worst = np.maximum(worst, lengths(there.maps - here.maps))
            forwards, pulls = forwards + there.forwards, pulls + there.pulls
        length = lengths(here.maps)
        relative = np.where(length > 0, worst / np.where(length > 0, length, 1), np.where(worst > 0, np.inf, 0.0))
        return Sensitivities(worst, relative, forwards, pulls)
