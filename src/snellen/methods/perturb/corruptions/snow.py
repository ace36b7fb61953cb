"""Falling snow: flakes blurred along their fall, on a scene turned paler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.corruptions._draws import generator, stacked
from snellen.methods.perturb.corruptions._each import each
from snellen.methods.perturb.corruptions._motion import motion_blurred
from snellen.methods.perturb.corruptions._severities import severities
from snellen.methods.perturb.corruptions._zoom import centre, zoomed


class Snow(NamedTuple):
    """The flakes' noise (mean, deviation), zoom and threshold, the blur of their fall, the weight of the scene as it was."""

    mean: float
    deviation: float
    zoom: float
    threshold: float
    radius: int
    sigma: float
    scene: float


SOURCE = "hendrycks-2019"
LEVELS = severities(
    Snow(0.1, 0.3, 3.0, 0.5, 10, 4.0, 0.8),
    Snow(0.2, 0.3, 2.0, 0.5, 12, 4.0, 0.7),
    Snow(0.55, 0.3, 4.0, 0.9, 12, 8.0, 0.7),
    Snow(0.55, 0.3, 4.5, 0.85, 12, 8.0, 0.65),
    Snow(0.55, 0.3, 2.5, 0.85, 12, 12.0, 0.55),
)
LEVELS_64 = severities(
    Snow(0.1, 0.2, 1.0, 0.6, 8, 3.0, 0.8),
    Snow(0.1, 0.2, 1.0, 0.5, 10, 4.0, 0.8),
    Snow(0.15, 0.3, 1.75, 0.55, 10, 4.0, 0.7),
    Snow(0.25, 0.3, 2.25, 0.6, 12, 6.0, 0.65),
    Snow(0.3, 0.3, 1.25, 0.65, 14, 12.0, 0.6),
)
LEVELS_32 = severities(
    Snow(0.1, 0.2, 1.0, 0.6, 8, 3.0, 0.95),
    Snow(0.1, 0.2, 1.0, 0.5, 10, 4.0, 0.9),
    Snow(0.15, 0.3, 1.75, 0.55, 10, 4.0, 0.9),
    Snow(0.25, 0.3, 2.25, 0.6, 12, 6.0, 0.85),
    Snow(0.3, 0.3, 1.25, 0.65, 14, 12.0, 0.8),
)
GREY = (0.299, 0.587, 0.114)


def snow(images: Float[Tensor, "n 3 h w"], amount: Snow, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Adds a layer of flakes, and the same turned by 180°, to the scene mixed with a paler one (hendrycks-2019).

    Flakes are normal noise, enlarged, cut off below a threshold and blurred along an angle uniform in -135° to -45°.
    """
    size = images.shape[-2], images.shape[-1]
    kept = tuple(len(range(*centre(side, amount.zoom).indices(side))) for side in size)
    draws = [generator(key) for key in keys]
    noise = each(lambda one: one.standard_normal(kept, dtype=np.float32), draws)
    degrees = [one.uniform(-135, -45) for one in draws]
    flakes = zoomed(stacked(noise, images) * amount.deviation + amount.mean, amount.zoom, size)
    flakes = torch.where(flakes < amount.threshold, 0, flakes).clamp_(0, 1)
    flakes = (flakes * 255).floor_().div_(255)[:, None]
    layer = motion_blurred(flakes, amount.radius, amount.sigma, np.array(degrees))
    layer = layer + layer.flip(2, 3)
    grey = (images * images.new_tensor(GREY)[:, None, None]).sum(1, keepdim=True)
    paler = torch.maximum(images, grey * 1.5 + 0.5)
    return torch.lerp(paler, images, amount.scene).add_(layer).clamp_(0, 1)
