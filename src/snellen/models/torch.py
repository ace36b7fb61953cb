"""PyTorch modules: answers, features and gradients down to the pixels, with the module left exactly as it was found."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from snellen.core import Labels, Model, Preprocessing, SnellenError, Unsupported
from snellen.frozen import frozen
from snellen.labels import printable
from snellen.models import layers
from snellen.models.devices import seed
from snellen.models.features import Features, logits_of, width
from snellen.models.fingerprint import identity
from snellen.models.folded import fingerprint, folded
from snellen.models.patched import Clean, Patched, filled
from snellen.models.pixels import checked

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
DEFAULT = Preprocessing(size=(224, 224), resize=256, mean=IMAGENET_MEAN, std=IMAGENET_STD)
"""What most ImageNet classifiers expect; assumed, and said so in `facts`, where nothing else is known."""


CHANNELS_LAST_FROM = 64
"""Pixels a side."""
TOGETHER = 32 * 224 * 224
"""Pixels of the copies of an image that differ in a patch and are passed together."""


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
        self._width = width(module, classifier)
        self._footprints: dict[tuple[int, int], int] = {}
        self._runs: dict[str, int] = {}
        self._affine: dict[str, bool] = {}
        self._grids: dict[tuple[int, int], str] = {}
        self._copies: dict[str, tuple[object, TorchModel]] = {}
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
            pixels = _leaf(images)
            answer = self._answer(pixels)
            return answer.detach(), self._puller(answer, pixels, "its logits do not depend on its input")

    @contextlib.contextmanager
    def differentiable(self) -> Iterator[Callable[[Tensor], Tensor]]:
        """Until the end the module is in eval mode with frozen parameters; the global generators are set back then, too."""
        with self._examined(), torch.enable_grad():
            yield self._answer

    def features(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) → float32 (N, D), the input of the classifier; raises Unsupported where there is none to be found."""
        with self._examined(), torch.no_grad():
            return self._through(Features(self.module, self.classifier), images).float()

    def layers(self) -> tuple[str, ...]:
        """Of all submodules, in the order in which they were made."""
        return layers.names(self.module)

    def grid_layer(self, height: int, width: int) -> str:
        """Of a pass forward and back of noise, once for each size; raises Unsupported where there is no such layer."""
        if (height, width) not in self._grids:
            noise = torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(0)).to(self.device)
            once = {name for name, count in self._counted().items() if count == 1}
            with self._examined(), torch.enable_grad():
                found = layers.last_grid(self.module, once, (height, width), lambda: self._answer(_leaf(noise)).amax(1).sum())
            if found is None:
                raise Unsupported(
                    f"{self.name} has no layer with a grid of places in images of {height} x {width} pixels that its largest logit "
                    "depends on: name a layer, or use a method that needs none, such as occlusion"
                )
            self._grids[height, width] = found
        return self._grids[height, width]

    def activations(self, images: Tensor, layer: str) -> Tensor:
        """The pass ends at the layer; raises SnellenError where the layer is run several times in a pass."""
        with self._examined(), torch.no_grad():
            return self._until(images, layer).float()

    def vjp_to(self, images: Tensor, layer: str) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """As `activations`, with the way back to the pixels."""
        with self._examined(), torch.enable_grad():
            pixels = _leaf(images)
            given = self._until(pixels, layer)
            return given.detach().float(), self._puller(given, pixels, f"layer {layer} does not depend on its input")

    def vjp_from(self, images: Tensor, layer: str) -> tuple[Tensor, Tensor, Callable[[Tensor], Tensor]]:
        """What comes before the layer keeps nothing for the way back."""
        answer, leaf = self._from(images, layer)
        return answer.detach(), leaf.detach().float(), self._puller(answer, leaf, f"its logits do not depend on {layer}")

    def affine_from(self, layer: str) -> bool:
        """Seen in what autograd keeps of one pass, once for each layer."""
        if layer not in self._affine:
            self._affine[layer] = layers.affine(*self._from(self._grey, layer))
        return self._affine[layer]

    def resumed(self, images: Tensor, layer: str, output: Tensor) -> Tensor:
        """The pass is made from the start."""
        self._check_once(layer)
        with self._examined(), torch.no_grad(), layers.watched(self.module, layer, lambda given: output.to(given)):
            return self._answer(images)

    def patched(self, image: Tensor, patches: Tensor, tops: np.ndarray, lefts: np.ndarray, layer: str | None = None) -> Tensor:
        """Only what the patches reach is computed for each of them."""
        clean, found = Clean(), []
        size = max(1, round(TOGETHER / (image.shape[1] * image.shape[2])))
        with self._examined(), torch.no_grad():
            whole = image[None].clone()
            for start in range(0, len(patches), size):
                part = slice(start, start + size)
                clean.trail = 0
                views = Patched(whole, patches[part], tops[part], lefts[part], clean)
                found.append(filled(self._until(views, layer).float() if layer else self._answer(views)))
        return torch.cat(found)

    def rounded(self) -> TorchModel:
        """Made anew when weights have changed: parameters, buffers and what they compute are bfloat16, logits are float32."""
        return self._copied("bfloat16", lambda: copy.deepcopy(self.folded().module).to(torch.bfloat16))

    def folded(self) -> TorchModel:
        """With batch normalisations made part of convolutions, anew when weights have changed; itself where there are none."""

        def run(network: nn.Module) -> Tensor:
            with frozen(network), torch.random.fork_rng([]), torch.inference_mode(False), torch.no_grad():
                seed(self.device)
                return logits_of(self._through(network, self._grey), self.name).float()

        return self._copied("folded", lambda: folded(self.module, run))

    def _copied(self, what: str, make: Callable[[], nn.Module | None]) -> TorchModel:
        """A model around a copy of the network, or the model itself where there is none to be had."""
        now = fingerprint(self.module)
        if self._copies.get(what, (None, self))[0] != now:
            module = make()
            self._copies[what] = now, self if module is None else self._around(module, what)
        return self._copies[what][1]

    def unwrapped(self) -> tuple[nn.Module, Callable[[nn.Module], TorchModel]]:
        """The module itself, not a copy."""
        return self.module, lambda network: self._around(network, "with other weights")

    def _around(self, network: nn.Module, what: str) -> TorchModel:
        """This model, had it another network of the same architecture; `what` tells the two apart."""
        same = {"name": self.name, "labels": self.labels, "preprocessing": self.preprocessing, "facts": self.facts}
        return TorchModel(network, **same, classifier=self.classifier, id=f"{self.id} {what}", fitted_on=self.fitted_on)

    def footprint(self, height: int, width: int) -> int:
        """What PyTorch keeps of a pass for the way back, measured once for each size, and as much again for the way back itself."""
        if (height, width) not in self._footprints:
            grey = torch.full((1, 3, height, width), 0.5, device=self.device)
            self._footprints[height, width] = 2 * layers.kept(self.module, lambda: self.vjp(grey)) + 24 * height * width
        return self._footprints[height, width]

    @property
    def _grey(self) -> Tensor:
        """One image of the usual size."""
        return torch.full((1, 3, *self.preprocessing.size), 0.5, device=self.device)

    def _counted(self) -> dict[str, int]:
        """How often a pass comes by each layer, seen once for all."""
        if not self._runs:
            with self._examined(), torch.no_grad():
                self._runs = layers.runs(self.module, lambda: self._through(self.module, self._grey))
        return self._runs

    def _check_once(self, layer: str) -> None:
        count = self._counted().get(layer, 1)
        if count != 1:
            often = f"is run {count} times in a pass" if count else "is not run in a pass"
            raise SnellenError(f"layer {layer} of {self.name} {often}; expected one that is run once, such as the part around it")

    def _from(self, images: Tensor, layer: str) -> tuple[Tensor, Tensor]:
        """Logits, and the output of a layer, from which on a graph is kept."""
        kept: list[Tensor] = []

        def replaced(output: Tensor) -> Tensor:
            kept[:] = [_leaf(output)]
            return kept[0].clone()  # what comes next may work in place

        self._check_once(layer)
        with self._examined(), torch.enable_grad(), layers.watched(self.module, layer, replaced):
            return self._answer(images.clone() if images.is_inference() else images.detach()), kept[0]

    def _until(self, images: Tensor, layer: str) -> Tensor:
        kept: list[Tensor] = []

        def seen(output: Tensor) -> None:
            kept.append(output)
            raise layers.Reached

        self._check_once(layer)
        with layers.watched(self.module, layer, seen), contextlib.suppress(layers.Reached):
            self._through(self.module, images)
        return kept[0]

    def _puller(self, output: Tensor, leaf: Tensor, otherwise: str) -> Callable[[Tensor], Tensor]:
        """The way back from `output` to `leaf`; parameters are frozen, so what is made of these alone is no answer."""
        if not output.requires_grad:
            raise Unsupported(f"{self.name} gives no gradients: {otherwise} in a way PyTorch can follow")

        def pull(cotangent: Tensor) -> Tensor:
            with self._examined():
                return torch.autograd.grad(output, leaf, cotangent.to(output), retain_graph=True)[0].float()

        return pull

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
            mean, std = (torch.tensor(v, dtype=images.dtype, device=images.device)[:, None, None] for v in (shape.mean, shape.std))
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
            seed(self.device)
            yield


def _leaf(tensor: Tensor) -> Tensor:
    """The same numbers, where gradients end."""
    return (tensor.clone() if tensor.is_inference() else tensor.detach()).requires_grad_()


def default_labels(k: int) -> Labels:
    """ImageNet-1k for 1000 classes, otherwise integers."""
    from snellen import labels

    return labels.imagenet() if k == 1000 else labels.integers(k)
