"""Images with a mask or a box of what their category names: every category is a concept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Int

from snellen.core import Images, Unreadable, Unsupported
from snellen.images.segmented.segmented import Segmented


@final
@dataclass(frozen=True)
class Located(Segmented):
    """The categories of an image set, each where the masks or boxes of its images are."""

    number: dict[str, int]
    """Category → number of the concept from 1."""

    @classmethod
    def of(cls, images: Images) -> Located:
        """The categories of an image set.

        Raises:
            Unsupported: it says of no image where the object is, or has no categories.
        """
        images.regions([0])
        keys = images.facts["category"].drop_nulls().unique().sort().to_list()
        if images.labels is None or not keys:
            raise Unsupported(f"{images.name} has no categories that say what its masks or boxes show")
        names = dict(zip(images.labels.keys, images.labels.names, strict=True))
        found = tuple(names[key] if key in names else str(key) for key in keys)
        return cls(images, found, ("object",) * len(keys), {key: at for at, key in enumerate(keys, 1)})

    def layers(self, row: int) -> Int[np.ndarray, "l h w"]:
        """See `Segmented.layers`; nothing where it is not known."""
        (region,), category = self.images.regions([row]), self.images.facts["category"][row]
        if isinstance(region, Unreadable) or category is None:
            return np.zeros((0, 1, 1), np.int32)
        return (region >= 0.5)[None] * np.int32(self.number[category])
