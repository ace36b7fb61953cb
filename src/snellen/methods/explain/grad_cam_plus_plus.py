"""Grad-CAM++: weights in which places with strong gradients count more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor

from snellen.methods.explain._layer import Layered, Look

SOURCE = "chattopadhay-2018"


@final
@dataclass(frozen=True)
class GradCamPlusPlus(Layered):
    """Activations weighed by the positive gradients, each with a share that lets every place count alike (chattopadhay-2018).

    Shares are those for the exponential of the logit, whose second and third derivatives are powers of the gradient. Activations
    are taken to be at least 0, as after a ReLU; maps then are too.
    """

    unit: ClassVar[str] = "weighted activation"

    def weigh(self, look: Look) -> Float[Tensor, "n a b"]:
        """See `Layered.weigh`."""
        gradients, sums = look.gradients, look.activations.sum((2, 3), keepdim=True)
        below = 2 * gradients**2 + sums * gradients**3
        share = (gradients**2 / below.where(below != 0, 1)).where(gradients != 0, 0)
        weights = (share * gradients.relu()).sum((2, 3), keepdim=True)
        return (weights * look.activations).sum(1)
