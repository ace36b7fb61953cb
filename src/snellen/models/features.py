"""The last layer of a PyTorch network, and what goes into it."""

from __future__ import annotations

from typing import Any, final

from torch import Tensor, nn

from snellen.core import SnellenError, Unsupported


@final
class Features(nn.Module):
    """The input of a network's classifier: (N, 3, H, W) → (N, D), averaged over space where the classifier is a 1x1 convolution.

    The classifier is the submodule named, or else the last linear layer or 1x1 convolution to run, if it is as wide as the logits.
    """

    def __init__(self, network: nn.Module, classifier: str | None = None) -> None:
        super().__init__()
        self.network = network
        self.classifier = classifier

    def forward(self, images: Tensor) -> Tensor:
        """Features; raises Unsupported when no such layer ran, or its input has no single vector an image."""
        name = type(self.network).__name__
        seen: list[tuple[nn.Module, Tensor]] = []
        parts = self.network.modules() if self.classifier is None else [self.network.get_submodule(self.classifier)]
        hooks = [
            part.register_forward_pre_hook(lambda part, inputs: seen.append((part, inputs[0])))
            for part in parts
            if self.classifier is not None or _out(part) is not None
        ]
        try:
            logits = logits_of(self.network(images), name)
        finally:
            for hook in hooks:
                hook.remove()
        if not seen or (self.classifier is None and _out(seen[-1][0]) != logits.shape[1]):
            raise Unsupported(f"{name} does not show its features: it does not end in a linear layer or 1x1 convolution")
        features = seen[-1][1]
        if features.ndim == 4:
            features = features.mean((2, 3))
        if features.ndim != 2 or len(features) != len(images):
            raise Unsupported(
                f"{name} does not show its features: its last layer gets {tuple(features.shape)}, not one vector an image"
            )
        return features


def logits_of(output: Any, name: str) -> Tensor:
    """The tensor of logits in what a module returned.

    Raises:
        SnellenError: there is none.
    """
    logits = getattr(output, "logits", output)
    if not isinstance(logits, Tensor):
        raise SnellenError(
            f"{name} returned {type(output).__name__}; expected a tensor of logits (N, classes), or an object that has .logits"
        )
    return logits


def _out(part: nn.Module) -> int | None:
    """How many outputs a layer has that could be a classifier."""
    if isinstance(part, nn.Linear):
        return part.out_features
    return part.out_channels if isinstance(part, nn.Conv2d) and part.kernel_size == (1, 1) else None


def width(module: nn.Module, classifier: str | None) -> int | None:
    """How many outputs the layer has that is the classifier by name, or the last that could be one; None where there is none."""
    parts = module.modules() if classifier is None else [module.get_submodule(classifier)]
    return next((width for width in map(_out, reversed(list(parts))) if width is not None), None)
