"""What a PyTorch network has learned, layer by layer in the order in which a pass uses it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from snellen.core import SnellenError


@final
@dataclass(frozen=True)
class Layer:
    """A layer's name, and the full names of the parameters and buffers that are its own."""

    name: str
    tensors: tuple[str, ...]


def layers(network: nn.Module, run: Callable[[], object], parts: Sequence[str] = ()) -> list[Layer]:
    """The layers of `network`, from the input to the logits, by the first use of what they learned in `run`, a pass.

    A layer is a submodule with parameters or buffers of its own; of the network itself each of these is a layer. With `parts`,
    names of submodules, each of them is a layer as a whole, and the rest is none. What no pass uses belongs to no layer, nor do
    buffers that are not saved with the weights, as these are constants. What layers share belongs to the one nearest the logits.

    Raises:
        SnellenError: there is no such part, or the pass uses nothing of it.
    """
    met = _Met()
    with met:
        run()
    held = learned(network)
    first = {name: met.steps[_storage(tensor)] for name, tensor in held.items() if _storage(tensor) in met.steps}
    layered: dict[str, list[str]] = {}
    for name in first:
        layer = _layer(name, parts)
        if layer is not None:
            layered.setdefault(layer, []).append(name)
    if missing := [part for part in parts if part not in layered]:
        raise SnellenError(f"got the part {missing[0]!r}; expected submodules that a pass uses and that have parameters")
    taken: set[int] = set()
    found: list[Layer] = []
    for name in sorted(layered, key=lambda layer: sorted(first[tensor] for tensor in layered[layer]), reverse=True):
        own = tuple(tensor for tensor in layered[name] if id(held[tensor]) not in taken)
        taken.update(id(held[tensor]) for tensor in own)
        if own:
            found.append(Layer(name, own))
    return found[::-1]


def learned(network: nn.Module) -> dict[str, Tensor]:
    """Parameters, and buffers that are saved with them, by their full names; not those of whole numbers, which are indices."""
    found: dict[str, Tensor] = {}
    for name, part in network.named_modules():
        start = f"{name}." if name else ""
        passing = getattr(part, "_non_persistent_buffers_set", set())
        own = [*part.named_parameters(recurse=False)]
        own += [(of, buffer) for of, buffer in part.named_buffers(recurse=False) if of not in passing]
        found |= {
            start + of: tensor for of, tensor in own if (tensor.is_floating_point() or tensor.is_complex()) and tensor.numel()
        }
    return found


def _layer(tensor: str, parts: Sequence[str]) -> str | None:
    if parts:
        return next((part for part in parts if tensor.startswith(f"{part}.")), None)
    module = tensor.rpartition(".")[0]
    return module or tensor


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


@final
class _Met(TorchDispatchMode):
    """Notes at which step of a pass each storage is first used: hooks miss weights that functions are handed."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: dict[int, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """The step as it is."""
        for value in tree_leaves((args, kwargs or {})):
            if isinstance(value, Tensor):
                self.steps.setdefault(_storage(value), len(self.steps))
        return func(*args, **(kwargs or {}))
