"""What a network is trained towards whose explanations are to be fooled: losses of its maps, by heo-2019."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

import torch
from jaxtyping import Float
from torch import Tensor

Fooling: TypeAlias = Literal["location", "top-k", "centre-mass", "active"]
FOOLINGS: tuple[Fooling, ...] = get_args(Fooling)
BORDER = 7
"""A frame is a seventh of the shorter side wide, rounded down, and at least one place."""
TOP = 0.1
"""The share of places that count as highest."""


def frame(height: int, width: int) -> Float[Tensor, "h w"]:
    """1 on the frame of a map of this size, 0 inside."""
    edge = max(1, min(height, width) // BORDER)
    mask = torch.ones(height, width)
    mask[edge : height - edge, edge : width - edge] = 0
    return mask


def unit(maps: Float[Tensor, "n h w"]) -> Float[Tensor, "n h w"]:
    """Each map brought to [0, 1]; constant ones to 0."""
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return (maps - low) / (high - low).clamp_min(torch.finfo(maps.dtype).tiny)


def passive(fooling: Fooling, maps: Float[Tensor, "n h w"], before: Float[Tensor, "n h w"]) -> Float[Tensor, ""]:
    """The loss of maps in [0, 1] beside those of the network as it was; the centre is in sides of the map."""
    if fooling == "location":
        return ((maps - frame(*maps.shape[1:]).to(maps)) ** 2).mean()
    if fooling == "top-k":
        flat, old = maps.flatten(1), before.flatten(1)
        return (flat.gather(1, old.topk(max(1, round(TOP * old.shape[1]))).indices) ** 2).mean()
    return -(_centre(maps) - _centre(before)).abs().sum(1).mean()


def active(maps: Sequence[Float[Tensor, "n h w"]], before: Sequence[Float[Tensor, "n h w"]]) -> Float[Tensor, ""]:
    """The loss of the maps of two classes of the same images, each of which is to become what the other's was."""
    return (((maps[0] - before[1]) ** 2).mean() + ((maps[1] - before[0]) ** 2).mean()) / 2


def _centre(maps: Float[Tensor, "n h w"]) -> Float[Tensor, "n 2"]:
    """Row and column of the centre of the mass, in [0, 1]."""
    shares = maps / maps.sum((1, 2), keepdim=True).clamp_min(torch.finfo(maps.dtype).tiny)
    down, right = (torch.linspace(0, 1, side, device=maps.device, dtype=maps.dtype) for side in maps.shape[1:])
    return torch.stack([shares.sum(2) @ down, shares.sum(1) @ right], 1)
