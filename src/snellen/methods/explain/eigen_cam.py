"""Eigen-CAM: the first principal component of a layer's activations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from snellen.methods.explain._layer import Layered, Look

SOURCE = "muhammad-2020"


@final
@dataclass(frozen=True)
class EigenCam(Layered):
    """Activations projected on the direction in which they differ most between places (muhammad-2020).

    It knows nothing of the class: maps of all classes are the same. A component has no sign of its own; it is taken to point where
    activations are large on the whole.
    """

    unit: ClassVar[str] = "activation along the first component"

    def weigh(self, look: Look) -> Float[Tensor, "n a b"]:
        """See `Layered.weigh`."""
        flat = look.activations.flatten(2).transpose(1, 2).double()
        centred = flat - flat.mean(1, keepdim=True)
        component = torch.linalg.svd(centred, full_matrices=False).Vh[:, :1]
        component = component * torch.where((component * flat.mean(1, keepdim=True)).sum(2, keepdim=True) < 0, -1.0, 1.0)
        return (flat * component).sum(2).reshape(len(flat), *look.activations.shape[2:]).float()
