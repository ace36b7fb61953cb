"""PyTorch modules: answers, features and gradients down to the pixels, with the module left exactly as it was found."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from snellen.core import Labels, Model, Preprocessing, SnellenError, Unsupported
from snellen.frozen import frozen
from snellen.labels import printable
from snellen.models.fingerprint import identity
from snellen.models.pixels import checked

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
DEFAULT = Preprocessing(size=(224, 224), resize=256, mean=IMAGENET_MEAN, std=IMAGENET_STD)
"""What most ImageNet classifiers expect; assumed, and said so in `facts`, where nothing else is known."""


def best_device(wanted: str = "auto") -> torch.device:
    """The device named, or for "auto" the first GPU where there is one.

    Raises:
        SnellenError: there is no such device here.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise SnellenError(
            f"got the device {wanted!r}; expected one that PyTorch has here, such as cpu or cuda:0 ({reason})"
        ) from error
    return device


CHANNELS_LAST_FROM = 64
"""Pixels a side."""


@final
class TorchModel(Model):
    """An `nn.Module` from normalised images (N, 3, H, W) to logits (N, K), or to an object that has `.logits`.

    The module stays on its device. During a pass it is in eval mode with frozen parameters and a seeded generator; afterwards
    every training flag, `requires_grad` and the global generators are what they were. `id` is taken when the model is made.
    Images of 64 pixels and more have their channels last in memory, which most convolutions like, on a CPU by a fifth of the time;
    a module that does not bear it, as those that flatten with `.view`, is handed them as usual from its first failure on.

    Args:
        module: the network.
        name: how reports call it; the class's name unless given.
        labels: its list of answers; unless given, None until the first pass, then ImageNet-1k for 1000 outputs, else integers.
        preprocessing: what stands between files and the module; ImageNet's usual unless given.
        classifier: the name of the submodule whose input is the features; found by its width unless given.
        facts: provenance to print.
        id: in place of the hash of code and weights, where the caller has pinned them.
        fitted_on: the digests of the images that the module was fitted on, where known: a read-out's.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        name: str | None = None,
        labels: Labels | None = None,
        preprocessing: Preprocessing | None = None,
        classifier: str | None = None,
        facts: Mapping[str, str] | None = None,
        id: str | None = None,  # noqa: A002
        fitted_on: frozenset[str] = frozenset(),
    ) -> None:
        self.module = module
        self.name = printable(name or type(module).__name__)
        if any(map(is_lazy, [*module.parameters(), *module.buffers()])):
            raise SnellenError(f"{self.name} has lazy layers that were never run; expected weights: pass an image through it first")
        self.preprocessing = preprocessing or DEFAULT
        self.classifier = classifier
        self._channels_last = min(self.preprocessing.size) >= CHANNELS_LAST_FROM
        parameters = list(module.parameters())
        first = next((p for p in [*parameters, *module.buffers()] if p.is_floating_point()), torch.empty(0))
        self.device, self.dtype = first.device, first.dtype
        self.id, doubts = identity(module, id, self.preprocessing, labels)
        self.facts = {
            "framework": "PyTorch",
            "parameters": f"{sum(p.numel() for p in parameters):,}",
            "number type": str(self.dtype).removeprefix("torch."),
            "device": str(self.device),
            **({} if preprocessing else {"preprocessing": "assumed, as nothing was given: ImageNet's usual"}),
            **doubts,
            **(facts or {}),
        }
        self._width = _width(module, classifier)
        self._footprints: dict[tuple[int, int], int] = {}
        self.labels = labels
        self.fitted_on = fitted_on

    @property
    def abilities(self) -> frozenset[str]:
        """Gradients, and features where there is a layer that could be the classifier."""
        return super().abilities - (set() if self.classifier or self._width else {"features"})

    def asarray(self, images: np.ndarray) -> Tensor:
        """(N, 3, H, W) uint8 or float → float32 in [0, 1], on the device of the module."""
        tensor = torch.as_tensor(np.require(images, requirements=["C", "W"])).to(self.device)
        return tensor.to(torch.float32).div_(255) if tensor.dtype == torch.uint8 else tensor.to(torch.float32)

    def logits(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) → float32 (N, K); raises SnellenError where the module returns anything else."""
        with self._examined(), torch.no_grad():
            return self._answer(images)

    def vjp(self, images: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Logits, and `pull`, which may be called any number of times; raises Unsupported where PyTorch cannot follow."""
        with self._examined(), torch.enable_grad():
            pixels = (images.clone() if images.is_inference() else images.detach()).requires_grad_()
            answer = self._answer(pixels)
            if not answer.requires_grad:  # asked while the parameters are frozen: what is made of these alone is no answer
                raise Unsupported(
                    f"{self.name} gives no gradients: its logits do not depend on its input in a way PyTorch can follow"
                )

        def pull(cotangent: Tensor) -> Tensor:
            with self._examined():
                return torch.autograd.grad(answer, pixels, cotangent.to(answer), retain_graph=True)[0]

        return answer.detach(), pull

    def features(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) → float32 (N, D), the input of the classifier; raises Unsupported where there is none to be found."""
        with self._examined(), torch.no_grad():
            return self._through(Features(self.module, self.classifier), images).float()

    def footprint(self, height: int, width: int) -> int:
        """What PyTorch keeps of a pass for the way back, measured once for each size, and as much again for the way back itself."""
        if (height, width) not in self._footprints:
            kept: dict[int, int] = {}

            def note(tensor: Tensor) -> Tensor:
                storage = tensor.untyped_storage()
                kept[storage.data_ptr()] = storage.nbytes()
                return tensor

            own = {parameter.untyped_storage().data_ptr() for parameter in self.module.parameters()}
            with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
                self.vjp(torch.full((1, 3, height, width), 0.5, device=self.device))
            self._footprints[height, width] = 2 * sum(size for at, size in kept.items() if at not in own) + 24 * height * width
        return self._footprints[height, width]

    def _answer(self, images: Tensor) -> Tensor:
        logits = logits_of(self._through(self.module, images), self.name).float()
        if self.labels is None and logits.ndim == 2 and len(logits) == len(images):
            self.labels = default_labels(logits.shape[-1])
        return checked(logits, len(images), self.name, self.labels)

    def _through(self, module: nn.Module, images: Tensor) -> Any:
        try:
            return module(self._normalise(images))
        except RuntimeError:
            if not self._channels_last:
                raise
            self._channels_last = False
            try:
                return module(self._normalise(images))
            except RuntimeError:
                self._channels_last = True  # the layout was not to blame
                raise

    def _normalise(self, images: Tensor) -> Tensor:
        shape = self.preprocessing
        if any(shape.mean) or any(s != 1 for s in shape.std):
            mean, std = (images.new_tensor(values)[:, None, None] for values in (shape.mean, shape.std))
            images = (images - mean) / std
        if shape.channels == "BGR":
            images = images.flip(1)
        given = images
        images = images.to(self.dtype, memory_format=torch.channels_last if self._channels_last else torch.contiguous_format)
        return images.clone() if images is given else images  # modules may work in place, and these pixels are the caller's

    @contextlib.contextmanager
    def _examined(self) -> Iterator[None]:
        gpus = [self.device] if self.device.type == "cuda" else []
        with frozen(self.module), torch.random.fork_rng(gpus), torch.inference_mode(False):
            _seed(self.device)
            yield


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


def default_labels(k: int) -> Labels:
    """ImageNet-1k for 1000 classes, otherwise integers."""
    from snellen import labels

    return labels.imagenet() if k == 1000 else labels.integers(k)


def _out(part: nn.Module) -> int | None:
    """How many outputs a layer has that could be a classifier."""
    if isinstance(part, nn.Linear):
        return part.out_features
    return part.out_channels if isinstance(part, nn.Conv2d) and part.kernel_size == (1, 1) else None


def _width(module: nn.Module, classifier: str | None) -> int | None:
    parts = module.modules() if classifier is None else [module.get_submodule(classifier)]
    return next((width for width in map(_out, reversed(list(parts))) if width is not None), None)


def _seed(device: torch.device) -> None:
    torch.default_generator.manual_seed(0)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(0)
