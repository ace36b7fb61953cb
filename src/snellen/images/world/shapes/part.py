"""A named part of an object."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Part:
    """One part of an object, to be painted over the parts before it.

    `distance` is float32 (n, H, W), signed, negative inside; `tone` multiplies the object's colour; a `plain` part bears no
    texture.
    """

    name: str
    distance: np.ndarray
    tone: float = 1.0
    plain: bool = False


def span(u: np.ndarray, low: float, high: float) -> np.ndarray:
    """From `low` to `high` as u goes from 0 to 1."""
    return low + (high - low) * u
