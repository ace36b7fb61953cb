"""Whether a map depends on what it is asked to explain: the same image, another class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import keyed
from snellen.core import Array, Model, SnellenError
from snellen.methods.asked import Asked, check_batch, check_classes, class_indices
from snellen.methods.explain.explanation import Explainer
from snellen.methods.method import Method
from snellen.methods.perturb.draws import generators
from snellen.methods.trust.similarity import MEASURES, Measure, similarity

SOURCE = "sixt-2020"


@final
@dataclass(frozen=True)
class OtherClass:
    """How alike the maps of two classes are.

    Attributes:
        others: (N,), the classes that were drawn.
        similarity: each measure → (N,). A map that stays the same does not explain the class.
        forwards: images passed forward in all. pulls: cotangents pulled back in all, counted in images.
    """

    others: Int[np.ndarray, " n"]
    similarity: Mapping[Measure, Float[np.ndarray, " n"]]
    forwards: int
    pulls: int


@final
@dataclass(frozen=True)
class RandomLogit(Method):
    """The random-logit test (sixt-2020): maps of each image's class and of another, drawn evenly by the image's key.

    Attributes:
        measures: of similarity.
    """

    measures: tuple[Measure, ...] = MEASURES

    def __call__(
        self,
        explainer: Explainer,
        model: Model,
        images: Float[Array, "n 3 h w"],
        classes: Int[np.ndarray, " n"],
        keys: Sequence[int] | None = None,
    ) -> OtherClass:
        """Native images in [0, 1], the class of each and keys → how alike their maps are.

        Raises:
            SnellenError: as the explainer, or the model knows only one class.
        """
        classes, keys = class_indices(classes), list(range(len(images))) if keys is None else list(keys)
        check_batch(images, classes, keys)
        asked = Asked(model)
        count = asked.logits(images[:1]).shape[1] if len(images) else 2
        check_classes(classes, count, model.name)
        if count < 2:
            raise SnellenError(
                f"{model.name} returned one logit an image; expected two classes or more to explain one beside another"
            )
        steps = np.array([int(rng.integers(1, count)) for rng in generators(keyed(keys, "other class"))], int)
        others = (classes + steps) % count
        own, other = (explainer(model, images, of, keys) for of in (classes, others))
        alike = similarity(own.maps, other.maps, self.measures)
        return OtherClass(others, alike, asked.forwards + own.forwards + other.forwards, own.pulls + other.pulls)
