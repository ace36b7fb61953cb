"""Stretched and bent, as if drawn on rubber."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float64
from torch import Tensor

from snellen.methods.perturb.corruptions._draws import generator, stacked, uniform
from snellen.methods.perturb.corruptions._each import each
from snellen.methods.perturb.corruptions._gaussian import blurred
from snellen.methods.perturb.corruptions._severities import severities


def _scaled(side: int, strength: float, sigma: float, affine: float) -> tuple[float, float, float]:
    return side * strength, side * sigma, side * affine


SOURCE = "hendrycks-2019"
LEVELS = severities(
    _scaled(244, 2.0, 0.7, 0.1),
    _scaled(244, 2.0, 0.08, 0.2),
    _scaled(244, 0.05, 0.01, 0.02),
    _scaled(244, 0.07, 0.01, 0.02),
    _scaled(244, 0.12, 0.01, 0.02),
)
LEVELS_64 = severities(
    _scaled(64, 0.0, 0.0, 0.08),
    _scaled(64, 0.05, 0.3, 0.06),
    _scaled(64, 0.1, 0.08, 0.06),
    _scaled(64, 0.1, 0.03, 0.03),
    _scaled(64, 0.16, 0.03, 0.02),
)
LEVELS_32 = severities(
    _scaled(32, 0.0, 0.0, 0.08),
    _scaled(32, 0.05, 0.2, 0.07),
    _scaled(32, 0.08, 0.06, 0.06),
    _scaled(32, 0.1, 0.04, 0.05),
    _scaled(32, 0.1, 0.03, 0.03),
)


def elastic_transform(
    images: Float[Tensor, "n 3 h w"], amount: tuple[float, float, float], keys: Sequence[int]
) -> Float[Tensor, "n 3 h w"]:
    """A random affine map, then displacements that vary smoothly; both sampled linearly (hendrycks-2019).

    `amount`, all in pixels: the displacements' strength before they are smoothed, the sigma of the smoothing, and how far each
    of the three points that define the affine map may move along either axis.
    """
    strength, sigma, reach = amount
    height, width = images.shape[2:]
    draws = [generator(key) for key in keys]
    maps = [_affine(height, width, one.uniform(-reach, reach, (3, 2))) for one in draws]
    fields = each(lambda one: uniform(one, (2, height, width)) * 2 - 1, draws)
    grid = torch.stack(torch.meshgrid(*(torch.arange(side) for side in (width, height)), indexing="xy")).to(images)
    affine = torch.from_numpy(np.stack(maps)).to(images).mT
    there = affine[..., :2] @ grid.flatten(1) + affine[..., 2:]
    moved = _sampled(images, there.unflatten(-1, (height, width)), at_centres=True)
    if strength == 0:
        return moved
    bend = blurred(stacked(fields, images), sigma, "reflect", truncate=3.0) * strength
    return _sampled(moved, grid + bend, at_centres=False)


def _affine(height: int, width: int, moves: Float64[np.ndarray, "3 2"]) -> Float64[np.ndarray, "3 2"]:
    """The map (x, y, 1) @ map from where a pixel ends to where it began: three points around the centre begin at their places."""
    third = max(1, min(height, width) // 3)
    began = np.array([width // 2, height // 2]) + third * np.array([[1, 1], [1, -1], [-1, -1]])
    return np.linalg.solve(np.column_stack([began + moves, np.ones(3)]), began)


def _sampled(images: Tensor, places: Float[Tensor, "n 2 h w"], at_centres: bool) -> Tensor:
    """Values at (x, y) pixels; the border is a mirror, at the outermost pixels' centres or at their outer edges."""
    scaled = places * 2
    for along, side in zip(scaled.unbind(1), (images.shape[3], images.shape[2]), strict=True):
        if at_centres:
            along.div_(max(1, side - 1))
        else:
            along.add_(1).div_(side)
    grid = scaled.sub_(1).permute(0, 2, 3, 1)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=at_centres)
