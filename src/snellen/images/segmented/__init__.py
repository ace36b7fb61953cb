"""Images with masks of many concepts, to see what units of a network detect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from snellen.core import Images, SnellenError
from snellen.images import open_images
from snellen.images.segmented.broden import is_broden, open_broden
from snellen.images.segmented.drawn import Drawn
from snellen.images.segmented.located import Located
from snellen.images.segmented.segmented import Segmented
from snellen.images.world.world import World

__all__ = ["Segmented", "open_segmented"]


def open_segmented(source: Any, sample: int | None = None, seed: int = 0) -> Segmented:
    """Open images with masks of concepts: a world, a folder in the form of Broden, or `Images` with masks or boxes of objects.

    `Segmented` is returned as it is.

    Raises:
        SnellenError: there is no such source, or it has no masks of concepts.
    """
    if isinstance(source, Segmented):
        return source
    if isinstance(source, str | Path) and Path(source).is_dir():
        if is_broden(Path(source)):
            return open_broden(Path(source), sample, seed)
        raise SnellenError(f"got the folder {source}; expected index.csv and label.csv in it, as Broden has them, or world")
    if isinstance(source, World) or (isinstance(source, str) and source.partition(":")[0] == "world"):
        opened = open_images(source, sample=sample, seed=seed) if isinstance(source, World) else open_images(source, sample=sample)
        if isinstance(opened, World):
            return Drawn.of(opened)
    if isinstance(source, Images):
        return Located.of(open_images(source, sample=sample, seed=seed))
    raise SnellenError(
        f"got {source if isinstance(source, str | Path) else type(source).__name__}, which has no masks of concepts; "
        "expected world, world:KEY=VALUE,… or a folder in the form of Broden"
    )
