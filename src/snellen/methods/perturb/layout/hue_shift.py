"""All hues turned around the colour circle."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

SOURCE = "smith-1978"
LEVELS = {f"{degrees}": float(degrees) for degrees in (30, 60, 90, 120, 180)}


def hue_shift(images: Float[Tensor, "n 3 h w"], degrees: float) -> Float[Tensor, "n 3 h w"]:
    """The hue of the hexcone model (HSV) plus `degrees`; saturation and value stay (smith-1978)."""
    value, least = images.amax(dim=1), images.amin(dim=1)
    chroma = value - least
    red, green, blue = images.unbind(dim=1)
    spread = chroma.clamp_min(1e-12)
    hue = torch.where(
        value == red,
        (green - blue) / spread,
        torch.where(value == green, 2 + (blue - red) / spread, 4 + (red - green) / spread),
    )
    hue = hue + degrees / 60
    channels = [value - chroma * _away((hue + offset) % 6) for offset in (5, 3, 1)]
    return torch.stack(channels, dim=1)


def _away(sextant: Tensor) -> Tensor:
    """How far a channel is below the value, in chromas, with hue in sixths of the circle from a place of its own."""
    return torch.minimum(sextant, 4 - sextant).clamp(0, 1)
