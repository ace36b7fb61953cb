"""Left for right, or upside down."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

SOURCE = "krizhevsky-2012"
LEVELS = {"left-right": 3, "upside-down": 2}


def flip(images: Float[Tensor, "n 3 h w"], axis: int) -> Float[Tensor, "n 3 h w"]:
    """Mirrored along one axis of the array (krizhevsky-2012 trains on the first of them)."""
    return images.flip(axis)
