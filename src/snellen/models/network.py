"""What a PyTorch module computes, for its fingerprint: classes, attributes, hooks, parameters and buffers of every part."""

from __future__ import annotations

import io
import zipfile
from typing import Any, Protocol

import torch
from torch import nn


class Walk(Protocol):
    """What takes the parts of a fingerprint."""

    unknown: list[str]

    def text(self, *words: object) -> None:
        """Add words."""

    def one(self, thing: Any) -> None:
        """Add anything."""


def walk_network(network: nn.Module, walk: Walk) -> None:
    """Hand every part of `network` to `walk`. Whether a part is in training mode does not count."""
    blank = set(vars(nn.Module()))
    written: list[str] = []
    for name, part in network.named_modules():
        walk.text(name)
        if any(name.startswith(outer) for outer in written):
            continue
        if isinstance(part, torch.jit.ScriptModule):
            _scripted(part, walk)
            written.append(f"{name}." if name else "")
            continue
        walk.one(type(part))
        attributes = {key: value for key, value in vars(part).items() if key not in blank}
        if isinstance(part, torch.fx.GraphModule):
            walk.text(part.code)
            attributes = {key: value for key, value in attributes.items() if not key.startswith("_") and key != "meta"}
        if "_orig_mod" in part._modules:  # compiled: what it computes is what the module inside does
            attributes = {}
        hooks = [*part._forward_pre_hooks.values(), *part._forward_hooks.values()]
        own = [*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)]
        for key, value in [*attributes.items(), *(("hook", hook) for hook in hooks), *own]:
            walk.text(key)
            walk.one(value)
        if type(part).get_extra_state is not nn.Module.get_extra_state:
            walk.one(part.get_extra_state())


def _scripted(part: torch.jit.ScriptModule, walk: Walk) -> None:
    """TorchScript by its own archive, without the debugging information in it."""
    with zipfile.ZipFile(io.BytesIO(part.save_to_buffer())) as archive:
        for entry in sorted(archive.namelist()):
            if not entry.endswith((".debug_pkl", "/.data/serialization_id")):
                walk.text(entry.partition("/")[2])
                walk.one(archive.read(entry))
