"""Passes of copies of a network that differ in some weights: what comes before the first of these is computed once."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from snellen.arrays import to_numpy

aten = torch.ops.aten
BUDGET = 1 << 30
"""Bytes of outputs that are kept; what is beyond is computed again."""


@final
@dataclass
class Step:
    """A step of a pass, and what it gave."""

    func: Any
    given: Any


@final
class Prefix:
    """What the steps of a network's passes gave, for passes of its copies on the same images.

    Steps are those below autograd, so that gradients flow as ever. A pass takes what they gave from here until it comes by a weight
    that is not the network's, a tensor from elsewhere or a random number, or does something else than the pass that was kept.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self.passes: dict[bytes, list[Step]] = {}
        self.owners: dict[int, list[Step]] = {}
        self.left = budget
        self.spared = 0
        """Steps that were not computed."""

    @contextlib.contextmanager
    def shared(self, network: nn.Module, changed: Collection[Tensor] = ()) -> Iterator[None]:
        """Inside, passes of `network`, whose weights are those of the first one but for `changed`; of the first they are kept."""
        own = {storage(tensor) for tensor in [*network.parameters(), *network.buffers()]}
        pointers, forward = {storage(tensor) for tensor in changed}, network.forward

        def sharing(*args: Any, **kwargs: Any) -> Any:
            given = [value for value in tree_leaves((args, kwargs)) if isinstance(value, Tensor)]
            if any(type(tensor) is not Tensor for tensor in given):
                return forward(*args, **kwargs)
            with _Pass(self, _digest((args, kwargs)), own | {storage(tensor) for tensor in given}, pointers):
                return forward(*args, **kwargs)

        network.forward = sharing
        try:
            yield
        finally:
            network.forward = forward

    def keep(self, step: Step) -> bool:
        """Whether there was room for what a step gave."""
        tensors = _tensors(step.given)
        self.left -= sum(tensor.untyped_storage().nbytes() for tensor in tensors)
        if self.left >= 0:
            self._own(step)
        return self.left >= 0

    def release(self, tensor: Tensor) -> None:
        """Copy what is kept of a tensor that is about to be written to."""
        for step in self.owners.pop(storage(tensor), ()):
            step.given = tree_map_only(Tensor, torch.clone, step.given)
            self._own(step)

    def _own(self, step: Step) -> None:
        for tensor in _tensors(step.given):
            self.owners.setdefault(storage(tensor), []).append(step)


@final
class _Pass(TorchDispatchMode):
    """One pass: `known` are the storages that it started with, `changed` those of weights that are not the network's."""

    def __init__(self, prefix: Prefix, digest: bytes, known: set[int], changed: Collection[int]) -> None:
        super().__init__()
        self.prefix, self.known, self.changed = prefix, known, changed
        self.first = not changed and digest not in prefix.passes
        self.steps = prefix.passes.setdefault(digest, []) if self.first else prefix.passes.get(digest, [])
        self.at, self.parted = 0, False

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """What the step gives, or gave."""
        kwargs = kwargs or {}
        tensors = _tensors((args, kwargs))
        if func._schema.is_mutable:
            for tensor in tensors:
                self.prefix.release(tensor)
        self.parted = self.parted or self._parts(func, tensors)
        if self.parted:
            return func(*args, **kwargs)
        if any(of.alias_info is not None for of in [*func._schema.arguments, *func._schema.returns]):
            given = func(*args, **kwargs)  # views, and what works in place, cost little
        else:
            given = self._given(func, args, kwargs)
        self.known.update(storage(tensor) for tensor in _tensors(given))
        return given

    def _given(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.first:
            step = Step(func, func(*args, **kwargs))
            self.parted = not self.prefix.keep(step)
            if not self.parted:
                self.steps.append(step)
            return step.given
        if self.at == len(self.steps) or self.steps[self.at].func is not func:
            self.parted = True
            return func(*args, **kwargs)
        self.at, self.prefix.spared = self.at + 1, self.prefix.spared + 1
        return tree_map_only(Tensor, aten.detach.default, self.steps[self.at - 1].given)

    def _parts(self, func: Any, tensors: list[Tensor]) -> bool:
        """Whether a pass goes its own way from here on."""
        if func is aten.lift_fresh.default:  # a tensor made of plain numbers
            return False
        if torch.Tag.nondeterministic_seeded in func.tags:
            return True
        where = [storage(tensor) for tensor in tensors]
        return any(at in self.changed or at not in self.known for at in where)


def storage(tensor: Tensor) -> int:
    """Where the numbers of a tensor lie."""
    return tensor.untyped_storage().data_ptr()


def _tensors(values: Any) -> list[Tensor]:
    return [value for value in tree_leaves(values) if isinstance(value, Tensor)]


def _digest(values: Any) -> bytes:
    """Of all that a pass is handed, of how it lies in memory, and of whether gradients are wanted."""
    digest = hashlib.blake2b(repr(torch.is_grad_enabled()).encode(), digest_size=16)
    for value in tree_leaves(values):
        if isinstance(value, Tensor):
            digest.update(f"{tuple(value.shape)} {value.stride()} {value.dtype} {value.requires_grad}".encode())
            digest.update(to_numpy(value.contiguous()).tobytes())
        else:
            digest.update(repr(value).encode())
    return digest.digest()
