"""Maps that are made of gradients, and how they change with the image: what two gradients a little apart differ by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import like, namespace, one_hot, take, to_numpy
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked, check_classes, largest
from snellen.methods.explain._views import add, batches
from snellen.methods.explain.explanation import Explainer
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.gradient_x_input import GradientXInput
from snellen.methods.explain.integrated_gradients import IntegratedGradients
from snellen.methods.trust._answers import responses


@final
@dataclass(frozen=True)
class Path:
    """A map as the weighted sum of gradients on the way from a grey image, and whether it is multiplied by that way.

    Attributes:
        shares: of the way, in [0, 1]. weights: of the gradients there.
        start: the grey level in [0, 1] where the way begins.
        times: whether the sum is multiplied by the image less the start.
    """

    shares: Float[np.ndarray, " points"]
    weights: Float[np.ndarray, " points"]
    start: float
    times: bool

    def away(self, images: Float[Array, "n 3 h w"]) -> Float[np.ndarray, "n 3 h w"]:
        """What the sum of gradients is multiplied by."""
        pixels = to_numpy(images).astype(np.float64)
        return pixels - self.start if self.times else np.ones_like(pixels)


def path(explainer: Explainer) -> Path:
    """How the maps of an explainer are made of gradients; those of integrated gradients of its `steps`, and no more.

    Raises:
        SnellenError: they are not.
    """
    if isinstance(explainer, Gradient | GradientXInput):
        return Path(np.ones(1), np.ones(1), 0.0, isinstance(explainer, GradientXInput))
    if isinstance(explainer, IntegratedGradients):
        places, weights = np.polynomial.legendre.leggauss(explainer.steps)
        return Path((places + 1) / 2, weights / 2, explainer.baseline, True)
    raise SnellenError(f"got the method {explainer.name}; expected gradient, gradient-x-input or integrated-gradients")


@final
@dataclass(frozen=True)
class Walk:
    """What is met on the ways to N images.

    Attributes:
        gradients: (N, 3, H, W), of the class logit, weighted and summed over the way.
        drawn: (N, 3, H, W), the same, each further weighted by its share: how the sum of logits on the way changes with the image.
        answers: (N,), the class of the largest logit of the images themselves.
    """

    gradients: Float[np.ndarray, "n 3 h w"]
    drawn: Float[np.ndarray, "n 3 h w"]
    answers: Int[np.ndarray, " n"]


def walk(
    asked: Asked,
    images: Float[Array, "n 3 h w"],
    classes: Int[np.ndarray, " n"],
    way: Path,
    aside: Float[np.ndarray, "n 3 h w"] | None = None,
) -> Walk:
    """Go the way to native images, with `aside` added to every point of it; then there are no answers.

    Raises:
        SnellenError: the model fails, or a class is none of its own.
        Unsupported: it gives no gradients.
    """
    gradients = np.zeros((len(images), math.prod(images.shape[1:])))
    drawn, answers = np.zeros_like(gradients), np.zeros(len(images), int)
    whole = bool(way.shares[-1] == 1)
    off = None if aside is None else like(aside.astype(np.float32), images)
    for rows, numbers in batches(asked.model, images, np.full(len(images), len(way.shares))) if len(images) else ():
        share = like(way.shares[numbers, None, None, None].astype(np.float32), images)
        places = way.start + share * (take(images, rows) - way.start)
        logits, pull = asked.vjp(places if off is None else places + take(off, rows))
        check_classes(classes, logits.shape[1], asked.model.name)
        flat = namespace(images).reshape(pull(one_hot(classes[rows], logits)), (len(rows), -1))
        add(gradients, rows, way.weights[numbers], flat)
        add(drawn, rows, (way.weights * way.shares)[numbers], flat)
        if whole:
            answers[rows] = largest(logits)
    if aside is None and not whole:
        answers = responses(asked, images)
    return Walk(gradients.reshape(tuple(images.shape)), drawn.reshape(tuple(images.shape)), answers)


def ascent(
    asked: Asked,
    images: Float[Array, "n 3 h w"],
    classes: Int[np.ndarray, " n"],
    direction: Float[np.ndarray, "n 3 h w"],
    way: Path,
    met: Walk,
    reach: float,
) -> Float[np.ndarray, "n 3 h w"]:
    """The gradient, in the pixels, of the sum over a map times `direction`; `met` is the walk to the images.

    Second derivatives along a direction are the difference of the gradients here and `reach` further, over `reach`
    (pearlmutter-1994): where rectifiers have none, those of the network averaged over what lies between.

    Raises:
        SnellenError, Unsupported: as `walk`.
    """
    bent = walk(asked, images, classes, way, reach * direction * way.away(images)).drawn - met.drawn
    return bent / reach + (direction * met.gradients if way.times else 0)
