"""From the class names a checkpoint carries to a list of labels."""

from __future__ import annotations

from collections.abc import Sequence

from snellen import labels
from snellen.core import Labels


def labels_of(names: Sequence[str]) -> Labels | None:
    """ImageNet-1k where the names are its own, None where they say nothing ("LABEL_7"), else a list of the checkpoint's.

    Names given twice are told apart by their index.
    """
    if not names or all(name.startswith("LABEL_") for name in names):
        return None
    if len(names) == 1000 and names[0].lower().startswith("tench") and names[-1].lower().startswith("toilet tissue"):
        return labels.imagenet()
    if len(set(names)) == len(names):
        return labels.custom(names)
    return labels.custom(f"{index} {name}" for index, name in enumerate(names))
