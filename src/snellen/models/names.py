"""From the class names a checkpoint carries to a list of labels."""

from __future__ import annotations

from collections.abc import Sequence

from snellen import labels
from snellen.core import Labels


def labels_of(names: Sequence[str], classes: int = 0) -> Labels | None:
    """ImageNet-1k where the names are its own, else a list of the checkpoint's.

    Where the names say nothing ("LABEL_7"), ImageNet-1k for 1000 `classes`, integers for another number, None for 0. Names
    given twice are told apart by their index.
    """
    if not names or all(name.startswith("LABEL_") for name in names):
        return labels.imagenet() if classes == 1000 else labels.integers(classes) if classes else None
    if len(names) == 1000 and names[0].lower().startswith("tench") and names[-1].lower().startswith("toilet tissue"):
        return labels.imagenet()
    if len(set(names)) == len(names):
        return labels.custom(names)
    return labels.custom(f"{index} {name}" for index, name in enumerate(names))
