"""A small convolutional network for images of about 64x64 pixels, which trains in minutes on one core."""

from __future__ import annotations

from typing import final

from torch import Tensor, nn

GRID = 4
"""Side of the map that the classifier reads: it knows what is where, which global pooling would forget."""


def unit(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation and ReLU; the side is divided by `stride`, rounded up."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


@final
class Small(nn.Module):
    """(N, 3, H, W) in [0, 1] → (N, classes); made for sides of 64, works from 32 to 128.

    Maxima over 2x2 pixels, not strides, bring the side down: at this size they learn outlines from far fewer images.
    """

    def __init__(self, classes: int = 16, width: int = 16) -> None:
        super().__init__()
        last = 9 * width // 2
        self.features = nn.Sequential(
            unit(3, width, 5, stride=2),
            nn.MaxPool2d(2),
            unit(width, 5 * width // 2, 3),
            nn.MaxPool2d(2),
            unit(5 * width // 2, 4 * width, 3),
            unit(4 * width, last, 3),
            nn.MaxPool2d(2),
            nn.AdaptiveAvgPool2d(GRID),
            nn.Flatten(),
        )
        self.classifier = nn.Linear(last * GRID * GRID, classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) → logits (N, classes)."""
        return self.classifier(self.features(4 * images - 2))
