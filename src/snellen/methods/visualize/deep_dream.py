"""DeepDream: an image changed so that a layer responds more to it, at one size after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from snellen.arrays import take, to_numpy
from snellen.core import Model, SnellenError
from snellen.methods.asked import check_batch
from snellen.methods.explain._views import at_once
from snellen.methods.method import Method
from snellen.methods.perturb.draws import generators
from snellen.methods.visualize._maps import check_torch, uphill
from snellen.methods.visualize.objectives import Objective, spread

SOURCE = "mordvintsev-2015"


@final
@dataclass(frozen=True)
class DeepDream(Method):
    """Gradient ascent from an image (mordvintsev-2015): first on a small copy, then what was added is enlarged, and so on.

    The objective is `MeanSquare` of a layer for the usual dream, or any other. An image's dream depends on its key and not on what
    else is in the batch, but for rounding.

    Attributes:
        octaves: sizes, the last of which is the image's own; 1 for networks that want one size.
        ratio: of each size to the one before.
        steps: in each size; each costs a forward and a backward pass up to the layer.
        rate: the mean change of a value in a step, whatever the size of the gradient.
        jitter: pixels by which the image is moved around its edges before each step, at most either way.
    """

    octaves: int = 4
    ratio: float = 1.4
    steps: int = 10
    rate: float = 1.5 / 255
    jitter: int = 32

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.octaves < 1 or self.ratio <= 1 or self.steps < 1 or self.rate <= 0 or self.jitter < 0:
            raise SnellenError(f"got {self}; expected octaves and steps from 1, a ratio above 1, a rate above 0 and jitter from 0")

    def __call__(
        self,
        model: Model,
        images: Float[Tensor, "n 3 h w"],
        objective: Objective,
        *,
        keys: Sequence[int] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Float[np.ndarray, "n 3 h w"]:
        """Images in [0, 1] → their dreams. `keys` seed the jitter, one an image; 0, 1, 2 … unless given.

        `progress` is told of images times octaves times steps. An objective of several units is of N / U images for each.

        Raises:
            SnellenError: images, keys or units are not what is expected, or the model fails, as on smaller images than it bears.
            Unsupported: the model is no PyTorch network, or gives no gradients.
        """
        check_torch(model)
        keys = list(range(len(images))) if keys is None else list(keys)
        check_batch(images, np.zeros(len(images), int), keys)
        every, size = spread(objective, len(images)), at_once(model, *images.shape[2:])
        found = np.empty(tuple(images.shape), np.float32)
        for start in range(0, len(images), size):
            rows = np.arange(start, min(start + size, len(images)))
            own = take(images.float(), rows)
            found[rows] = to_numpy(self._dreams(model, own, every.of(rows), [keys[row] for row in rows.tolist()], progress))
        return found

    def _dreams(
        self,
        model: Model,
        images: Float[Tensor, "n 3 h w"],
        objective: Objective,
        keys: Sequence[int],
        progress: Callable[[int], None] | None,
    ) -> Float[Tensor, "n 3 h w"]:
        whole = tuple(images.shape[2:])
        sizes = [tuple(max(1, round(side / self.ratio**octave)) for side in whole) for octave in reversed(range(self.octaves))]
        moves = [rng.integers(-self.jitter, self.jitter + 1, (self.octaves, self.steps, 2)) for rng in generators(keys)]
        drawn, added = np.stack(moves, 2), torch.zeros_like(images)
        for octave, size in enumerate(sizes):
            base, added = _resized(images, size), _resized(added, size)
            dream = (base + added).clamp(0, 1)
            for step in range(self.steps):
                moved = _rolled(dream, drawn[octave, step])
                _, gradient, _ = uphill(model, [objective], moved)
                gradient = _rolled(gradient, -drawn[octave, step])
                mean = gradient.abs().mean((1, 2, 3), keepdim=True)
                dream = (dream + self.rate * gradient / torch.where(mean > 0, mean, 1.0)).clamp(0, 1)
                if progress is not None:
                    progress(len(images))
            added = dream - base
        return (images + added).clamp(0, 1)


def _resized(images: Float[Tensor, "n 3 h w"], size: Sequence[int]) -> Float[Tensor, "n 3 a b"]:
    if tuple(images.shape[2:]) == tuple(size):
        return images
    return F.interpolate(images, tuple(size), mode="bilinear", align_corners=False, antialias=True)


def _rolled(images: Float[Tensor, "n 3 h w"], by: Int[np.ndarray, "n 2"]) -> Float[Tensor, "n 3 h w"]:
    """Each image moved down and right by its own number of pixels; what leaves on one side comes in on the other."""
    height, width = images.shape[2:]
    moves = torch.as_tensor(by, device=images.device)
    rows = (torch.arange(height, device=images.device) - moves[:, :1]) % height
    columns = (torch.arange(width, device=images.device) - moves[:, 1:]) % width
    count = torch.arange(len(images), device=images.device)[:, None, None]
    return images[count, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
