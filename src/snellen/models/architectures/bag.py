"""A bag of local features (brendel-2019): evidence for every class from patches of 9x9 pixels, averaged over the image."""

from __future__ import annotations

from typing import final

from torch import Tensor, nn

from snellen.models.architectures.small import unit

RECEPTIVE_FIELD = 9
"""Side of the patch that a single place of the map of evidence sees, in pixels."""


@final
class Bag(nn.Module):
    """(N, 3, H, W) in [0, 1], sides of 9 or more → (N, classes): what is where cannot matter, nor anything larger than 9 pixels."""

    def __init__(self, classes: int = 16, width: int = 48) -> None:
        super().__init__()
        self.features = nn.Sequential(
            unit(3, width // 2, 5, stride=2),
            unit(width // 2, width, 3, stride=2),
            unit(width, 2 * width, 1),
            unit(2 * width, 2 * width, 1),
        )
        self.classifier = nn.Conv2d(2 * width, classes, 1)

    def evidence(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) → logits of every patch (N, classes, H / 4, W / 4), rounded up; their mean is the answer."""
        return self.classifier(self.features(4 * images - 2))

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) → logits (N, classes)."""
        return self.evidence(images).mean((2, 3))
