"""Telling images that were perturbed from images that were not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, final

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import nn

from snellen.arrays import namespace, to_numpy
from snellen.core import Array
from snellen.frozen import frozen
from snellen.methods.explain._least_squares import least_squares
from snellen.methods.train.loop import train
from snellen.methods.train.settings import Training

Detector: TypeAlias = Callable[[Array], Float[np.ndarray, " n"]]
"""Native images in [0, 1] → how sure it is that each was perturbed, in [0, 1]; from one half on it says so."""


@final
class LinearDetector:
    """The linear discriminant (fisher-1936) of features, fitted as a ridge regression on -1 and 1; 0 and 1 where that is beyond.

    Args:
        features: native images → (N, D).
        real, perturbed: native images to fit on.
        penalty: of the ridge, for standardised features.
    """

    def __init__(self, features: Callable[[Array], Array], real: Array, perturbed: Array, penalty: float = 1.0) -> None:
        self._features = features
        values = self._values(namespace(real).concat([real, perturbed]))
        self._mean, self._spread = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-6)
        sides = np.repeat([-1.0, 1.0], [len(real), len(perturbed)])
        weights = np.repeat([1 / len(real), 1 / len(perturbed)], [len(real), len(perturbed)]) * len(sides) / 2
        penalties = np.full(values.shape[1] + 1, penalty)
        penalties[0] = 0
        self._slopes = least_squares(self._design(values), sides, weights, penalties).values

    def __call__(self, images: Array) -> Float[np.ndarray, " n"]:
        """See `Detector`."""
        return np.clip((self._design(self._values(images)) @ self._slopes + 1) / 2, 0, 1)

    def _values(self, images: Array) -> Float[np.ndarray, "n d"]:
        return to_numpy(self._features(images)).astype(np.float64)

    def _design(self, values: np.ndarray) -> np.ndarray:
        return np.pad((values - self._mean) / self._spread, ((0, 0), (1, 0)), constant_values=1)


@final
class NetworkDetector:
    """A PyTorch network (N, 3, H, W) in [0, 1] → two logits, trained where it is: the second is that of perturbed images."""

    def __init__(
        self, network: nn.Module, real: UInt8[np.ndarray, "n 3 h w"], perturbed: UInt8[np.ndarray, "m 3 h w"], training: Training
    ) -> None:
        self._network = network
        both, sides = np.concatenate([real, perturbed]), np.repeat([0, 1], [len(real), len(perturbed)])
        train(network, lambda _: (both, sides), training)

    def __call__(self, images: Array) -> Float[np.ndarray, " n"]:
        """See `Detector`."""
        with frozen(self._network), torch.no_grad():
            return to_numpy(self._network(images).softmax(1)[:, 1]).astype(np.float64)


def grain(images: Array) -> Float[np.ndarray, "n 6"]:
    """Of the differences of neighbouring pixels the mean size, the mean root and the share that are exactly 0, down and across.

    What fills hidden regions with one colour shows in these.
    """
    pixels = to_numpy(images)
    found = []
    for axis in (2, 3):
        steps = np.abs(np.diff(pixels, axis=axis)).max(axis=1).reshape(len(pixels), -1)
        found += [steps.mean(axis=1), np.sqrt(steps).mean(axis=1), (steps == 0).mean(axis=1)]
    return np.stack(found, axis=1)
