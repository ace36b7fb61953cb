"""From ImageNet-1k probabilities to one of the sixteen categories people answered in: the mean over each category's classes."""

from __future__ import annotations

from functools import cache

import numpy as np

from snellen.core import SnellenError
from snellen.labels import SIXTEEN_MEMBERS


def sixteen_way(probabilities: np.ndarray) -> np.ndarray:
    """(N, 1000) probabilities → (N, 16) scores in the order of `labels.SIXTEEN` (geirhos-2018, geirhos-2021).

    A category's score is the arithmetic mean of the probabilities of its ImageNet classes, without renormalising over the
    207 classes that have a category. A row of scores does not sum to 1.

    Raises:
        SnellenError: the array is not (N, 1000).
    """
    probabilities = np.asarray(probabilities)
    if probabilities.ndim != 2 or probabilities.shape[1] != 1000:
        raise SnellenError(
            f"got probabilities of shape {probabilities.shape}; expected (N, 1000), one column per ImageNet-1k class: "
            "only answers over all of ImageNet-1k can be brought to the sixteen categories"
        )
    members, starts, counts = _members()
    kind = np.result_type(probabilities, np.float32)
    return np.add.reduceat(probabilities[:, members], starts, axis=1, dtype=kind) / counts.astype(kind)


@cache
def _members() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The classes of all categories in a row, where each category starts, and how many it has.

    Sums over these few take no matrix product, whose threads wait for cores on which those of the model still spin.
    """
    counts = np.array([len(members) for members in SIXTEEN_MEMBERS.values()])
    return np.concatenate([list(members) for members in SIXTEEN_MEMBERS.values()]), np.cumsum(counts) - counts, counts
