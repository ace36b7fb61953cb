"""A method of texture transfer by its name, ready to be called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from snellen.core import SnellenError
from snellen.nearest import did_you_mean

if TYPE_CHECKING:
    from torch import Tensor

Method: TypeAlias = Literal["pyramid", "gram", "adain"]
Transfer: TypeAlias = "Callable[[Tensor, Tensor, Sequence[int]], Tensor]"
"""(N, 3, H, W) contents and styles in [0, 1] and N keys → (N, 3, H, W)."""

METHODS = ("pyramid", "gram", "adain")
RANDOM, VGG = "random", "vgg19"
_RATIO = {RANDOM: 0.3, VGG: 0.03, "": 0.1}
"""Weight of the content for each backbone, chosen by eye."""


@dataclass(frozen=True)
class Choice:
    """What `snellen perturb style` is told about the method; see `stylise`."""

    method: str = "pyramid"
    alpha: float = 1.0
    keep_colour: bool = False
    backbone: str = RANDOM
    style_layers: tuple[str, ...] = ()
    content_layers: tuple[str, ...] = ()
    content_weight: float | None = None
    steps: int = 60
    weights: str | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise SnellenError(
                f"got the method {self.method!r}; expected one of {', '.join(METHODS)}.{did_you_mean(self.method, METHODS)}"
            )
        if self.method != "adain" and (self.alpha != 1 or self.keep_colour):
            raise SnellenError(f"got alpha or keep_colour with the method {self.method}; expected them with adain only")

    def open(self, device: str) -> Transfer:
        """The method on a device.

        Raises:
            SnellenError: weights, a model or a layer that it needs are not there.
        """
        from snellen.methods.perturb.style.pyramid import Pyramid
        from snellen.models.devices import best_device

        if self.method == "pyramid":
            return Pyramid()
        if self.method == "adain":
            from snellen.methods.perturb.style.adain import Adain
            from snellen.models.style_weights import adain_parts

            return Adain(*adain_parts(self.weights, best_device(device)), alpha=self.alpha, keep_colour=self.keep_colour)
        return self._gram(device)

    def _gram(self, device: str) -> Transfer:
        from snellen.methods.perturb.style.backbones import Layers, RandomFilters
        from snellen.methods.perturb.style.gram import Gram
        from snellen.models.devices import best_device
        from snellen.models.style_weights import vgg
        from snellen.models.torch import TorchModel

        weight = _RATIO.get(self.backbone, _RATIO[""]) if self.content_weight is None else self.content_weight
        if self.backbone == RANDOM:
            filters = RandomFilters()
            content, style = self.content_layers or filters.content_layers, self.style_layers or filters.style_layers
            return Gram(filters, content, style, weight, steps=self.steps)
        if self.backbone == VGG:
            network = vgg(self.weights, best_device(device))
            content = tuple(network.layers[name] for name in self.content_layers or ("relu4_2",))
            style = tuple(network.layers[name] for name in self.style_layers or [f"relu{at}_1" for at in range(1, 6)])
            return Gram(Layers(network, (*content, *style)), content, style, weight, steps=self.steps)
        from snellen import models

        model = models.load(self.backbone, device=device)
        if not isinstance(model, TorchModel):
            raise SnellenError(f"got the backbone {self.backbone}, which is no PyTorch network; expected one, for its layers")
        if not self.content_layers or not self.style_layers:
            raise SnellenError(
                f"got the backbone {self.backbone} without layers; expected --style-layers and --content-layers of it"
            )
        if model.preprocessing.channels != "RGB":
            raise SnellenError(f"got the backbone {self.backbone}, which takes BGR; expected one that takes RGB")
        names = (*self.content_layers, *self.style_layers)
        layers = Layers(model.module, names, model.preprocessing.mean, model.preprocessing.std)
        return Gram(layers, self.content_layers, self.style_layers, weight, steps=self.steps)
