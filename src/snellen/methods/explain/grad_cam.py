"""Grad-CAM: maps of a layer, weighed by the mean gradient of the class logit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from jaxtyping import Float
from torch import Tensor

from snellen.methods.explain._layer import Layered, Look

SOURCE = "selvaraju-2017"


@final
@dataclass(frozen=True)
class GradCam(Layered):
    """Sum over channels of activation times mean gradient (selvaraju-2017), signed: the published map is its positive part.

    Where only an average and a linear layer come after the layer, the places of a map sum to the logit less its bias.
    """

    def weigh(self, look: Look) -> Float[Tensor, "n a b"]:
        """See `Layered.weigh`."""
        return (look.gradients.mean((2, 3), keepdim=True) * look.activations).sum(1)
