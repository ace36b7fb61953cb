"""A PyTorch network while it is asked and not trained."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from torch import nn


@contextlib.contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """`network` in eval mode with frozen parameters; afterwards every part is as it was."""
    parts = list(network.modules())
    modes = [part.training for part in parts]
    thawed = [parameter for parameter in network.parameters() if parameter.requires_grad]
    try:
        for part, training in zip(parts, modes, strict=True):
            if training:
                part.training = False
        for parameter in thawed:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter in thawed:
            parameter.requires_grad_(True)
        for part, training in zip(parts, modes, strict=True):
            if part.training is not training:
                part.training = training
