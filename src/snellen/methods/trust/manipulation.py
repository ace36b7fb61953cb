"""Whether the explanations of a network can be made to say something else while its answers stay: by training it to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, final

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor, nn
from torch.nn import functional as F

from snellen.core import Model, SnellenError
from snellen.methods.asked import Asked, check_classes
from snellen.methods.explain._layer import AUTO
from snellen.methods.explain.explanation import Explainer
from snellen.methods.explain.grad_cam import GradCam
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.gradient_x_input import GradientXInput
from snellen.methods.explain.guided_backpropagation import GuidedBackpropagation
from snellen.methods.explain.integrated_gradients import IntegratedGradients
from snellen.methods.method import Method
from snellen.methods.train.loop import Loss, train
from snellen.methods.train.settings import Training
from snellen.methods.trust._answers import responses
from snellen.methods.trust._fooled import Manipulated, fooled
from snellen.methods.trust._fooling import FOOLINGS, Fooling, active, passive
from snellen.methods.trust._mapped import Mapped
from snellen.methods.trust.randomization import copied

SOURCE = "heo-2019"
EXAMINED: tuple[Explainer, ...] = (
    Gradient(),
    GradientXInput(),
    IntegratedGradients(),
    GradCam(),
    GuidedBackpropagation(),
)
"""Methods that are asked of both networks: the one that was fooled, and those that it may carry over to."""


@final
@dataclass(frozen=True)
class Manipulation(Method):
    """Adversarial model manipulation (heo-2019) of PyTorch networks: weights are trained so that maps move and answers stay.

    The loss is the cross-entropy with the network's own answers plus `weight` times that of its maps. Batch normalisation keeps
    its statistics. A copy is trained: the network given is not touched.

    Attributes:
        fooling: "location" moves maps to the frame of the image, "top-k" empties the places that were highest, "centre-mass" moves
            the centre, "active" swaps the maps of two classes.
        target: the method whose maps are trained, "grad-cam" or "gradient". layer: of Grad-CAM; "auto" as in `GradCam`.
        pair: the two classes of "active".
        weight: of the maps' loss. distil: of the divergence from the probabilities there were (hinton-2015), which heo-2019 do
            without: it helps to keep answers where there are few images.
        examined: methods whose maps are measured on held-out images.
        training: of the loop. heo-2019 use 1e-7 to 2e-6 (active 1e-5) for large networks and weights of .25 to 4 (active 10), over
            all of ImageNet; small networks and few images need larger steps.
    """

    fooling: Fooling = "location"
    target: Literal["grad-cam", "gradient"] = "grad-cam"
    layer: str = AUTO
    pair: tuple[int, int] | None = None
    weight: float = 4.0
    distil: float = 0.0
    examined: tuple[Explainer, ...] = EXAMINED
    training: Training = field(default_factory=lambda: Training(epochs=6, learning_rate=5e-4, weight_decay=0.0, amp="off"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fooling not in FOOLINGS or self.target not in ("grad-cam", "gradient") or self.weight <= 0 or self.distil < 0:
            raise SnellenError(
                f"got {self}; expected fooling {', '.join(FOOLINGS)}, target grad-cam or gradient, weight above 0, distil 0 or more"
            )
        if (self.pair is None) is (self.fooling == "active") or (
            self.pair is not None and (len(set(self.pair)) != 2 or min(self.pair) < 0)
        ):
            raise SnellenError(f"got pair {self.pair} for {self.fooling}; expected two classes for active, and none otherwise")

    def __call__(
        self,
        model: Model,
        images: UInt8[np.ndarray, "n 3 h w"],
        held_out: UInt8[np.ndarray, "m 3 h w"],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Manipulated:
        """Images to train on and others to measure on, of the model's size → the manipulated model and what was reached.

        `progress` is told of images that were trained on.

        Raises:
            SnellenError: images are not what is expected, the network cannot be copied, or training diverges.
            Unsupported: the model is no PyTorch network.
        """
        for some in (images, held_out):
            _check(some)
        if self.pair is not None:
            check_classes(np.array(self.pair), model.logits(model.asarray(images[:1])).shape[1], model.name)
        network, wrap = model.unwrapped()
        layer = self._layer(model, images.shape) if self.target == "grad-cam" else ""
        changed, reference = copied(network), copied(network)
        targets = responses(Asked(model), model.asarray(images))
        with wrap(changed).differentiable() as logits, wrap(reference).differentiable() as origin:
            for parameter in changed.parameters():
                parameter.requires_grad_(True)
            ours = Mapped(changed, logits, layer)
            loss = self._loss(ours, Mapped(reference, origin, layer))
            train(ours, lambda _: (images, targets), self.training, losses=[loss], progress=progress)
        return self._measured(model, self._named(model, wrap(changed), images), held_out, layer)

    def _layer(self, model: Model, shape: tuple[int, ...]) -> str:
        """Its name, after a look at whether there is such a layer."""
        layer = Asked(model).grid_layer(*shape[2:]) if self.layer == AUTO else self.layer
        model.activations(model.asarray(np.zeros((1, *shape[1:]), np.uint8)), layer)
        return layer

    def _loss(self, ours: Mapped, reference: Mapped) -> Loss:
        """The weighted loss of the maps of the network that is trained, beside those of the one it was."""

        def loss(network: nn.Module, images: Tensor, targets: Tensor, logits: Tensor) -> Tensor:
            size, old = (images.shape[2], images.shape[3]), reference(images)
            alike = self.distil * F.kl_div(logits.log_softmax(1), old.detach().softmax(1), reduction="batchmean")
            if self.pair is None:
                before = reference.maps(old, targets, size, onwards=False)
                return alike + self.weight * passive(self.fooling, ours.maps(logits, targets, size), before)
            of = [torch.full_like(targets, one) for one in self.pair]
            before = [reference.maps(old, one, size, onwards=False) for one in of]
            return alike + self.weight * active([ours.maps(logits, one, size) for one in of], before)

        return loss

    def _named(self, model: Model, made: Model, images: np.ndarray) -> Model:
        """The manipulated model under a name and an id of its own."""
        told = f"manipulated by {self!r} on {hashlib.sha256(images.tobytes()).hexdigest()[:16]}"
        made.name, made.id = f"{model.name}, manipulated", f"{model.id} {told}"
        made.facts = {**made.facts, "manipulated": told}
        return made

    def _measured(self, model: Model, made: Model, held_out: np.ndarray, layer: str) -> Manipulated:
        images = model.asarray(held_out)
        before, after = (responses(Asked(one), images) for one in (model, made))
        asked = {one.name: replace(one, layer=layer) if layer and isinstance(one, GradCam) else one for one in self.examined}
        return Manipulated(made, before, after, fooled(asked, model, made, images, before, self.pair), self.fooling, self.target)


def _check(images: np.ndarray) -> None:
    if images.ndim != 4 or images.shape[1] != 3 or images.dtype != np.uint8 or 0 in images.shape:
        raise SnellenError(f"got images {images.dtype} of shape {images.shape}; expected uint8 (N, 3, H, W), at least one")
