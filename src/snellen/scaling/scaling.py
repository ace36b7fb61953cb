"""What every scaling can do."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from snellen.core import SnellenError


class Scaling(ABC):
    """Logits to logits."""

    @abstractmethod
    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """(N, K) → (N, K) float64."""

    @abstractmethod
    def pull(self, logits: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        """A cotangent (N, K) of the scaled logits → that of `logits`, (N, K), in closed form."""

    @abstractmethod
    def describe(self) -> str:
        """The fitted numbers, for people."""


def finite(scaling: Scaling, *numbers: float) -> None:
    """Raise SnellenError unless all numbers of a fit are finite."""
    if not np.isfinite(numbers).all():
        raise SnellenError(f"got {type(scaling).__name__} with numbers that are not finite; expected the result of a fit")
