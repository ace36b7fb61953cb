"""Image by image, on more than one core."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TypeVar

import torch

Row = TypeVar("Row")
Made = TypeVar("Made")


def each(make: Callable[[Row], Made], rows: Iterable[Row]) -> list[Made]:
    """What `make` gives for every row, in their order, on as many threads as PyTorch uses: NumPy works outside Python's lock."""
    rows, threads = list(rows), torch.get_num_threads()
    size = max(1, -(-len(rows) // threads))
    parts = [rows[at : at + size] for at in range(0, len(rows), size)]
    if len(parts) < 2:
        return [make(row) for row in rows]
    with ThreadPoolExecutor(len(parts), thread_name_prefix="snellen-perturb") as pool:
        return list(chain.from_iterable(pool.map(lambda part: [make(row) for row in part], parts)))
