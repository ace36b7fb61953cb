"""Do relevances (LRP) sum to the logit, and contributions (DeepLIFT) to its change? By zennit and captum, on real architectures.

    python benchmarks/conservation.py          # needs what requirements-peers.txt lists, and timm

Of eight photographs the median over images. LRP: the sum of relevances over the logit, by zennit's EpsilonPlusFlat with batch
normalisations merged, with biases and without their share, and by its rules for torchvision's ResNets (ResNetCanonizer). What is
missing: one less the sum of DeepLIFT's contributions, and of integrated gradients, over the change of the logit from a black image.
Networks that are not of the zoo have random weights, and batch normalisations set by the photographs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import captum.attr
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import snellen
import tests.torchvision_shim  # noqa: F401  (before zennit and torchvision)
from benchmarks.explain import BATCH, SHARED, Bare
from snellen.images import open_images
from snellen.images.stream import parts
from snellen.methods.explain.integrated_gradients import IntegratedGradients
from snellen.models.torch import TorchModel


def drawn(network: nn.Module, images: Tensor) -> TorchModel:
    """With random weights, batch normalisations by these images, and logits that are not all 0."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.ones_(part.weight)
            part.momentum = None
    if isinstance(head := getattr(network, "head", None), nn.Linear):
        nn.init.normal_(head.weight, std=0.1)
    with torch.no_grad():
        network.train()(images)
    return TorchModel(network.eval(), name=type(network).__name__)


def networks() -> Iterator[tuple[str, Callable[[Tensor], TorchModel]]]:
    """Name → what makes it, of normalised photographs."""
    import timm
    import torchvision

    for name in ("zoo:squeezenet", "zoo:efficientnet-lite0", "zoo:mobilenet-v2"):
        yield name, lambda _, name=name: snellen.load(name)
    yield "torchvision resnet18", lambda images: drawn(torchvision.models.resnet18(), images)
    for name in ("resnet18", "efficientnet_b0", "vit_tiny_patch16_224"):
        yield f"timm {name}", lambda images, name=name: drawn(timm.create_model(name), images)


def relevance(network: nn.Module, images: Tensor, targets: Tensor, canonizers: list, without: list[str] | None) -> Tensor:
    """The sum of relevances over the logit, an image."""
    from zennit.attribution import Gradient
    from zennit.composites import EpsilonPlusFlat

    own = F.one_hot(targets, int(targets.max()) + 1)
    with Gradient(network, EpsilonPlusFlat(canonizers=canonizers, zero_params=without)) as attribute:
        logits, found = attribute(images.clone().requires_grad_(), lambda out: F.pad(own, (0, out.shape[1] - own.shape[1])) * out)
    return found.detach().sum((1, 2, 3)) / logits.detach()[torch.arange(len(logits)), targets]


def tried(measure: Callable[[], object]) -> str:
    """The median of what is measured, or what was raised instead."""
    try:
        return f"{np.median(np.asarray(measure())):.3g}"
    except (RuntimeError, TypeError) as error:
        return f"refused ({str(error).partition('(')[0][:40]}…)"


def row(model: TorchModel, pixels: np.ndarray) -> list[str]:
    """What is measured of a network."""
    from zennit.canonizers import SequentialMergeBatchNorm
    from zennit.torchvision import ResNetCanonizer

    bare, images = Bare(model), model.asarray(pixels)
    black, targets = torch.zeros_like(images), model.logits(images).argmax(1)
    given = (images - bare.mean) / bare.std
    given = given.flip(1) if bare.flip else given
    with torch.no_grad():
        change = (bare(images) - bare(black))[torch.arange(len(images)), targets]
    leaf = images.clone().requires_grad_()
    return [
        *(
            tried(lambda kind=kind, without=without: relevance(bare.module, given, targets, [kind()], without))
            for kind, without in (
                (SequentialMergeBatchNorm, None),
                (SequentialMergeBatchNorm, ["bias"]),
                (ResNetCanonizer, ["bias"]),
            )
        ),
        tried(lambda: (1 - captum.attr.DeepLift(bare).attribute(leaf, black, targets).detach().sum((1, 2, 3)) / change).abs()),
        tried(lambda: np.abs(IntegratedGradients()(model, images, targets.numpy()).gap / change.numpy())),
    ]


def main() -> None:
    """Measure and print."""
    warnings.filterwarnings("ignore", "Setting")
    torch.set_num_threads(1)
    print("| network | LRP: sum / logit | without biases | by ResNetCanonizer | DeepLIFT: missing | IG: missing |")
    print("|" + "---|" * 6)
    opened = open_images(SHARED, sample=BATCH)
    (block,) = parts(opened, snellen.load("zoo:squeezenet").preprocessing, [list(range(BATCH))])
    for name, make in networks():
        torch.manual_seed(0)
        model = make((torch.from_numpy(block.pixels) / 255 - 0.45) / 0.225)
        print(f"| {name} | {' | '.join(row(model, block.pixels))} |", flush=True)


if __name__ == "__main__":
    main()
