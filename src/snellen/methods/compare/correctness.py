"""Who got what right: trials as two boolean matrices, subjects by images, and the counts any two subjects' agreement needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
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
    names, codes = zip(*(_coded(trials[column]) for column in ("subject", *CELL)), strict=True)
    sizes = tuple(len(each) for each in names[1:])
    keys, columns = np.unique(np.ravel_multi_index(codes[1:], sizes), return_inverse=True)
    cells = pl.DataFrame([each.gather(at) for each, at in zip(names[1:], np.unravel_index(keys, sizes), strict=True)])
    seen = np.zeros((len(names[0]), len(keys)), dtype=bool)
    correct = np.zeros_like(seen)
    latest_first = codes[0][::-1], columns[::-1]
    seen[latest_first] = True
    correct[latest_first] = trials["correct"].fill_null(value=False).to_numpy()[::-1]
    return Correctness(tuple(names[0]), cells, seen, correct)


def _coded(column: pl.Series) -> tuple[pl.Series, np.ndarray]:
    """The distinct texts in order, and for each row the place of its text."""
    names = column.unique().sort()
    return names, column.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)


def pair_counts(seen: np.ndarray, correct: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """What to sum over images for each pair of subjects: (S, N) matrices and two index arrays (P,) → (4, P, N) booleans.

    In the order of `error_consistency.from_counts`: both saw it, the first was right, the second was right, both were right;
    the last three on images that both saw.
    """
    both = seen[first] & seen[second]
    return np.stack([both, correct[first] & both, correct[second] & both, correct[first] & correct[second]])
