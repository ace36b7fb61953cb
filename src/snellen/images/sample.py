"""A smaller set that stands for the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from snellen.core import SnellenError


def stratified(categories: Sequence[str | None], n: int, seed: int = 0) -> list[int]:
    """`n` row numbers in rising order, drawn at random with the categories as equal as their sizes allow.

    All rows when there are no more than `n`. The draw depends on the categories, `n` and `seed` alone.

    Raises:
        SnellenError: `n` is less than one.
    """
    if n < 1:
        raise SnellenError(f"got a sample of {n} images; expected at least 1")
    if n >= len(categories):
        return list(range(len(categories)))
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(categories))
    seen: Counter[str | None] = Counter()
    turns: list[tuple[int, int]] = []
    for row in order.tolist():
        turns.append((seen[categories[row]], row))
        seen[categories[row]] += 1
    chosen = sorted(turns, key=lambda turn: turn[0])[:n]
    return sorted(row for _, row in chosen)
