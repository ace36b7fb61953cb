"""What the layers of a PyTorch network give, by hooks that are always taken away again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from typing import Any, final

import torch
from torch import Tensor, nn

from snellen.core import SnellenError
from snellen.grids import Grid, grid, places
from snellen.nearest import did_you_mean

Seen = Callable[[Tensor], Tensor | None]
"""What a layer gave → what is to go on in its place, or None."""


@final
class Reached(BaseException):
    """Ends a pass at the layer that was asked for; not an `Exception`, as networks may catch those."""


def names(network: nn.Module) -> tuple[str, ...]:
    """Of all submodules, in the order in which they were made."""
    return tuple(name for name, _ in network.named_modules() if name)


@contextlib.contextmanager
def watched(network: nn.Module, layer: str, seen: Seen) -> Iterator[None]:
    """Passes inside hand what `layer` gives to `seen`, each time it is run.

    Raises:
        SnellenError: there is no such layer.
    """
    parts = dict(network.named_modules())
    if layer not in parts or not layer:
        known = [part for part in parts if part]
        some = ", ".join(known[:6] + (["…"] if len(known) > 12 else []) + known[6:][-6:])
        raise SnellenError(
            f"got the layer {layer!r}; expected one of {some or 'none: it has no parts'}.{did_you_mean(layer, known)}"
        )

    def hook(part: nn.Module, inputs: Any, output: Any) -> Any:
        replaced = seen(first(output, layer))
        return None if replaced is None else _with_first(output, replaced)

    handle = parts[layer].register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def first(output: Any, layer: str) -> Tensor:
    """The first tensor of what a layer gave.

    Raises:
        SnellenError: there is none.
    """
    found = _first(output)
    if found is None:
        raise SnellenError(f"layer {layer} gives {type(output).__name__}; expected a tensor, or a tuple that starts with one")
    return found


def runs(network: nn.Module, run: Callable[[], object]) -> dict[str, int]:
    """How often `run`, a pass, comes by each submodule."""
    counts = dict.fromkeys(names(network), 0)

    def hook(name: str) -> Callable[..., None]:
        def count(*_: Any) -> None:
            counts[name] += 1

        return count

    with contextlib.ExitStack() as stack:
        for name, part in network.named_modules():
            if name:
                stack.callback(part.register_forward_hook(hook(name)).remove)
        run()
    return counts


def kept(network: nn.Module, run: Callable[[], object]) -> int:
    """Bytes that PyTorch keeps of `run`, a pass, for the way back, without the parameters."""
    sizes: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        run()
    own = {parameter.untyped_storage().data_ptr() for parameter in network.parameters()}
    return sum(size for at, size in sizes.items() if at not in own)


def last_grid(network: nn.Module, once: Collection[str], size: tuple[int, int], run: Callable[[], Tensor]) -> str | None:
    """The last of the submodules `once` whose output has a grid of places that what `run` gives, a number, depends on.

    Of maps that is any part, of tokens only normalisations: what attention makes inside may be as square by chance. A grid is
    never finer than one before it; of parts that give the same tensor the outermost counts.
    """
    found: list[tuple[str, Tensor, Grid]] = []

    def hook(name: str) -> Callable[..., None]:
        def keep(part: nn.Module, inputs: Any, output: Any) -> None:
            given = _first(output)
            if given is None or not given.requires_grad or (given.ndim == 3 and "norm" not in type(part).__name__.lower()):
                return
            shape = grid(tuple(given.shape), *size)
            if shape is None or (found and shape.cells > found[-1][2].cells):
                return
            while found and found[-1][1] is given:
                found.pop()
            found.append((name, given, shape))

        return keep

    with contextlib.ExitStack() as stack:
        stack.callback(network.register_forward_pre_hook(lambda *_: found.clear()).remove)  # should a pass be tried twice
        for name, part in network.named_modules():
            if name in once:
                stack.callback(part.register_forward_hook(hook(name)).remove)
        number = run()
    if not number.requires_grad or not found:
        return None
    gradients = torch.autograd.grad(number, [given for _, given, _ in found], allow_unused=True)
    for (name, _, shape), gradient in reversed(list(zip(found, gradients, strict=True))):
        if gradient is not None and bool(places(gradient, shape).any()):
            return name
    return None


def _first(output: Any) -> Tensor | None:
    if isinstance(output, tuple | list):
        output = output[0] if output else None
    output = getattr(output, "last_hidden_state", output)
    return output if isinstance(output, Tensor) else None


def _with_first(output: Any, replaced: Tensor) -> Any:
    if isinstance(output, Tensor):
        return replaced
    if isinstance(output, tuple | list):
        rest = [replaced, *output[1:]]
        return type(output)(*rest) if hasattr(output, "_fields") else type(output)(rest)
    output["last_hidden_state"] = replaced
    return output


LINEAR = {
    "AdaptiveAvgPool2DBackward0", "AddBackward0", "AddmmBackward0", "AliasBackward0", "AsStridedBackward0",
    "AsStridedBackward1", "AvgPool2DBackward0", "CloneBackward0", "ConvolutionBackward0", "DivBackward0", "ExpandBackward0",
    "FlattenBackward0", "MeanBackward0", "MeanBackward1", "MmBackward0", "MulBackward0", "NativeBatchNormBackward0",
    "NegBackward0", "PermuteBackward0", "ReshapeAliasBackward0", "SelectBackward0", "SliceBackward0", "SqueezeBackward0",
    "SqueezeBackward1", "SqueezeBackward2", "SubBackward0", "SumBackward0", "SumBackward1", "TBackward0", "ToCopyBackward0",
    "TransposeBackward0", "UnsafeViewBackward0", "UnsqueezeBackward0", "ViewBackward0",
}  # fmt: skip
"""Steps that are affine in each of their inputs, as PyTorch calls their way back; batch normalisation is so in eval mode."""
PRODUCTS = {"AddmmBackward0", "ConvolutionBackward0", "DivBackward0", "MmBackward0", "MulBackward0"}
"""Those of them that are not affine in two inputs together."""


def affine(output: Tensor, leaf: Tensor) -> bool:
    """Whether `output` was made of `leaf` by affine steps alone, whatever the numbers were: read off what autograd kept."""
    if output.grad_fn is None:
        return False
    order: list[Any] = []
    waiting, seen = [(output.grad_fn, False)], set()
    while waiting:  # in depth first, without recursion: networks are deep
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            waiting.append((node, True))
            waiting.extend((after, False) for after, _ in node.next_functions if after is not None)
    leads: dict[Any, bool] = {}
    for node in order:
        ways = [after for after, _ in node.next_functions if after is not None and leads.get(after)]
        if ways and (node.name() not in LINEAR or (len(ways) > 1 and node.name() in PRODUCTS)):
            return False
        leads[node] = bool(ways) or getattr(node, "variable", None) is leaf
    return leads[output.grad_fn]
