"""What gives features for texture transfer: layers of any network, and random filters, which need no training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from snellen.core import SnellenError
from snellen.frozen import frozen
from snellen.nearest import did_you_mean

SIDES, SCALES = (3, 5, 7, 11), (1, 2, 4)
"""Of the random filters in pixels, and by how much the image is brought down before them."""
COARSE = 8
"""The content of `RandomFilters` is the image brought down by this factor."""


@final
class RandomFilters:
    """One layer of random filters of many sizes and a ReLU: Gram matrices of it suffice for textures (ustyuzhaninov-2017).

    Layers: "random3x1" to "random11x4", the side of the filters and by how much the image is brought down before them, and
    "coarse", the image blurred, which serves as content. Filters have mean 0 in each colour and length 1, and are drawn by
    NumPy from the seed, so that every machine has the same.

    Args:
        seed: of the filters.
        filters: of each side and scale.
    """

    content_layers = ("coarse",)
    style_layers = tuple(f"random{side}x{scale}" for scale in SCALES for side in SIDES)

    def __init__(self, seed: int = 0, filters: int = 48) -> None:
        rng = np.random.Generator(np.random.PCG64(seed))
        self._weights = {(side, scale): _filters(rng, filters, side) for scale in SCALES for side in SIDES}

    def __call__(self, images: Float[Tensor, "n 3 h w"]) -> dict[str, Tensor]:
        """The features of every layer."""
        found = {"coarse": _coarse(images)}
        for (side, scale), weights in self._weights.items():
            smaller = F.avg_pool2d(images, scale, ceil_mode=True)
            padded = F.pad(smaller, (side // 2,) * 4, mode="replicate")
            found[f"random{side}x{scale}"] = F.conv2d(padded, weights.to(images)).relu()
        return found


@final
class Layers:
    """The outputs of named submodules of a network, which is left as it was found.

    Args:
        network: images (N, 3, H, W) in [0, 1], or normalised by `mean` and `std` → anything.
        names: of submodules, as in `network.named_modules()`.
        mean: subtracted from each channel first.
        std: then divided by.

    Raises:
        SnellenError: there is no such submodule.
    """

    def __init__(
        self, network: nn.Module, names: Sequence[str], mean: Sequence[float] = (0.0,), std: Sequence[float] = (1.0,)
    ) -> None:
        parts = dict(network.named_modules())
        for name in names:
            if name not in parts:
                known = ", ".join([part for part in parts if part][:30])
                raise SnellenError(f"got the layer {name!r}; expected one of {known}.{did_you_mean(name, parts)}")
        self._network, self._parts = network, {name: parts[name] for name in names}
        self._mean, self._std = mean, std

    def __call__(self, images: Float[Tensor, "n 3 h w"]) -> dict[str, Tensor]:
        """Layer → (N, C, h, w).

        Raises:
            SnellenError: an output is no such tensor.
        """
        mean, std = (images.new_tensor(values).view(1, -1, 1, 1) for values in (self._mean, self._std))
        with frozen(self._network), _watched(self._parts) as found:
            self._network((images - mean) / std)
        for name, features in found.items():
            if not isinstance(features, Tensor) or features.ndim != 4:
                raise SnellenError(
                    f"layer {name} gives no maps (N, C, h, w); expected a convolution, an activation or a block of these"
                )
        return found


def _coarse(images: Tensor) -> Tensor:
    """Averages under a bell of three `COARSE` pixels, one every half of that."""
    wide = F.avg_pool2d(F.pad(images, (COARSE,) * 4, mode="replicate"), COARSE, COARSE // 4)
    return F.avg_pool2d(wide, 4, 2)


@contextmanager
def _watched(parts: Mapping[str, nn.Module]) -> Iterator[dict[str, Any]]:
    """Fills a mapping with what each part returns, copied, for an activation after it may write over it."""
    found: dict[str, Any] = {}

    def keep(name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            found[name] = output.clone() if isinstance(output, Tensor) else output

        return hook

    handles = [part.register_forward_hook(keep(name)) for name, part in parts.items()]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _filters(rng: np.random.Generator, count: int, side: int) -> Tensor:
    weights = rng.standard_normal((count, 3, side, side)).astype(np.float32)
    weights -= weights.mean((2, 3), keepdims=True)
    return torch.from_numpy(weights / np.sqrt(np.square(weights).sum((1, 2, 3), keepdims=True)))
