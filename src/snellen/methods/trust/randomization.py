"""Whether an explanation depends on what the network has learned: the same map of networks with random weights."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor, nn

from snellen.arrays import keyed
from snellen.core import Array, Model, SnellenError
from snellen.methods.asked import Asked, class_indices
from snellen.methods.explain._layer import AUTO, Layered
from snellen.methods.explain.explanation import Explainer
from snellen.methods.method import Method
from snellen.methods.trust._answers import responses
from snellen.methods.trust._order import Layer, layers, learned
from snellen.methods.trust._prefix import Prefix
from snellen.methods.trust._redraw import redrawn
from snellen.methods.trust.similarity import MEASURES, Described, Measure, compared, described

SOURCE = "adebayo-2018"

Wrap = Callable[[nn.Module], Model]
"""A network → the model to explain. Where it takes an `id`, give one: otherwise the weights are hashed for every layer."""


@final
@dataclass(frozen=True)
class Randomized:
    """How alike maps of the network and of its L randomised copies are.

    Attributes:
        layers: what was randomised, in this order; in a cascade with all that is named before it.
        similarity: each measure → (L, N), NaN where a randomised network gives no finite map.
        classes: (L, N), what was explained of each randomised network.
        label: whether these are the classes given or those that each randomised network says.
        where: the layer or grid that the method chose, the same for all networks.
        forwards: images passed forward in all. pulls: cotangents pulled back in all, counted in images.
    """

    layers: tuple[str, ...]
    similarity: Mapping[Measure, Float[np.ndarray, "l n"]]
    classes: Int[np.ndarray, "l n"]
    label: Literal["fixed", "recomputed"]
    where: str
    forwards: int
    pulls: int


@final
@dataclass(frozen=True)
class Randomization(Method):
    """Parameter randomisation (adebayo-2018) of PyTorch networks: a map that stays the same does not tell what they learned.

    The network is never touched: weights are changed in copies. What is drawn for a layer depends on its name and the seed alone,
    not on other layers. See `snellen.methods.trust._redraw` for how values are drawn, `_order` for what a layer is.

    Attributes:
        order: "cascading" randomises layers from the logits towards the input, and leaves them so; "independent" one at a time.
        label: "fixed" explains the classes given, "recomputed" those that each randomised network says.
        parts: names of submodules to take as layers, whole; unless given, every submodule with parameters of its own is one.
        measures: of similarity.
        seed: of all that is drawn.
    """

    order: Literal["cascading", "independent"] = "cascading"
    label: Literal["fixed", "recomputed"] = "fixed"
    parts: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = MEASURES
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.order not in ("cascading", "independent") or self.label not in ("fixed", "recomputed"):
            raise SnellenError(f"got {self}; expected the order cascading or independent, and the label fixed or recomputed")

    def networks(self, network: nn.Module, wrap: Wrap, images: Float[Array, "n 3 h w"]) -> Iterator[tuple[str, nn.Module]]:
        """The layer randomised last and a new copy of the network, from the logits to the input.

        The order of layers is that in which a pass of the first image, through `wrap`, comes by them.

        Raises:
            SnellenError: the network cannot be copied, has none of the parts, or has learned nothing.
        """
        original = copied(network)
        for name, values in self._draws(original, wrap(original), images):
            other = copied(original)
            _put(values, learned(other))
            yield name, other

    def _draws(self, network: nn.Module, model: Model, images: Array) -> Iterator[tuple[str, dict[str, Tensor]]]:
        """From the logits to the input, the layer randomised last and all that is not the network's then, by full names."""
        held, values = learned(network), {}
        found = layers(network, lambda: model.logits(images[:1]), self.parts)
        if not found:
            raise SnellenError(f"{model.name} uses no parameters; expected a network that has learned something to randomise")
        for layer in reversed(found):
            fresh = _fresh(network, held, layer, self.seed)
            values = values | fresh if self.order == "cascading" else fresh
            yield layer.name, values

    def __call__(
        self,
        explainer: Explainer,
        network: nn.Module,
        wrap: Wrap,
        images: Float[Array, "n 3 h w"],
        classes: Int[np.ndarray, " n"],
        keys: Sequence[int] | None = None,
        *,
        progress: Callable[[str], None] | None = None,
    ) -> Randomized:
        """Maps of `network`, wrapped, beside those of its randomised copies; `progress` is told of layers that are done.

        A method that chooses its layer chooses it once, in the network as it is. What comes before the first layer that is
        randomised is computed once for all copies, as far as memory allows; counts are of passes all the same.

        Raises:
            SnellenError: as for the explainer and `networks`.
        """
        classes, trained, prefix = class_indices(classes), copied(network), Prefix()
        clean = wrap(trained)
        if isinstance(explainer, Layered) and explainer.layer == AUTO:
            explainer = replace(explainer, layer=Asked(clean).grid_layer(*images.shape[2:]))
        with prefix.shared(trained):
            whole = explainer(clean, images, classes, keys)
        reference = described(whole.maps, self.measures)
        names, found, explained, forwards, pulls = [], [], [], whole.forwards, whole.pulls
        other, held = copied(trained), learned(trained)
        there = learned(other)
        for name, values in self._draws(trained, clean, images):
            _put(held, there)
            _put(values, there)  # after all others, as layers may share tensors under several names
            model = wrap(other)  # anew, as models may keep what they computed
            model.footprint = clean.footprint  # what a pass keeps does not depend on the weights
            asked = Asked(model)
            with prefix.shared(other, [there[tensor] for tensor in values]):
                own = classes if self.label == "fixed" else responses(asked, images)
                explanation = explainer(model, images, own, keys)
            names.append(name)
            found.append(_compared(reference, explanation.maps, self.measures))
            explained.append(own)
            forwards, pulls = forwards + asked.forwards + explanation.forwards, pulls + explanation.pulls
            if progress is not None:
                progress(name)
        similarity: dict[Measure, np.ndarray] = {measure: np.stack([one[measure] for one in found]) for measure in self.measures}
        return Randomized(tuple(names), similarity, np.stack(explained), self.label, whole.where, forwards, pulls)


def copied(network: nn.Module) -> nn.Module:
    """A copy that shares nothing with the network.

    Raises:
        SnellenError: it cannot be copied.
    """
    try:
        return copy.deepcopy(network)
    except (RuntimeError, TypeError) as error:
        raise SnellenError(
            f"{type(network).__name__} cannot be copied, and its weights are changed in copies ({error}); "
            "expected a network that copy.deepcopy takes"
        ) from error


def _put(values: Mapping[str, Tensor], into: Mapping[str, Tensor]) -> None:
    for name, value in values.items():
        into[name].data.copy_(value)


def _fresh(network: nn.Module, held: Mapping[str, Tensor], layer: Layer, seed: int) -> dict[str, Tensor]:
    """Random values for what a layer has learned, by full names."""
    modules = dict(network.named_modules())
    found: dict[str, Tensor] = {}
    for module in dict.fromkeys(name.rpartition(".")[0] for name in layer.tensors):
        own = {name.rpartition(".")[2]: held[name] for name in layer.tensors if name.rpartition(".")[0] == module}
        key = keyed([seed], f"layer {module or layer.name}")[0] >> 1  # PyTorch's seeds have 63 bits
        found |= {f"{module}.{name}" if module else name: value for name, value in redrawn(modules[module], own, key).items()}
    return found


def _compared(reference: Described, maps: np.ndarray, measures: Sequence[Measure]) -> dict[Measure, np.ndarray]:
    """The measures, NaN for maps that are not finite."""
    finite = np.isfinite(maps.reshape(len(maps), -1)).all(axis=1)
    found = compared(reference, described(np.where(finite.reshape(-1, *[1] * (maps.ndim - 1)), maps, 0), measures))
    return {name: np.where(finite, values, np.nan) for name, values in found.items()}
