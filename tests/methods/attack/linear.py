"""Linear models, of which the distance of every image to the nearest error is known in each norm."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from snellen.core import Preprocessing
from snellen.models.torch import TorchModel

SIDE = 6
DUAL = {"linf": 1, "l2": 2, "l1": np.inf}


class Linear(nn.Module):
    """Logits W (x - 1/2)."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights)

    def forward(self, images: Tensor) -> Tensor:
        return (images.flatten(1) - 0.5) @ self.weights.T


def linear(classes: int = 2, seed: int = 0) -> TorchModel:
    weights = torch.randn(classes, 3 * SIDE * SIDE, generator=torch.Generator().manual_seed(seed))
    return model(Linear(weights))


def model(module: nn.Module) -> TorchModel:
    return TorchModel(module, preprocessing=Preprocessing((SIDE, SIDE)))


def images(n: int = 8, spread: float = 0.1, seed: int = 1) -> Tensor:
    """Near grey, so that small changes do not leave the box."""
    return 0.5 + spread * (torch.rand(n, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed)) - 0.5)


def truth(attacked: TorchModel, shown: Tensor) -> np.ndarray:
    return attacked.logits(shown).numpy().argmax(axis=1)


def distances(attacked: TorchModel, shown: Tensor, norm: str) -> np.ndarray:
    """To the nearest image with another answer, leaving the box aside."""
    weights = attacked.module.weights.detach().numpy().astype(float)
    scores = (shown.flatten(1).numpy().astype(float) - 0.5) @ weights.T
    found = []
    for row in scores:
        best = int(row.argmax())
        others = [k for k in range(len(row)) if k != best]
        found.append(min((row[best] - row[k]) / np.linalg.norm(weights[best] - weights[k], ord=DUAL[norm]) for k in others))
    return np.array(found)


def sizes(change: np.ndarray, norm: str) -> np.ndarray:
    flat = change.reshape(len(change), -1).astype(float)
    return np.linalg.norm(flat, ord={"linf": np.inf, "l2": 2, "l1": 1}[norm], axis=1)
