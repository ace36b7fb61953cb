"""Frost on the lens: from photographs of frost where there are any, else procedural."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.corruptions._draws import generator, stacked
from snellen.methods.perturb.corruptions._severities import severities
from snellen.methods.perturb.corruptions._textures import Provenance, folder_of, origin, textures_of

SOURCE = "hendrycks-2019"
LEVELS = severities((1.0, 0.4, 1.0), (0.8, 0.6, 1.0), (0.7, 0.7, 1.0), (0.65, 0.7, 1.0), (0.6, 0.75, 1.0))
LEVELS_64 = severities((1.0, 0.3, 0.3), (0.9, 0.4, 0.3), (0.8, 0.45, 0.3), (0.75, 0.5, 0.3), (0.7, 0.55, 0.3))
LEVELS_32 = severities((1.0, 0.2, 0.2), (1.0, 0.3, 0.2), (0.9, 0.4, 0.2), (0.85, 0.4, 0.2), (0.75, 0.45, 0.2))


def frost(
    images: Float[Tensor, "n 3 h w"],
    amount: tuple[float, float, float],
    keys: Sequence[int],
    textures: str | Path | None = None,
) -> Float[Tensor, "n 3 h w"]:
    """The weighted sum of the image and of a random part of a random texture, clipped to [0, 1] (hendrycks-2019).

    `amount` is the weight of the image, that of the frost, and the size of the texture relative to its file. `textures` is a folder
    of photographs, unless told otherwise that of the environment variable SNELLEN_FROST; without one they are procedural.

    Raises:
        SnellenError: there is no such folder, or no image in it.
    """
    scene, weight, scale = amount
    height, width = images.shape[2:]
    known = textures_of(folder_of(textures), scale, (height, width))
    crops = []
    for key in keys:
        draws = generator(key)
        texture = known[draws.integers(len(known))]
        top, left = (draws.integers(max(1, room)) for room in (texture.shape[1] - height, texture.shape[2] - width))
        crops.append(texture[:, top : top + height, left : left + width])
    return stacked(crops, images).mul_(weight / 255).add_(images, alpha=scene).clamp_(0, 1)


def provenance(textures: str | Path | None = None) -> Provenance:
    """Where the frost comes from: "published" and "own" photographs, or "procedural", of which no mCE may be made.

    Raises:
        SnellenError: there is no such folder, or no image in it.
    """
    return origin(folder_of(textures))
