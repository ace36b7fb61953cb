"""Small networks that have every kind of layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from snellen.core import Preprocessing
from snellen.models.torch import TorchModel

SIDE, CLASSES = 16, 5
BARE = Preprocessing((SIDE, SIDE), mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


def wrap(module: nn.Module) -> TorchModel:
    return TorchModel(module, preprocessing=BARE, id="test")


def pictures(count: int, seed: int = 0) -> Tensor:
    return torch.rand(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


class Backwards(nn.Module):
    """Makes its layers in another order than it uses them; two convolutions are alike in shape."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(6, CLASSES)
        self.third = nn.Conv2d(6, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.second = nn.Conv2d(6, 6, 3, padding=1)
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.unused = nn.Linear(2, 2)

    def forward(self, images: Tensor) -> Tensor:
        hidden = torch.relu(self.norm(self.second(torch.relu(self.first(images)))))
        return self.head(torch.relu(self.third(hidden)).mean((2, 3)))


class Scale(nn.Module):
    """LayerScale: has no initialiser of its own."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(1e-5 * torch.ones(width))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.gamma * tokens


class Transformer(nn.Module):
    """One block with a class token, positions, attention, layer scale, normalisation and a constant table."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.randn(1, 17, width))
        self.register_buffer("table", torch.ones(1, 17, 1), persistent=False)
        self.register_buffer("index", torch.arange(17))
        self.register_buffer("mean", torch.rand(3, 1, 1))
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)
        self.scale = Scale(width)
        self.embed = nn.Conv2d(3, width, 4, 4)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.embed(images - self.mean).flatten(2).mT
        tokens = torch.cat([self.token.expand(len(images), -1, -1), tokens], 1)[:, self.index] * self.table + self.positions
        normed = self.norm(tokens)
        tokens = tokens + self.scale(self.attention(normed, normed, normed, need_weights=False)[0])
        return self.head(tokens[:, 0] + tokens.mean(1))


def made(kind: type[nn.Module], seed: int = 0) -> nn.Module:
    """A network as if it were trained: running statistics are those of noise."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = kind()
        for _ in range(3):
            network.train()(torch.rand(16, 3, SIDE, SIDE))
    return network.eval()
