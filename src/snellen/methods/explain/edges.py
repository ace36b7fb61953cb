"""An edge map that knows no model: the control beside every explanation."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy import ndimage

from snellen.methods.perturb.grey import LUMINANCE


def edges(images: Float[np.ndarray, "n 3 h w"]) -> Float[np.ndarray, "n h w"]:
    """Sobel gradient magnitude of the luminance (adebayo-2018 use an edge detector as the control for saliency maps)."""
    grey = np.tensordot(np.asarray(LUMINANCE), images, axes=(0, 1))
    return np.stack([np.hypot(ndimage.sobel(image, axis=0), ndimage.sobel(image, axis=1)) for image in grey])
