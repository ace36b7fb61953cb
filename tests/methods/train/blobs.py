"""Images that are quickly learnt: the category is the corner where a bright square lies."""

import numpy as np
import torch
from torch import nn

from snellen.methods.train.seeds import seeded


def blobs(n: int = 64, seed: int = 0, side: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3, side, side) uint8 and their corners, 0 to 3."""
    rng = np.random.default_rng(seed)
    corner = np.arange(n) % 4
    images = rng.integers(0, 120, (n, 3, side, side)).astype(np.uint8)
    half = side // 2
    for image, at in zip(images, corner, strict=True):
        image[:, half * (at // 2) :, half * (at % 2) :][:, :half, :half] += 100
    return images, corner


def net(seed: int = 0, dropout: float = 0.0) -> nn.Sequential:
    """A convolution, batch norm, dropout and a linear layer."""
    with seeded(seed):
        return nn.Sequential(
            nn.Conv2d(3, 6, 3, 2, 1, bias=False),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(96, 4),
        )


def same(a: nn.Module, b: nn.Module) -> bool:
    """Whether two networks have the same weights and statistics, bit for bit."""
    other = b.state_dict()
    return all(torch.equal(value, other[name]) for name, value in a.state_dict().items())
