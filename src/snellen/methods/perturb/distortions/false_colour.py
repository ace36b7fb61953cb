"""Opponent colours: red for green and yellow for blue, luminance kept."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

SOURCE = "geirhos-2018"
LEVELS = {"true": False, "false": True}
MONITOR = Path(__file__).parents[3] / "data" / "monitor_gamma.csv"
"""Code value 0..255 → light of the calibrated monitor of the published experiments, 0 to 1."""
CONES = (
    (0.1619982647, 0.208049264, 0.0389347448),
    (0.0330275785, 0.2496504557, 0.0618343518),
    (0.0015524055, 0.0198861001, 0.1890224274),
)
"""What the monitor's red, green and blue light do to the L, M and S cones (geirhos-2018)."""


def false_colour(images: Float[Tensor, "n 3 h w"], opponent: bool) -> Float[Tensor, "n 3 h w"]:
    """As they are, or with both chromatic axes of the space of cone opponency (DKL) negated around grey (geirhos-2018).

    Values are taken to the nearest of the 256 code values and come out as such.
    """
    if not opponent:
        return images
    light = torch.from_numpy(_monitor()).to(images.device)
    shown = light[(images * 255).round().clamp(0, 255).long()]
    turned = torch.einsum("ij,njhw->nihw", torch.from_numpy(_opponent()).to(images.device), shown).clamp(0, 1).contiguous()
    above = torch.searchsorted(light, turned).clamp(1, 255)
    nearer_below = turned - light[above - 1] <= light[above] - turned
    return ((above - nearer_below.long()).double() / 255).to(images.dtype)


@cache
def _monitor() -> np.ndarray:
    return np.loadtxt(MONITOR, delimiter=",", skiprows=1)[:, 1].copy()


@cache
def _opponent() -> np.ndarray:
    """Linear RGB → linear RGB with both chromatic axes negated; grey stays because the white point is on the luminance axis."""
    cones = np.array(CONES)
    long, middle, short = cones @ np.full(3, 0.5)
    axes = np.array([[1, 1, 0], [1, -long / middle, 0], [-short / (long + middle), -short / (long + middle), 1]]) @ cones
    return np.linalg.inv(axes) @ np.diag([1.0, -1.0, -1.0]) @ axes
