"""Models that show explanations another face: scaffolds, and what explanations by answers ask of a model."""

from __future__ import annotations

import uuid
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import like, namespace, softmax, take, to_numpy
from snellen.core import Array, Model, SnellenError
from snellen.methods.explain.explanation import Explainer
from snellen.methods.perturb.draws import generators
from snellen.methods.trust._detectors import Detector

SOURCE = "slack-2020"


@final
class Scaffold(Model):
    """Answers as one model does to images as they come, and as another does to images that a detector takes for perturbed.

    That is what slack-2020 build to show that LIME and KernelSHAP can be fooled: they ask about perturbed images alone. Like a
    service that only answers, it gives no gradients. Log-probabilities are returned in place of logits. Its id is never that of
    another, as a detector can be any function.

    Args:
        biased: answers what is to be hidden. innocuous: answers perturbed images; of the same framework, size and labels.
        detector: native images → how sure it is that each was perturbed, in [0, 1].
        soft: mix the probabilities of both models by how sure the detector is, rather than choose one from one half on.
    """

    def __init__(self, biased: Model, innocuous: Model, detector: Detector, *, soft: bool = False) -> None:
        if biased.labels != innocuous.labels or biased.preprocessing.size != innocuous.preprocessing.size:
            raise SnellenError(f"got {biased.name} and {innocuous.name}, which differ in labels or size; expected two alike")
        self._biased, self._innocuous, self._detector, self._soft = biased, innocuous, detector, soft
        self.name = f"scaffold of {biased.name} and {innocuous.name}"
        self.id = f"scaffold {biased.id} {innocuous.id} {uuid.uuid4()}"
        self.labels, self.preprocessing = biased.labels, biased.preprocessing
        self.facts = {"framework": "a scaffold: answers alone"}

    def asarray(self, images: np.ndarray) -> Array:
        """As both models take it."""
        return self._biased.asarray(images)

    def logits(self, images: Array) -> Array:
        """Log-probabilities (N, K), native."""
        sure = np.asarray(self._detector(images), np.float64)[:, None]
        share = sure if self._soft else (sure >= 0.5).astype(np.float64)
        first, second = (softmax(to_numpy(model.logits(images))) for model in (self._biased, self._innocuous))
        mixed = np.log(np.maximum((1 - share) * first + share * second, np.finfo(np.float32).tiny))
        return like(mixed.astype(np.float32), images)

    def footprint(self, height: int, width: int) -> int:
        """Of both models."""
        return self._biased.footprint(height, width) + self._innocuous.footprint(height, width)


@final
class _Listening(Model):
    """A model that keeps the images it is asked about."""

    def __init__(self, model: Model) -> None:
        self._model, self.kept = model, list[Array]()
        self.name, self.id, self.labels = model.name, model.id, model.labels
        self.preprocessing, self.facts = model.preprocessing, model.facts

    def asarray(self, images: np.ndarray) -> Array:
        return self._model.asarray(images)

    def logits(self, images: Array) -> Array:
        self.kept.append(images)
        return self._model.logits(images)

    def footprint(self, height: int, width: int) -> int:
        return self._model.footprint(height, width)


def queries(
    explainer: Explainer, model: Model, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], each: int, key: int = 0
) -> Float[Array, "m 3 h w"]:
    """Images that a method by answers asks about when it explains native images, as many as `each` of each, drawn by `key`.

    Raises:
        SnellenError: the method needs more than answers, or as the explainer.
    """
    if not explainer.black_box:
        raise SnellenError(f"got the method {explainer.name}, which needs gradients; expected one that asks for answers alone")
    rng, found = generators([key])[0], []
    for row in range(len(classes)):
        asked = _Listening(model)
        explainer(asked, take(images, np.array([row])), classes[row : row + 1])
        every = namespace(images).concat(asked.kept)
        found.append(take(every, rng.permutation(len(every))[:each]))
    return namespace(images).concat(found)
