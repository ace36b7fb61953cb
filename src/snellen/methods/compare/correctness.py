"""Who got what right: trials as two boolean matrices, subjects by images, and the counts any two subjects' agreement needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

CELL = ("dataset", "condition", "image")


@dataclass(frozen=True)
class Correctness:
    """`seen` and `correct` are (S, N), `correct` False where not seen; `cells` (N rows, sorted) are dataset, condition, image."""

    subjects: tuple[str, ...]
    cells: pl.DataFrame
    seen: np.ndarray
    correct: np.ndarray

    def blocks(self) -> list[tuple[str, str, slice]]:
        """(dataset, condition, columns) of each stretch of images shown under one condition."""
        stretches = self.cells.group_by("dataset", "condition", maintain_order=True).len().rows()
        ends = np.cumsum([n for *_, n in stretches]).tolist()
        return [(dataset, condition, slice(end - n, end)) for (dataset, condition, n), end in zip(stretches, ends, strict=True)]


def correctness(trials: pl.DataFrame) -> Correctness:
    """The matrices of a trials frame (see `snellen.trials`); of several answers to one image and condition the first counts."""
    cells = trials.select(CELL).unique().sort(CELL)
    subjects = trials["subject"].unique().sort()
    rows = (
        trials.lazy()
        .select("subject", *CELL, "correct")
        .join(cells.lazy().with_row_index("column"), on=CELL, maintain_order="left")
        .join(subjects.to_frame().lazy().with_row_index("row"), on="subject", maintain_order="left")
        .select("row", "column", "correct")
        .reverse()
        .collect()
    )
    seen = np.zeros((len(subjects), cells.height), dtype=bool)
    correct = np.zeros_like(seen)
    at = rows["row"].to_numpy(), rows["column"].to_numpy()
    seen[at] = True
    correct[at] = rows["correct"].fill_null(value=False).to_numpy()
    return Correctness(tuple(subjects), cells, seen, correct)


def pair_counts(seen: np.ndarray, correct: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """What to sum over images for each pair of subjects: (S, N) matrices and two index arrays (P,) → (4, P, N) booleans.

    In the order of `error_consistency.from_counts`: both saw it, the first was right, the second was right, both were right;
    the last three on images that both saw.
    """
    both = seen[first] & seen[second]
    return np.stack([both, correct[first] & both, correct[second] & both, correct[first] & correct[second]])
