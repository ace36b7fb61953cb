"""Curves from the confidence of an answer to its chance of being right: logistic, beta, isotonic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from scipy import special

from snellen.core import SnellenError
from snellen.scaling.of_confidence import STEEPEST, OfConfidence
from snellen.scaling.scaling import finite


@final
@dataclass(frozen=True)
class Platt(OfConfidence):
    """h(s) = slope * s + intercept: a logistic curve over the log-odds of the confidence (platt-1999)."""

    slope: float
    intercept: float
    method: Literal["platt"] = "platt"

    def __post_init__(self) -> None:
        finite(self, self.slope, self.intercept)

    def curve(self, log_odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A straight line."""
        return self.slope * log_odds + self.intercept, np.where(np.abs(log_odds) < STEEPEST, self.slope, 0.0)

    def describe(self) -> str:
        """The line."""
        return f"log-odds x {self.slope:.4g} {self.intercept:+.4g}"


@final
@dataclass(frozen=True)
class Beta(OfConfidence):
    """h = a ln c - b ln(1 - c) + m of the confidence c (kull-2017): a = b is `Platt`."""

    a: float
    b: float
    m: float
    method: Literal["beta"] = "beta"

    def __post_init__(self) -> None:
        finite(self, self.a, self.b, self.m)

    def curve(self, log_odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """-ln c and -ln(1 - c) as softplus of the log-odds, exact for any confidence."""
        slope = self.a * special.expit(-log_odds) + self.b * special.expit(log_odds)
        value = self.b * np.logaddexp(0, log_odds) - self.a * np.logaddexp(0, -log_odds) + self.m
        return value, np.where(np.abs(log_odds) < STEEPEST, slope, 0.0)

    def describe(self) -> str:
        """The three numbers."""
        return f"a = {self.a:.4g}, b = {self.b:.4g}, m = {self.m:.4g}"


@final
@dataclass(frozen=True)
class Isotonic(OfConfidence):
    """A rising curve through knots (confidence, share right), straight between them and flat beyond (zadrozny-2002)."""

    confidence: tuple[float, ...]
    right: tuple[float, ...]
    method: Literal["isotonic"] = "isotonic"

    def __post_init__(self) -> None:
        finite(self, *self.confidence, *self.right)
        x, y = np.array(self.confidence), np.array(self.right)
        if not len(x) == len(y) > 0 or (np.diff(x) <= 0).any() or (np.diff(y) < 0).any() or (y <= 0).any() or (y >= 1).any():
            raise SnellenError("got an isotonic curve that does not rise; expected rising knots with shares above 0 and below 1")

    def curve(self, log_odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Interpolated in the confidence, then turned to log-odds."""
        x, y = np.array(self.confidence), np.array(self.right)
        c = special.expit(log_odds)
        right = np.interp(c, x, y)
        rise = np.append(np.diff(y) / np.diff(x), 0.0)
        at = np.searchsorted(x, c, side="right") - 1
        slope = np.where(at < 0, 0.0, rise[np.maximum(at, 0)]) * c * (1 - c) / (right * (1 - right))
        return special.logit(right), slope

    def describe(self) -> str:
        """How many knots, and the range of what it gives."""
        return f"{len(self.right)} knots, confidences from {self.right[0]:.3f} to {self.right[-1]:.3f}"
