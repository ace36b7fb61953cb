"""Quarter turns of a greyscale image."""

from __future__ import annotations

from jaxtyping import Float

from snellen.arrays import namespace
from snellen.core import Array, SnellenError
from snellen.methods.perturb.grey import luminance, to_colour

SOURCE = "geirhos-2018"
LEVELS = {"0": 0, "90": 90, "180": 180, "270": 270}


def rotation(images: Float[Array, "n 3 h w"], degrees: int) -> Float[Array, "n 3 h2 w2"]:
    """Greyscale, turned counter-clockwise by 0, 90, 180 or 270 degrees (geirhos-2018).

    Raises:
        SnellenError: any other angle, or a turn that would change the shape of images that are not square.
    """
    grey = luminance(images)
    xp = namespace(grey)
    if degrees not in (0, 90, 180, 270) or (degrees in (90, 270) and grey.shape[2] != grey.shape[3]):
        raise SnellenError(
            f"got {degrees} degrees for {grey.shape[2]}x{grey.shape[3]} images; expected 0, 90, 180 or 270, and square images"
        )
    if degrees in (90, 270):
        grey = xp.permute_dims(grey, (0, 1, 3, 2))
    if degrees in (90, 180):
        grey = xp.flip(grey, axis=2)
    if degrees in (180, 270):
        grey = xp.flip(grey, axis=3)
    return to_colour(grey)
