"""A random sample of images that depends on their names and the seed alone."""

from __future__ import annotations

from collections.abc import Sequence

from snellen.arrays import image_keys


def drawn(probe: str, images: Sequence[str], count: int, seed: int) -> list[str]:
    """`count` of `images`, or all, in an order that is random: the first are a sample of the sample."""
    keys = image_keys(probe, "sample", images, seed)
    return [image for _, image in sorted(zip(keys, images, strict=True))][:count]
