"""A PyTorch network while it is asked and not trained."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from torch import nn


@contextlib.contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """`network` in eval mode with frozen parameters; afterwards every part is as it was."""
    parts = _parts(network)
    training = [part for part in parts if part.training]
    thawed = [p for part in parts for p in part._parameters.values() if p is not None and p.requires_grad]
    try:
        for part in training:
            _set_mode(part, False)
        for parameter in thawed:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter in thawed:
            parameter.requires_grad_(True)
        was = set(map(id, training))
        for part in parts:
            if part.training is not (id(part) in was):
                _set_mode(part, id(part) in was)


def _parts(network: nn.Module) -> list[nn.Module]:
    """`network.modules()` in any order, without its nested generators: this is asked before and after every pass."""
    found, waiting = {}, [network]
    while waiting:
        part = waiting.pop()
        if id(part) not in found:
            found[id(part)] = part
            waiting.extend(inner for inner in part._modules.values() if inner is not None)
    return list(found.values())


def _set_mode(part: nn.Module, training: bool) -> None:
    """`part.training = training`, without a search among parameters and buffers unless the part has its own way of setting."""
    if type(part).__setattr__ is nn.Module.__setattr__:
        object.__setattr__(part, "training", training)
    else:
        part.training = training
