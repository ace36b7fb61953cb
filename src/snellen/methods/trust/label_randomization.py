"""Whether an explanation depends on what the labels meant: a model that learned them beside one that learned them shuffled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.core import Array, Model
from snellen.methods.explain.explanation import Explainer
from snellen.methods.method import Method
from snellen.methods.trust.similarity import MEASURES, Measure, similarity

SOURCE = "adebayo-2018"


@final
@dataclass(frozen=True)
class Relabelled:
    """How alike the maps of two models are.

    Attributes:
        similarity: each measure → (N,). Maps that stay the same do not tell what the labels meant.
        forwards: images passed forward in all. pulls: cotangents pulled back in all, counted in images.
    """

    similarity: Mapping[Measure, Float[np.ndarray, " n"]]
    forwards: int
    pulls: int


@final
@dataclass(frozen=True)
class LabelRandomization(Method):
    """The comparison in data randomisation (adebayo-2018): the same images and classes, explained of two models alike in kind.

    One is trained on the labels, one on a permutation of them until it knows its training images by heart; here both are given.

    Attributes:
        measures: of similarity.
    """

    measures: tuple[Measure, ...] = MEASURES

    def __call__(
        self,
        explainer: Explainer,
        model: Model,
        shuffled: Model,
        images: Float[Array, "n 3 h w"],
        classes: Int[np.ndarray, " n"],
        keys: Sequence[int] | None = None,
    ) -> Relabelled:
        """Images in [0, 1], native to both models, the class of each and keys → how alike their maps are.

        Raises:
            SnellenError: as the explainer.
        """
        first, second = (explainer(one, images, classes, keys) for one in (model, shuffled))
        alike = similarity(first.maps, second.maps, self.measures)
        return Relabelled(alike, first.forwards + second.forwards, first.pulls + second.pulls)
