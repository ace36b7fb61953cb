"""Enlarging the centre of an image, to the grid that the published corruptions used."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def centre(side: int, factor: float) -> slice:
    """The pixels along one side that still show when the centre is enlarged `factor` times."""
    kept = ceil(side / factor)
    return slice((side - kept) // 2, (side - kept) // 2 + kept)


def stretched(rows: Float[Tensor, "*n k w"], factor: float, side: int) -> Float[Tensor, "*n s w"]:
    """`centre(side, factor)` of the second last axis, enlarged linearly between its end points and trimmed to `side`."""
    low, high, weight = _taps(side, factor)
    above, below = (rows.index_select(-2, torch.from_numpy(at).to(rows.device)) for at in (low, high))
    return torch.lerp(above, below, torch.from_numpy(weight).to(rows))


def zoomed(crop: Float[Tensor, "*n k l"], factor: float, size: tuple[int, int]) -> Float[Tensor, "*n h w"]:
    """The central crop of an image of `size`, (height, width), enlarged `factor` times along both axes."""
    tall = stretched(crop, factor, size[0])
    return stretched(tall.mT.contiguous(), factor, size[1]).mT.contiguous()


@lru_cache(maxsize=256)
def _taps(side: int, factor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    kept = ceil(side / factor)
    whole = round(kept * factor)
    shown = (whole - side) // 2 + np.arange(side)
    places = shown * ((kept - 1) / (whole - 1)) if whole > 1 else np.zeros(side)
    low = np.minimum(places.astype(np.int64), kept - 1)
    return low, np.minimum(low + 1, kept - 1), (places - low).astype(np.float32)[:, None]
