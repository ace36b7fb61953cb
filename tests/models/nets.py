"""Small networks, each with one habit that an adapter has to bear."""

import torch
from torch import Tensor, nn

from snellen.core import Preprocessing

PLAIN = Preprocessing(size=(16, 16))
SCALED = Preprocessing(size=(16, 16), mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))


def conv_net(classes: int = 5, seed: int = 0) -> nn.Sequential:
    """Convolution, batch norm, dropout and a linear layer, in training mode."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        net = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(8, classes),
        )
    return net.train()


class Viewing(nn.Module):
    """Flattens with `.view`, as older code does."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4 * 14 * 14, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return self.fc(x.view(x.size(0), -1))


class InPlace(nn.Module):
    """Works on its input in place."""

    def __init__(self) -> None:
        super().__init__()
        self.net = conv_net()

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x.mul_(2).sub_(1))


class Noisy(nn.Module):
    """Draws random numbers even when it is examined."""

    def __init__(self) -> None:
        super().__init__()
        self.net = conv_net()

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x + 0.1 * torch.rand_like(x))


class Scaled(nn.Module):
    """What it computes depends on a plain attribute."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.net = conv_net()

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * self.net(x)


class NoLayers(nn.Module):
    """Has nothing that could be a classifier."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


class Squeeze(nn.Module):
    """Ends in a 1x1 convolution."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 6, 3, padding=1)
        self.head = nn.Conv2d(6, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).relu()).mean((2, 3))


class WithLogits(nn.Module):
    """Returns an object that has `.logits`."""

    def __init__(self) -> None:
        super().__init__()
        self.net = conv_net()

    def forward(self, x: Tensor) -> object:
        return type("Output", (), {"logits": self.net(x)})()
