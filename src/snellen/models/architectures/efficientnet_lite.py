"""EfficientNet-Lite: EfficientNet (tan-2019) without squeeze-and-excitation, with ReLU6, its stem and head not scaled."""

from __future__ import annotations

import math
from pathlib import Path
from typing import final

from torch import Tensor, nn

from snellen.models.weights import fill, read

STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""(blocks, kernel, stride of the first, expansion, channels) of the seven stages, before scaling."""
SCALES = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}
"""Factors of (width, depth)."""


class _Unit(nn.Sequential):
    """Convolution with the padding TensorFlow calls "same", batch normalisation, and ReLU6 where asked."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, size: int, stride: int = 1, groups: int = 1, act: bool = True
    ) -> None:
        total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
        before, after = total // 2, total - total // 2
        layers: list[nn.Module] = [] if before == after else [nn.ZeroPad2d((before, after, before, after))]
        layers.append(nn.Conv2d(inputs, outputs, kernel, stride, before if before == after else 0, groups=groups, bias=False))
        layers.append(nn.BatchNorm2d(outputs, eps=1e-3))
        super().__init__(*layers, *([nn.ReLU6(inplace=True)] if act else []))


class _Block(nn.Module):
    """Inverted residual: widen, filter each channel, narrow (sandler-2018)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int, size: int) -> None:
        super().__init__()
        width = inputs * expansion
        self.layers = nn.Sequential(
            *([_Unit(inputs, width, 1, size)] if expansion > 1 else []),
            _Unit(width, width, kernel, size, stride, groups=width),
            _Unit(width, outputs, 1, math.ceil(size / stride), act=False),
        )
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.adds else self.layers(x)


@final
class EfficientNetLite(nn.Module):
    """(N, 3, H, W) → (N, classes); `size` is the side of its images, on which the padding depends."""

    def __init__(self, variant: str, size: int, classes: int = 1000) -> None:
        super().__init__()
        wide, deep = SCALES[variant]
        layers: list[nn.Module] = [_Unit(3, 32, 3, size, stride=2)]
        inputs, side = 32, math.ceil(size / 2)
        for at, (blocks, kernel, stride, expansion, channels) in enumerate(STAGES):
            outputs = _round(channels * wide)
            for block in range(blocks if at in (0, len(STAGES) - 1) else math.ceil(blocks * deep)):
                step = stride if block == 0 else 1
                layers.append(_Block(inputs, outputs, kernel, step, expansion, side))
                inputs, side = outputs, math.ceil(side / step)
        self.features = nn.Sequential(*layers, _Unit(inputs, 1280, 1, side))
        self.classifier = nn.Linear(1280, classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) → logits (N, classes)."""
        return self.classifier(self.features(images).mean((2, 3)))


def _round(channels: float) -> int:
    """To the nearest multiple of eight, but not below nine tenths."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def build(path: Path, variant: str, size: int) -> EfficientNetLite:
    """With the weights of the package, which come in the order of the layers here."""
    network = EfficientNetLite(variant, size)
    fill(network, dict(zip(network.state_dict(), read(path).values(), strict=True)), path)
    return network
