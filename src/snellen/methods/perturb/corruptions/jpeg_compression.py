"""JPEG compression of low quality."""

from __future__ import annotations

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from snellen.methods.perturb.corruptions._bytes import from_bytes, to_bytes
from snellen.methods.perturb.corruptions._severities import severities
from snellen.methods.perturb.corruptions.jpeg import compressed

SOURCE = "hendrycks-2019"
LEVELS = severities(25, 18, 15, 10, 7)
LEVELS_64 = severities(65, 58, 50, 40, 25)
LEVELS_32 = severities(80, 65, 58, 50, 40)


def jpeg_compression(images: Float[Tensor, "n 3 h w"], quality: int) -> Float[Tensor, "n 3 h w"]:
    """Written as a JPEG file of this `quality` (1 to 100) and read again (hendrycks-2019)."""
    return from_bytes(compressed(to_bytes(images), quality), images)


def jpeg_compression_8bit(images: UInt8[Tensor, "n 3 h w"], quality: int) -> UInt8[Tensor, "n 3 h w"]:
    """The same of 8-bit images."""
    return torch.from_numpy(compressed(images.numpy(), quality))
