"""Image quilting: as much of a texture as is wanted, laid out anew from blocks of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

CANDIDATES = 96
"""Places in the texture that are tried for every block."""
OVERLAP = 4
"""A block overlaps its neighbours by one part in so many."""


def quilt(texture: Float[Tensor, "n c h w"], keys: Sequence[int], block: int, size: tuple[int, int]) -> Float[Tensor, "n c H W"]:
    """Square blocks of the texture, set from the upper left, each cut to its neighbours along the seam that shows least.

    What the texture shows as a whole (an animal, a street) is taken apart; what is smaller than a block stays whole
    (efros-2001). Every block is the best fitting of `CANDIDATES` places drawn at random.

    Args:
        texture: any channels.
        keys: N integers that seed the places, one an image.
        block: side of the blocks, pixels; no larger than the texture is used.
        size: (H, W) of what is returned.
    """
    n, channels, height, width = texture.shape
    block = min(block, height, width)
    lap = min(max(1, block // OVERLAP), block - 1)
    step = block - lap
    down, across = (max(1, math.ceil((side - lap) / step)) for side in size)
    windows = texture.unfold(2, block, 1).unfold(3, block, 1)
    places = _places(keys, down * across, windows.shape[2] * windows.shape[3]).to(texture.device)
    out = texture.new_zeros(n, channels, down * step + lap, across * step + lap)
    for at in range(down * across):
        y, x = at // across * step, at % across * step
        here = out[:, :, y : y + block, x : x + block]
        new = _best(windows, places[:, at], here, lap, above=y > 0, left=x > 0)
        keep = _cut((new - here).square().sum(1), lap, above=y > 0, left=x > 0)
        out[:, :, y : y + block, x : x + block] = torch.where(keep[:, None], new, here)
    return out[:, :, : size[0], : size[1]]


def _places(keys: Sequence[int], blocks: int, windows: int) -> Int[Tensor, "n blocks k"]:
    drawn = [np.random.Generator(np.random.PCG64(key)).integers(0, windows, (blocks, CANDIDATES)) for key in keys]
    return torch.from_numpy(np.stack(drawn))


def _best(windows: Tensor, places: Tensor, here: Tensor, lap: int, *, above: bool, left: bool) -> Float[Tensor, "n c b b"]:
    """The block among the candidates that differs least from what is there already, where they overlap."""
    rows, (y, x) = torch.arange(len(places), device=places.device), _grid(places, windows)
    off = torch.zeros(places.shape, device=places.device)
    if left and lap:
        off = off + (windows[..., :lap][rows[:, None], :, y, x] - here[:, None, ..., :lap]).square().sum((2, 3, 4))
    if above and lap:
        off = off + (windows[..., :lap, :][rows[:, None], :, y, x] - here[:, None, ..., :lap, :]).square().sum((2, 3, 4))
    best = off.argmin(1)
    return windows[rows, :, y[rows, best], x[rows, best]]


def _grid(places: Tensor, windows: Tensor) -> tuple[Tensor, Tensor]:
    return places // windows.shape[3], places % windows.shape[3]


def _cut(cost: Float[Tensor, "n b b"], lap: int, *, above: bool, left: bool) -> Tensor:
    """(n, b, b) true where the new block lies: beyond the cheapest seams through its overlaps."""
    keep = torch.ones_like(cost, dtype=torch.bool)
    beside = torch.arange(lap, device=cost.device)
    if left and lap:
        keep[:, :, :lap] &= beside >= _seam(cost[:, :, :lap])[..., None]
    if above and lap:
        keep[:, :lap] &= (beside >= _seam(cost[:, :lap].transpose(1, 2))[..., None]).transpose(1, 2)
    return keep


def _seam(cost: Float[Tensor, "n length lap"]) -> Int[Tensor, "n length"]:
    """The path of least cost from the first row to the last, one place a row, by dynamic programming."""
    total = [cost[:, 0]]
    for row in range(1, cost.shape[1]):
        before = F.pad(total[-1], (1, 1), value=math.inf)
        total.append(cost[:, row] + torch.stack([before[:, :-2], before[:, 1:-1], before[:, 2:]]).amin(0))
    steps = torch.arange(-1, 2, device=cost.device)
    path = [total[-1].argmin(1)]
    for row in reversed(total[:-1]):
        near = (path[-1][:, None] + steps).clamp(0, cost.shape[2] - 1)
        path.append(near.gather(1, row.gather(1, near).argmin(1, keepdim=True))[:, 0])
    return torch.stack(path[::-1], 1)
