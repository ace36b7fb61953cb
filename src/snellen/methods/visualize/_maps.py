"""What layers give, as maps; and the way back from objectives to the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from snellen.core import Model, SnellenError, Unsupported
from snellen.errors import blaming
from snellen.grids import grid, places
from snellen.methods.explain._rectified import Rectified

if TYPE_CHECKING:
    from snellen.methods.visualize.objectives import Objective


def maps_of(output: Tensor, height: int, width: int, layer: str | None) -> Float[Tensor, "n c a b"]:
    """What a layer gave for images of this size, as maps; of vectors (N, C), maps of one place.

    Raises:
        SnellenError: it does not lie over the image.
    """
    if output.ndim == 2:
        return output[:, :, None, None]
    if output.ndim == 4 and 1 in (output.shape[2] * output.shape[3], output.shape[1] * output.shape[2]):
        return output if output.shape[2] * output.shape[3] == 1 else output.permute(0, 3, 1, 2)
    shape = grid(tuple(output.shape), height, width)
    if shape is None:
        raise SnellenError(
            f"layer {layer} gives {tuple(output.shape)} for images of {height} x {width} pixels; expected maps (N, C, h, w), "
            "tokens (N, T, D) or vectors (N, C)"
        )
    return places(output, shape)


def check_torch(model: Model) -> None:
    """Nothing, if the model is a PyTorch network.

    Raises:
        Unsupported: it is another one.
    """
    if not isinstance(model.asarray(np.zeros((1, 3, 1, 1), np.float32)), Tensor):
        raise Unsupported(f"{model.name} is no PyTorch network; expected one, as only these can be visualised")


def pulled(
    model: Model, objectives: Sequence[Objective], images: Float[Tensor, "n 3 h w"], copies: int = 1
) -> tuple[Float[Tensor, " n"], Float[Tensor, "n 3 h w"]]:
    """The sum of objectives for each image, and its gradient at the pixels; one pass for each layer, which ends there.

    Raises:
        SnellenError: a layer or a unit is not there, or the model fails.
        Unsupported: the model gives no gradients.
    """
    total, gradient = images.new_zeros(len(images)), torch.zeros_like(images)
    height, width = images.shape[2:]
    for layer in dict.fromkeys(objective.layer for objective in objectives):
        with blaming(model.name, tuple(images.shape)):
            output, pull = model.vjp(images) if layer is None else model.vjp_to(images, layer)
        own = [one.pulled(output, height, width, copies) for one in objectives if one.layer == layer]
        with blaming(model.name, tuple(images.shape)):
            gradient += pull(torch.stack([cotangent for _, cotangent in own]).sum(0))
        total += torch.stack([values for values, _ in own]).sum(0)
    return total, gradient


def uphill(
    model: Model, objectives: Sequence[Objective], images: Float[Tensor, "n 3 h w"], copies: int = 1
) -> tuple[Float[Tensor, " n"], Float[Tensor, "n 3 h w"], Bool[Tensor, " n"]]:
    """As `pulled`, but where nothing comes back, as from a unit that a rectifier keeps at 0, as if rectifiers were not there.

    The third tells for which images that was so: theirs may be of quite another size.

    Raises:
        SnellenError, Unsupported: as `pulled`.
    """
    values, gradient = pulled(model, objectives, images, copies)
    asleep = ~gradient.flatten(1).any(1)
    if asleep.any():
        with Rectified(lambda back, passed: back):
            _, through = pulled(model, objectives, images, copies)
        gradient = torch.where(asleep[:, None, None, None], through, gradient)
    return values, gradient, asleep
