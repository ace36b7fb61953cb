"""A copy of a PyTorch network whose batch normalisations are part of the convolutions before them: the same answers, sooner."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.nn.utils.parametrize import is_parametrized
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

CLOSE = 1e-3
"""Of the largest logit: copies whose answers differ by more are not used."""


def fingerprint(network: nn.Module) -> tuple[object, ...]:
    """Changes when weights do, however they are changed: what a copy was made of."""
    tensors = [*network.parameters(), *network.buffers()]
    sums = [tensor.detach().double().sum() for tensor in tensors]
    told = torch.stack(sums).tolist() if sums else []
    return (*told, *((id(tensor), tensor._version) for tensor in tensors))


def folded(network: nn.Module, run: Callable[[nn.Module], Tensor]) -> nn.Module | None:
    """The copy; None where there is nothing to fold, it cannot be copied, or it answers otherwise.

    `run` makes a pass of any network and returns its answers, in eval mode and without gradients. Pairs are found by watching a
    pass: a convolution run once whose output goes to a normalisation, also run once, and nowhere else.
    """
    pairs = _pairs(network, lambda: run(network))
    if not pairs:
        return None
    try:
        copied = copy.deepcopy(network)
    except (RuntimeError, TypeError):
        return None
    copied.eval().requires_grad_(False)
    for convolution, normalisation in pairs:
        before, after = copied.get_submodule(convolution), copied.get_submodule(normalisation)
        copied.set_submodule(convolution, fuse_conv_bn_eval(before, after))  # type: ignore[arg-type]
        copied.set_submodule(normalisation, nn.Identity())
    expected, found = run(network), run(copied)
    near = float((expected - found).abs().max()) <= CLOSE * float(expected.abs().max())
    return copied.requires_grad_(False) if near else None


def _pairs(network: nn.Module, run: Callable[[], object]) -> list[tuple[str, str]]:
    """Names of convolutions and of the normalisations that alone take their outputs."""
    made: dict[int, str] = {}
    taken: list[tuple[str, Tensor]] = []
    times: Counter[str] = Counter()

    def after_convolution(name: str) -> Callable[..., None]:
        def hook(part: nn.Module, inputs: Any, output: Tensor) -> None:
            made[id(output)] = name
            times[name] += 1

        return hook

    def before_normalisation(name: str) -> Callable[..., None]:
        def hook(part: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            taken.append((name, inputs[0]))
            times[name] += 1

        return hook

    uses = _Uses()
    with ExitStack() as stack:
        for name, part in network.named_modules():
            if part._forward_hooks or part._forward_pre_hooks or is_parametrized(part):
                continue
            if isinstance(part, nn.Conv2d):
                stack.callback(part.register_forward_hook(after_convolution(name)).remove)
            elif type(part) is nn.BatchNorm2d and part.running_mean is not None:
                stack.callback(part.register_forward_pre_hook(before_normalisation(name)).remove)
        with uses:
            run()
    found = [(made.get(id(tensor)), name, tensor) for name, tensor in taken]
    return [
        (before, name)
        for before, name, tensor in found
        if before is not None and times[before] == times[name] == 1 and uses.count[id(tensor)] == 1
    ]


@final
class _Uses(TorchDispatchMode):
    """How many steps take each tensor; tensors are kept, so that no two have the same identity."""

    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[int] = Counter()
        self.kept: list[Tensor] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The step as it is."""
        inputs = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        self.count.update({id(leaf) for leaf in inputs})
        found = func(*args, **(kwargs or {}))
        self.kept += [*inputs, *(leaf for leaf in tree_leaves(found) if isinstance(leaf, Tensor))]
        return found
