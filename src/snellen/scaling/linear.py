"""Scalings of all logits: one temperature, or a weight and a bias for each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from snellen.core import SnellenError
from snellen.scaling.scaling import Scaling, finite


@final
@dataclass(frozen=True)
class Temperature(Scaling):
    """All logits over one number above zero (guo-2017): answers and their order stay."""

    temperature: float
    method: Literal["temperature"] = "temperature"

    def __post_init__(self) -> None:
        finite(self, self.temperature)
        if self.temperature <= 0:
            raise SnellenError(f"got the temperature {self.temperature}; expected a number above 0")

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """Logits over the temperature."""
        return np.asarray(logits, np.float64) / self.temperature

    def pull(self, logits: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        """The cotangent over the temperature."""
        return np.asarray(cotangent, np.float64) / self.temperature

    def describe(self) -> str:
        """Its value."""
        return f"T = {self.temperature:.4g}"


@final
@dataclass(frozen=True)
class Vector(Scaling):
    """Each class's logit times a weight of its own, plus a bias of its own (guo-2017): answers may change."""

    weights: tuple[float, ...]
    biases: tuple[float, ...]
    method: Literal["vector"] = "vector"

    def __post_init__(self) -> None:
        finite(self, *self.weights, *self.biases)
        if len(self.weights) != len(self.biases):
            raise SnellenError(f"got {len(self.weights)} weights and {len(self.biases)} biases; expected one of each a class")

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """Weights * logits + biases; what was ruled out stays so."""
        logits = self._checked(logits)
        known = np.isfinite(logits)
        return np.where(known, np.where(known, logits, 0.0) * self.weights + self.biases, -np.inf)

    def pull(self, logits: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        """Weights * cotangent; nothing where the logit is -inf."""
        return np.where(np.isfinite(self._checked(logits)), np.asarray(cotangent, np.float64) * self.weights, 0.0)

    def describe(self) -> str:
        """The ranges of weights and biases."""
        weights, biases = np.array(self.weights), np.array(self.biases)
        return f"weights {weights.min():.3g} to {weights.max():.3g}, biases {biases.min():.3g} to {biases.max():.3g}"

    def _checked(self, logits: np.ndarray) -> np.ndarray:
        if logits.shape[1] != len(self.weights):
            raise SnellenError(f"got {logits.shape[1]} logits an image; expected {len(self.weights)}, as when this was fitted")
        return np.asarray(logits, np.float64)
