"""Eidolon I: local parts of a greyscale image displaced at random; all scales move together."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.distortions._eidolon import eidolon, levels

SOURCE = "geirhos-2018"
LEVELS = levels("10")
COHERENCE = 1.0


def eidolon_1(images: Float[Tensor, "n 3 h w"], reach: float, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Coherence 1.0 and grain 10; `reach` in pixels of an image whose longer side is 256 (geirhos-2018)."""
    return eidolon(images, reach, COHERENCE, keys)
