"""MobileNetV2 (sandler-2018), in the two ways its published weights were trained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, final

import torch
from torch import Tensor, nn

from snellen.models.options import need
from snellen.models.weights import fill, read

STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""(expansion, channels, blocks, stride of the first), table 2 of the paper."""
Flavour = Literal["keras", "torchvision"]


def _unit(
    inputs: int, outputs: int, kernel: int, flavour: Flavour, stride: int = 1, groups: int = 1, act: bool = True
) -> nn.Sequential:
    """Convolution, batch normalisation and ReLU6. Keras pads a stride of two after the image alone, and divides more carefully."""
    keras = flavour == "keras"
    late = keras and stride == 2
    return nn.Sequential(
        *([nn.ZeroPad2d((0, 1, 0, 1))] if late else []),
        nn.Conv2d(inputs, outputs, kernel, stride, 0 if late else kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3 if keras else 1e-5),
        *([nn.ReLU6(inplace=True)] if act else []),
    )


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int, flavour: Flavour) -> None:
        super().__init__()
        width = inputs * expansion
        self.layers = nn.Sequential(
            *([_unit(inputs, width, 1, flavour)] if expansion > 1 else []),
            _unit(width, width, 3, flavour, stride, groups=width),
            _unit(width, outputs, 1, flavour, act=False),
        )
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.adds else self.layers(x)


@final
class MobileNetV2(nn.Module):
    """(N, 3, H, W) with even sides → (N, classes). Dropout before the classifier is left out: it does nothing in an exam."""

    def __init__(self, flavour: Flavour, classes: int = 1000) -> None:
        super().__init__()
        layers: list[nn.Module] = [_unit(3, 32, 3, flavour, stride=2)]
        inputs = 32
        for expansion, outputs, blocks, stride in STAGES:
            for block in range(blocks):
                layers.append(_Block(inputs, outputs, stride if block == 0 else 1, expansion, flavour))
                inputs = outputs
        self.features = nn.Sequential(*layers, _unit(inputs, 1280, 1, flavour))
        self.classifier = nn.Linear(1280, classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) → logits (N, classes)."""
        return self.classifier(self.features(images).mean((2, 3)))


def build(path: Path, flavour: Flavour) -> MobileNetV2:
    """With the weights of either package, which come, or are brought, in the order of the layers here.

    Raises:
        SnellenError: h5py is needed and not installed.
    """
    network = MobileNetV2(flavour)
    values = list(_keras(path)) if flavour == "keras" else list(read(path).values())
    fill(network, dict(zip(network.state_dict(), values, strict=True)), path)
    return network


def _keras(path: Path) -> Iterator[Tensor]:
    h5py = need("h5py", "zoo")
    with h5py.File(path) as file:
        yield from _keras_unit(file, "Conv1", "bn_Conv1")
        for block in range(sum(stage[2] for stage in STAGES)):
            for step in ("expand", "depthwise", "project")[block == 0 :]:
                yield from _keras_unit(file, f"mobl{block}_conv_{block}_{step}", f"bn{block}_conv_{block}_bn_{step}")
        yield from _keras_unit(file, "Conv_1", "Conv_1_bn")
        yield _tensor(file, "Logits", "kernel").T
        yield _tensor(file, "Logits", "bias")


def _keras_unit(file: Any, convolution: str, norm: str) -> Iterator[Tensor]:
    if convolution.endswith("depthwise"):
        yield _tensor(file, convolution, "depthwise_kernel").permute(2, 3, 0, 1)
    else:
        yield _tensor(file, convolution, "kernel").permute(3, 2, 0, 1)
    for part in ("gamma", "beta", "moving_mean", "moving_variance"):
        yield _tensor(file, norm, part)
    yield torch.tensor(0)  # batches seen: not kept by Keras


def _tensor(file: Any, layer: str, part: str) -> Tensor:
    return torch.from_numpy(file[f"{layer}/{layer}/{part}:0"][()])
