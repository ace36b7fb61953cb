"""Margins by frequency: how far a network's answer holds along the bands of the discrete cosine transform."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import like, namespace, take
from snellen.core import Array, Model, SnellenError
from snellen.methods.attack.subspace import Margins, Project, check, subspace_margins
from snellen.methods.perturb.frequency.dct import Band, diagonal, matrix

PUBLISHED = {28: (8, 1), 32: (8, 2), 224: (16, 16)}
"""Side of the images → width of the bands and step from one to the next (ortiz-jimenez-2020): 21, 13 and 14 bands."""


def bands_for(side: int) -> tuple[Band, ...]:
    """Those published for images of this side; else 13 or so a quarter of it wide, and above 128 pixels 14 side by side."""
    if side > 128:
        width = step = side // 14
    else:
        width, step = -(-side // 4), max(1, side // 16)
    return diagonal(side, *PUBLISHED.get(side, (width, step)))


def dct_margins(
    model: Model,
    images: Float[Array, "n 3 h w"],
    bands: Sequence[Band] | None = None,
    *,
    candidates: int = 10,
    overshoot: float = 0.02,
    steps: int = 100,
    batch: int | None = None,
    keep: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Margins:
    """The margin of each image in each band (ortiz-jimenez-2020), `bands_for` its size unless given.

    A network has small margins along the frequencies that its training data are told apart by, and large ones elsewhere. Settings
    and what is returned are those of `subspace_margins`.

    Raises:
        SnellenError: a setting or the images are not what is expected.
        Unsupported: the model gives no gradients.
    """
    check(images)
    height, width = images.shape[-2:]
    if height != width:
        raise SnellenError(f"got images of {height} x {width}; expected square ones: bands lie on the diagonal of the DCT")
    bands = bands_for(height) if bands is None else tuple(bands)
    if not bands or any(band.start < 0 or band.width < 1 or band.start + band.width > height for band in bands):
        raise SnellenError(f"got bands {bands}; expected one or more within the {height} frequencies of these images")
    return subspace_margins(
        model,
        images,
        len(bands),
        band_projection(bands, images),
        candidates=candidates,
        overshoot=overshoot,
        steps=steps,
        batch=batch,
        keep=keep,
        progress=progress,
    )


def band_projection(bands: Sequence[Band], images: Float[Array, "n 3 h w"]) -> Project:
    """The projection of (M, 3, S, S), of the size and framework of `images`, onto M bands by number: thin products, no basis."""
    side, width = images.shape[-1], max(band.width for band in bands)
    waves = np.zeros((len(bands), width, side), np.float32)
    for rows, band in zip(waves, bands, strict=True):
        rows[: band.width] = matrix(side)[band.start : band.start + band.width]
    native = like(waves, images)

    def project(images: Float[Array, "m 3 h w"], numbers: Int[np.ndarray, " m"]) -> Float[Array, "m 3 h w"]:
        xp = namespace(images)
        down = xp.expand_dims(take(native, numbers), axis=1)
        across = xp.permute_dims(down, (0, 1, 3, 2))
        return across @ (down @ images @ across) @ down

    return project
