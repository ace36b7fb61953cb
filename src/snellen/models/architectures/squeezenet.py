"""SqueezeNet 1.1 (iandola-2016): fire modules, and a convolution in place of a last linear layer."""

from __future__ import annotations

from pathlib import Path
from typing import final

import torch
from torch import Tensor, nn

from snellen.models.weights import fill, read_array_pickle

FIRES = ((16, 64), (16, 64), None, (32, 128), (32, 128), None, (48, 192), (48, 192), (64, 256), (64, 256))
"""(squeeze, expand) of fire2 to fire9; None is a maximum over 3x3 with stride 2."""


class _Fire(nn.Module):
    """Few channels first, then as many 1x1 as 3x3 filters side by side."""

    def __init__(self, inputs: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.expand1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1(x), self.expand3(x)], 1).relu()


@final
class SqueezeNet(nn.Module):
    """(N, 3, H, W) of any size above 60 → (N, classes); `padding` is that of the first convolution."""

    def __init__(self, classes: int = 1000, padding: int = 0) -> None:
        super().__init__()
        pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, stride=2, padding=padding), nn.ReLU(inplace=True), pool]
        inputs = 64
        for fire in FIRES:
            if fire is None:
                layers.append(pool)
                continue
            layers.append(_Fire(inputs, *fire))
            inputs = 2 * fire[1]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Conv2d(inputs, classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) → logits (N, classes)."""
        return self.classifier(self.features(images)).relu().mean((2, 3))


def build(path: Path) -> SqueezeNet:
    """With the weights of the package: layer name → kernel (height, width, inputs, outputs) and bias."""
    arrays = read_array_pickle(path)
    parts = ("squeeze1x1", "expand1x1", "expand3x3")
    layers = ["conv1", *(f"fire{at}/{part}" for at in range(2, 10) for part in parts), "conv10"]
    values = [torch.from_numpy(array) for layer in layers for array in (arrays[layer][0].transpose(3, 2, 0, 1), arrays[layer][1])]
    network = SqueezeNet()
    fill(network, dict(zip(network.state_dict(), values, strict=True)), path)
    return network
