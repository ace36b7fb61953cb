"""A PyTorch network that is trained by what its maps are: the graph of a pass goes from the maps back to the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from snellen.core import SnellenError
from snellen.grids import grid, places
from snellen.methods.trust._fooling import unit


@final
class Mapped(nn.Module):
    """The network behind a model, always in eval mode: running statistics and dropout stay as they are while it is trained.

    Args:
        network: whose weights are trained.
        logits: native images in [0, 1] → logits, through `network`, as `Model.differentiable` gives it.
        layer: whose Grad-CAM is the map, by its name in `network`; empty for the gradient of the pixels.
    """

    def __init__(self, network: nn.Module, logits: Callable[[Tensor], Tensor], layer: str) -> None:
        super().__init__()
        self.network, self.logits, self.layer = network, logits, layer
        self.seen = torch.zeros(0)
        self.eval()

    def train(self, mode: bool = True) -> Mapped:
        """Stays in eval mode."""
        super().train(False)
        return self

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n k"]:
        """As the model, and what maps are made of is kept until the next pass."""
        if not self.layer:
            self.seen = images.detach().requires_grad_()
            return self.logits(self.seen)

        def keep(part: nn.Module, inputs: object, output: object) -> Tensor:
            if not isinstance(output, Tensor):
                raise SnellenError(f"layer {self.layer} gives {type(output).__name__}; expected a tensor: name another layer")
            self.seen = output if output.requires_grad else output.detach().requires_grad_()
            return self.seen.clone()  # what comes next may work in place

        handle = self.network.get_submodule(self.layer).register_forward_hook(keep)
        try:
            return self.logits(images)
        finally:
            handle.remove()

    def maps(
        self, logits: Float[Tensor, "n k"], classes: Int[Tensor, " n"], size: tuple[int, int], onwards: bool = True
    ) -> Float[Tensor, "n a b"]:
        """Maps of the last pass, each brought to [0, 1]; with `onwards` they can be differentiated in the weights.

        Of a layer the positive part of Grad-CAM (selvaraju-2017), else the sum over channels of the gradient's absolute values.

        Raises:
            SnellenError: the layer has no grid of places over images of this size (height, width).
        """
        picked = logits.gather(1, classes[:, None]).sum()
        (slope,) = torch.autograd.grad(picked, self.seen, create_graph=onwards, retain_graph=True)
        if not self.layer:
            return unit(slope.abs().sum(1))
        shape = grid(tuple(self.seen.shape), *size)
        if shape is None:
            raise SnellenError(
                f"layer {self.layer} gives {tuple(self.seen.shape)}; expected maps or tokens that lie over the image"
            )
        weights = places(slope, shape).mean((2, 3), keepdim=True)
        return unit((weights * places(self.seen, shape)).sum(1).relu())
