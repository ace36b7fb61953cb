"""A small residual network for images of 32x32 pixels, such as CIFAR-10's, which trains in half an hour on one core."""

from __future__ import annotations

from typing import final

from torch import Tensor, nn

from snellen.models.architectures.small import unit


@final
class Block(nn.Module):
    """Two units, added to what goes in (he-2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.change = nn.Sequential(unit(channels, channels, 3), unit(channels, channels, 3))

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) → the same shape."""
        return maps + self.change(maps)


@final
class Residual(nn.Module):
    """(N, 3, H, W) in [0, 1] → (N, classes); made for sides of 32, works from 16 to 128."""

    def __init__(self, classes: int = 10, width: int = 24) -> None:
        super().__init__()
        self.features = nn.Sequential(
            unit(3, width, 3),
            nn.MaxPool2d(2),
            unit(width, 2 * width, 3),
            Block(2 * width),
            unit(2 * width, 4 * width, 3),
            nn.MaxPool2d(2),
            unit(4 * width, 8 * width, 3),
            nn.MaxPool2d(2),
            Block(8 * width),
            nn.AdaptiveMaxPool2d(1),
            nn.Flatten(),
        )
        self.classifier = nn.Linear(8 * width, classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) → logits (N, classes)."""
        return self.classifier(self.features(4 * images - 2))
