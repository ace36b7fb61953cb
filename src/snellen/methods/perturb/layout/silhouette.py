"""What stands before a plain background, black on white."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import ndimage
from torch import Tensor

from snellen.core import SnellenError
from snellen.methods.perturb.grey import to_colour

SOURCE = "geirhos-2019"
LEVELS = {"filled": 0.1}
"""How far, in any channel, the object's colour is from the background's."""
BORDER, PLAIN = 0.02, 0.9
"""Width of the frame that shows the background, of the shorter side, and the share of it that must be of one colour."""
SPECK = 0.001
"""Parts that cover less of the image are no part of the object."""


def silhouette(images: Float[Tensor, "n 3 h w"], threshold: float) -> Float[Tensor, "n 3 h w"]:
    """Black where the image differs from the colour of its border, holes filled, and white elsewhere (after geirhos-2019).

    Raises:
        SnellenError: an image whose border has no plain colour: there an object cannot be told from its background.
    """
    masks = np.stack([mask(image, threshold) for image in images.cpu().numpy()])
    return to_colour(torch.from_numpy(1.0 - masks[:, None]).to(images))


def mask(image: Float[np.ndarray, "3 h w"], threshold: float) -> Bool[np.ndarray, "h w"]:
    """Where the object is.

    Raises:
        SnellenError: the border has no plain colour, or there is no object.
    """
    wide = max(1, round(BORDER * min(image.shape[1:])))
    frame = np.ones(image.shape[1:], bool)
    frame[wide:-wide, wide:-wide] = False
    ground = np.median(image[:, frame], axis=1)
    differs = np.abs(image - ground[:, None, None]).max(axis=0) > threshold
    if (plain := 1 - differs[frame].mean()) < PLAIN:
        raise SnellenError(
            f"got an image with {plain:.0%} of its border of one colour; expected {PLAIN:.0%}: silhouettes need a plain background"
        )
    parts = np.zeros(frame.shape, np.int32)
    ndimage.label(ndimage.binary_fill_holes(differs), output=parts)
    sizes = np.bincount(parts.ravel())
    kept = (parts > 0) & (sizes >= SPECK * parts.size)[parts]
    if not kept.any():
        raise SnellenError("got an image of one colour; expected an object before a plain background, to make a silhouette of")
    return kept
