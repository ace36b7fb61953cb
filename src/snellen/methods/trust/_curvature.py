"""How the maps of gradient methods change with the image: second derivatives of PyTorch networks, rectifiers made smooth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from snellen.arrays import like, take
from snellen.core import Model, SnellenError
from snellen.errors import blaming
from snellen.methods.explain._rectified import Rectifiers
from snellen.methods.explain._views import at_once
from snellen.methods.explain.explanation import Explainer
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.gradient_x_input import GradientXInput
from snellen.methods.explain.integrated_gradients import IntegratedGradients

TIMES = 3
"""How much more a second derivative keeps than a first one."""


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


def path(explainer: Explainer) -> Path:
    """How the maps of an explainer are made of gradients.

    Raises:
        SnellenError: they are not.
    """
    if isinstance(explainer, Gradient | GradientXInput):
        return Path(np.ones(1), np.ones(1), 0.0, isinstance(explainer, GradientXInput))
    if isinstance(explainer, IntegratedGradients):
        places, weights = np.polynomial.legendre.leggauss(explainer.steps)
        return Path((places + 1) / 2, weights / 2, explainer.baseline, True)
    raise SnellenError(f"got the method {explainer.name}; expected gradient, gradient-x-input or integrated-gradients")


def ascent(
    model: Model,
    images: Float[Tensor, "n 3 h w"],
    classes: Int[np.ndarray, " n"],
    direction: Float[Tensor, "n 3 h w"],
    way: Path,
    sharpness: float,
) -> Float[Tensor, "n 3 h w"]:
    """The gradient, in the pixels, of the sum over a map times `direction`, of the network with softplus in place of rectifiers.

    Raises:
        Unsupported: the model is no PyTorch network.
        SnellenError: it fails.
    """
    total, points = torch.zeros_like(images), len(way.shares)
    size = max(1, at_once(model, *images.shape[2:]) // TIMES)
    targets = torch.from_numpy(classes).to(images.device)
    with model.differentiable() as logits, Smooth(sharpness), sdpa_kernel(SDPBackend.MATH), blaming(model.name, images.shape):
        for first in range(0, len(classes) * points, size):
            rows, numbers = np.divmod(np.arange(first, min(first + size, len(classes) * points)), points)
            share, weight = (like(of[numbers, None, None, None], images) for of in (way.shares, way.weights))
            away, towards = take(images, rows) - way.start, take(direction, rows)
            places = (way.start + share * away).detach().requires_grad_()
            answer = logits(places)[torch.arange(len(rows), device=images.device), take(targets, rows)].sum()
            slope = torch.autograd.grad(answer, places, create_graph=True)[0]
            # Of networks that are linear in their input there is no curvature to differentiate.
            along = (slope * (towards * away if way.times else towards)).sum()
            bend = torch.autograd.grad(along, places)[0] if along.requires_grad else torch.zeros_like(places)
            found = share * bend + (towards * slope.detach() if way.times else 0)
            total.index_add_(0, torch.from_numpy(rows).to(images.device), weight * found)
    return total


@final
class Smooth(Rectifiers):
    """Inside, rectifiers are softplus functions (dombrowski-2019) of a sharpness: those have second derivatives."""

    def __init__(self, sharpness: float) -> None:
        super().__init__()
        self.sharpness = sharpness

    def instead(self, given: Tensor, upper: float | None) -> Tensor:
        """Smooth at both ends."""
        before = given.clone()
        out = F.softplus(before, self.sharpness)
        return out if upper is None else out - F.softplus(before - upper, self.sharpness)
