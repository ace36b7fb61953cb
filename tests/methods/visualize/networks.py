"""Small networks whose units are known in closed form."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from snellen.core import Preprocessing
from snellen.models.torch import TorchModel

SIDE = 16


def model_of(module: nn.Module, side: int = SIDE) -> TorchModel:
    return TorchModel(module, preprocessing=Preprocessing((side, side), mean=(0.0,) * 3, std=(1.0,) * 3))


class Colours(nn.Module):
    """The layer `maps` gives red, green and blue averaged over cells of 4 pixels; logits are their means over places."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.AvgPool2d(4)
        self.scale = nn.Parameter(torch.ones(1))
        self.head = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.maps(images * self.scale).mean((2, 3)))


class Tokens(nn.Module):
    """As `Colours`, with the cells as tokens after a token of a class, normalised by a layer that does nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.AvgPool2d(4)
        self.tokens = nn.Identity()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, images: Tensor) -> Tensor:
        cells = self.maps(images * self.scale).flatten(2).transpose(1, 2)
        return self.tokens(torch.cat([cells.new_zeros(len(cells), 1, 3), cells], 1)).mean(1)


class ChannelsLast(nn.Module):
    """As `Colours`, with channels last."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.AvgPool2d(4)
        self.last = nn.Identity()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, images: Tensor) -> Tensor:
        return self.last(self.maps(images * self.scale).permute(0, 2, 3, 1)).mean((1, 2))


def convolutional(seed: int = 0) -> nn.Sequential:
    generator = torch.Generator().manual_seed(seed)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 6, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5),
    )  # fmt: skip
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return network
