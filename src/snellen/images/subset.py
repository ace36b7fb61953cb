"""A sample of an image set that is open already."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import polars as pl

from snellen.core import Images, Labels, Unreadable
from snellen.images.sample import stratified


@final
@dataclass(frozen=True, eq=False)
class Subset(Images):
    """Some rows of `whole`, by their numbers there."""

    name: str
    id: str
    labels: Labels | None
    facts: pl.DataFrame
    origin: Mapping[str, str]
    whole: Images
    rows: tuple[int, ...]

    def fetch(self, rows: Sequence[int]) -> list[bytes | np.ndarray | Unreadable]:
        """What `whole` gives for these rows."""
        return self.whole.fetch([self.rows[row] for row in rows])

    def regions(self, rows: Sequence[int]) -> list[np.ndarray | Unreadable]:
        """What `whole` knows of these rows."""
        return self.whole.regions([self.rows[row] for row in rows])


def subset(images: Images, sample: int, seed: int = 0) -> Images:
    """`sample` of the images, drawn with `seed`, with categories as equal as possible; `images` itself where it has no more.

    Raises:
        SnellenError: `sample` is less than one.
    """
    rows = tuple(stratified(images.facts["category"].to_list(), sample, seed))
    if len(rows) == len(images):
        return images
    from snellen.images.world import World

    if isinstance(images, World):
        return images.chosen(rows)
    return Subset(
        images.name,
        hashlib.sha256(json.dumps([images.id, rows]).encode()).hexdigest(),
        images.labels,
        images.facts[list(rows)],
        {**images.origin, "sample": f"{len(rows)} of {len(images)}, equal per category as far as possible, seed {seed}"},
        images,
        rows,
    )
