"""HiResCAM: gradient times activation, place by place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from jaxtyping import Float
from torch import Tensor

from snellen.methods.explain._layer import Layered, Look

SOURCE = "draelos-2020"


@final
@dataclass(frozen=True)
class HiresCam(Layered):
    """Sum over channels of activation times gradient at the same place (draelos-2020), signed.

    Where the rest of the network is affine in the layer, the places of a map sum to the logit less that of a layer of zeros.
    """

    def weigh(self, look: Look) -> Float[Tensor, "n a b"]:
        """See `Layered.weigh`."""
        return (look.gradients * look.activations).sum(1)
