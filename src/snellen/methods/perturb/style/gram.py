"""Texture transfer by optimisation: features like those of one image, their Gram matrices like those of another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from snellen.core import SnellenError
from snellen.methods.perturb.style.colour import recoloured

Backbone: TypeAlias = Callable[[Tensor], Mapping[str, Tensor]]
"""(N, 3, H, W) float in [0, 1] → layer → (N, C, h, w), differentiable."""


@dataclass(frozen=True)
class Gram:
    """Images (N, 3, H, W) of shapes and of textures → shapes in the textures (gatys-2016), over any backbone.

    Pixels start as the content in the colours of the style and are changed by `steps` of the optimiser. The loss is the mean
    square of what the content layers' features differ by from that start, over its own, times `content`; plus, averaged over the
    style layers, the square of what their Gram matrices differ by, over the style's own. Each image is optimised by itself.

    Args:
        backbone: gives the features, such as `RandomFilters` or `Layers`.
        content_layers: whose features are the content's.
        style_layers: whose Gram matrices are the style's.
        content: weight of the content against the style.
        variation: weight of the total variation, the mean absolute difference of neighbouring pixels; none by default.
        steps: of the optimiser.
        optimiser: "lbfgs" or "adam".
        rate: learning rate; 1 for L-BFGS and 0.02 for Adam unless given.
    """

    backbone: Backbone
    content_layers: tuple[str, ...]
    style_layers: tuple[str, ...]
    content: float = 1.0
    variation: float = 0.0
    steps: int = 60
    optimiser: Literal["lbfgs", "adam"] = "lbfgs"
    rate: float | None = None

    def __post_init__(self) -> None:
        if not self.content_layers or not self.style_layers:
            raise SnellenError("got no content layers or no style layers; expected at least one of each")
        if self.optimiser not in ("lbfgs", "adam") or not 1 <= self.steps <= 100_000:
            raise SnellenError(f"got {self.steps} steps of {self.optimiser!r}; expected 1 to 100,000 of lbfgs or adam")
        if self.content < 0 or self.variation < 0:
            raise SnellenError(f"got the weights {self.content} and {self.variation}; expected none below 0")

    def __call__(
        self, content: Float[Tensor, "n 3 h w"], style: Float[Tensor, "n 3 a b"], keys: Sequence[int] = ()
    ) -> Float[Tensor, "n 3 h w"]:
        """Float images in [0, 1]. Nothing here is random, so `keys` are not read.

        Raises:
            SnellenError: the backbone has no such layer, or the loss became no finite number.
        """
        return torch.cat([self._one(content[at : at + 1], style[at : at + 1]) for at in range(len(content))])

    def _one(self, content: Tensor, style: Tensor) -> Tensor:
        with torch.no_grad():
            start = recoloured(content, style)
            shown = self._features(start, self.content_layers)
            aims = {layer: gram(features) for layer, features in self._features(style, self.style_layers).items()}
            scales = {layer: aim.square().mean().clamp_min(1e-12) for layer, aim in aims.items()}
            norms = {layer: features.square().mean().clamp_min(1e-12) for layer, features in shown.items()}
        image = start.clone().requires_grad_()

        def loss() -> Tensor:
            found = self._features(image, (*self.content_layers, *self.style_layers))
            total = image.new_zeros(())
            for layer, features in shown.items():
                total = total + self.content / len(shown) * (found[layer] - features).square().mean() / norms[layer]
            for layer, aim in aims.items():
                total = total + (gram(found[layer]) - aim).square().mean() / scales[layer] / len(aims)
            if self.variation:
                total = total + self.variation * (image.diff(dim=2).abs().mean() + image.diff(dim=3).abs().mean())
            return total

        last = self._descend(image, loss)
        if not bool(torch.isfinite(last)):
            raise SnellenError(f"the loss of the transfer became {float(last)}; expected a finite number: lower rate or content")
        return image.detach().clamp(0, 1)

    def _descend(self, image: Tensor, loss: Callable[[], Tensor]) -> Tensor:
        """Change `image` where it lies; the last loss."""

        def closure() -> Tensor:
            value = loss()
            (image.grad,) = torch.autograd.grad(value, [image])
            return value

        if self.optimiser == "lbfgs":
            most = 5 * self.steps // 4
            torch.optim.LBFGS([image], self.rate or 1.0, self.steps, most, 0, 0, 20, "strong_wolfe").step(closure)  # type: ignore[arg-type]
        else:
            optimiser = torch.optim.Adam([image], lr=self.rate or 0.02)
            for _ in range(self.steps):
                optimiser.step(closure)  # type: ignore[arg-type]
        with torch.no_grad():
            return loss()

    def _features(self, images: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        found = self.backbone(images)
        missing = [layer for layer in layers if layer not in found]
        if missing:
            raise SnellenError(f"got the layer {missing[0]!r}; expected one of {', '.join(found)}")
        return {layer: found[layer] for layer in layers}


def gram(features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c c"]:
    """Mean products of channels over places."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]
