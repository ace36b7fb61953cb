"""People and models on the data sets that all of them saw, with the pairs whose agreement is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from snellen.core import SnellenError
from snellen.methods.compare.correctness import CELL, Correctness, correctness

_COLUMNS = ("subject", *CELL, "correct")


@dataclass(frozen=True)
class Cohort:
    """`table` has the `models` in its first rows and the `people` in the rest, both sorted by name."""

    table: Correctness
    models: tuple[str, ...]
    people: tuple[str, ...]

    def accuracy_of_people(self, columns: slice) -> float:
        """Share right of all their answers to the images in `columns`, in [0, 1]; NaN when they gave none."""
        rows = slice(len(self.models), None)
        seen = int(self.table.seen[rows, columns].sum())
        return int(self.table.correct[rows, columns].sum()) / seen if seen else float("nan")

    def pairs(self, columns: slice) -> tuple[np.ndarray, np.ndarray]:
        """Row indices (P,) and (P,) of all pairs model-person and person-person among who saw any image in `columns`."""
        present = np.flatnonzero(self.table.seen[:, columns].any(axis=1))
        models, people = present[present < len(self.models)], present[present >= len(self.models)]
        i, j = np.triu_indices(len(people), k=1)
        first = np.concatenate([np.repeat(models, len(people)), people[i]])
        return first, np.concatenate([np.tile(people, len(models)), people[j]])

    def blocks(self) -> Iterator[tuple[str, str, slice]]:
        """(dataset, condition, columns) of the conditions that people saw."""
        rows = slice(len(self.models), None)
        return (block for block in self.table.blocks() if self.table.seen[rows, block[2]].any())


def cohort(people: pl.DataFrame, models: pl.DataFrame) -> Cohort:
    """Trials of people and of models (see `snellen.trials`) on the data sets that people and every model answered.

    Raises:
        SnellenError: there is no such data set.
    """
    wanted = models["subject"].n_unique()
    by_all = models.group_by("dataset").agg(pl.col("subject").n_unique()).filter(pl.col("subject") == wanted)["dataset"]
    shared = sorted(set(by_all) & set(people["dataset"].unique()))
    if not shared:
        raise SnellenError(
            f"people answered {_some(people)} and the models {_some(models)}; expected a data set that people and every model "
            "answered: give trials on the same data sets, under the same names"
        )
    parts = [
        frame.select(_COLUMNS).filter(pl.col("dataset").is_in(shared)).with_columns(subject=pl.lit(mark) + pl.col("subject"))
        for mark, frame in (("0", models), ("1", people))
    ]
    table = correctness(pl.concat(parts))
    names = [(name[0], name[1:]) for name in table.subjects]
    return Cohort(table, tuple(name for mark, name in names if mark == "0"), tuple(name for mark, name in names if mark == "1"))


def _some(trials: pl.DataFrame) -> str:
    names = sorted(trials["dataset"].unique())
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "") if names else "nothing"
