"""VGG-19 (simonyan-2015) as style transfer uses it, which takes [0, 1], and the decoder that mirrors it (huang-2017)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import final

from torch import Tensor, nn

from snellen.models.weights import fill

BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
"""Channels and convolutions of each block; a maximum over 2x2 lies between them."""
ENCODED = "relu4_1"
"""The layer that the decoder reads."""
_DECODER = ((256, True), (256, False), (256, False), (256, False), (128, True), (128, False), (64, True), (64, False), (3, False))
"""Channels of the decoder's convolutions, and whether the image is enlarged after each."""


@final
class Vgg19(nn.Sequential):
    """(N, 3, H, W) in [0, 1] → features of the last layer; `layers` maps relu1_1 … to the names of submodules."""

    def __init__(self, last: str = "relu5_4") -> None:
        parts = list(_encoder())
        places = {name: at for at, (name, _) in enumerate(parts) if name}
        super().__init__(*(part for _, part in parts[: places[last] + 1]))
        self.layers = {name: str(at) for name, at in places.items() if at < len(self)}


def decoder() -> nn.Sequential:
    """Features of relu4_1 (N, 512, h, w) → images (N, 3, 8h, 8w); nearest-neighbour enlargement, mirrored borders."""
    parts: list[nn.Module] = []
    inputs = 512
    for outputs, enlarged in _DECODER:
        parts += [nn.ReflectionPad2d(1), nn.Conv2d(inputs, outputs, 3)]
        parts += [nn.ReLU()] if outputs != 3 else []
        parts += [nn.Upsample(scale_factor=2, mode="nearest")] if enlarged else []
        inputs = outputs
    return nn.Sequential(*parts)


def encoder(state: Mapping[str, Tensor], source: object, last: str = ENCODED) -> Vgg19:
    """With these weights, up to the layer `last`; layers beyond it are not needed."""
    network = Vgg19(last)
    fill(network, {name: value for name, value in state.items() if int(name.partition(".")[0]) < len(network)}, source)
    return network


def _encoder() -> Iterator[tuple[str, nn.Module]]:
    """(name of an activation or nothing, part), in order; the 1x1 convolution brings [0, 1] to what the network was trained on."""
    yield "", nn.Conv2d(3, 3, 1)
    inputs = 3
    for block, (channels, count) in enumerate(BLOCKS, 1):
        if block > 1:
            yield "", nn.MaxPool2d(2, ceil_mode=True)
        for at in range(1, count + 1):
            yield "", nn.ReflectionPad2d(1)
            yield "", nn.Conv2d(inputs, channels, 3)
            yield f"relu{block}_{at}", nn.ReLU()
            inputs = channels
