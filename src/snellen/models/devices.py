"""Where PyTorch computes, and its generators there."""

from __future__ import annotations

import torch

from snellen.core import SnellenError


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


def seed(device: torch.device) -> None:
    """Set the global generators that a pass on `device` could draw from."""
    torch.default_generator.manual_seed(0)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(0)
