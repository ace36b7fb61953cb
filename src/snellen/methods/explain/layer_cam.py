"""Layer-CAM: every place of a layer weighed by its own positive gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from jaxtyping import Float
from torch import Tensor

from snellen.methods.explain._layer import Layered, Look

SOURCE = "jiang-2021"


@final
@dataclass(frozen=True)
class LayerCam(Layered):
    """Sum over channels of activation times positive gradient at the same place (jiang-2021); of use for early layers too."""

    def weigh(self, look: Look) -> Float[Tensor, "n a b"]:
        """See `Layered.weigh`."""
        return (look.gradients.relu() * look.activations).sum(1)
