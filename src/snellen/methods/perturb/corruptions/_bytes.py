"""Values as the 8-bit arrays that image libraries take."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor


def to_bytes(images: Float[Tensor, "n 3 h w"]) -> UInt8[np.ndarray, "n 3 h w"]:
    """Values in [0, 1], rounded to 8 bits, on the host."""
    return images.mul(255).round_().to(torch.uint8).cpu().contiguous().numpy()


def from_bytes(pixels: UInt8[np.ndarray, "n 3 h w"], images: Tensor) -> Float[Tensor, "n 3 h w"]:
    """Values in [0, 1], of the type and on the device of `images`."""
    return torch.from_numpy(pixels).to(images.device).contiguous().to(images.dtype).div_(255)
