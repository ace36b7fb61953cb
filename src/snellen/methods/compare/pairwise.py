"""Every pair, condition by condition: the numbers that the benchmark averages."""

from __future__ import annotations

import numpy as np
import polars as pl

from snellen.methods.compare.cohort import cohort
from snellen.methods.compare.correctness import pair_counts
from snellen.methods.compare.distances import distances


def pairwise(people: pl.DataFrame, models: pl.DataFrame, compat: bool = True) -> pl.DataFrame:
    """One row a data set, condition and pair model-person or person-person, on the images both saw (geirhos-2021).

    Columns: dataset, condition, first, second, kind ("model-human" or "human-human"), n (images), accuracy_difference,
    observed_consistency, expected_consistency, error_consistency (null where undefined). Conditions the benchmark leaves out
    are here too. `compat` as in `error_consistency.from_counts`.

    Raises:
        SnellenError: no data set was answered by people and every model.
    """
    group = cohort(people, models)
    names = np.array([*group.models, *group.people], dtype=object)
    tables = []
    for dataset, condition, columns in group.blocks():
        first, second = group.pairs(columns)
        counts = pair_counts(group.table.seen[:, columns], group.table.correct[:, columns], first, second).sum(axis=-1)
        table = pl.DataFrame(
            {
                "first": names[first].tolist(),
                "second": names[second].tolist(),
                "kind": np.where(first < len(group.models), "model-human", "human-human"),
                "n": counts[0],
                **distances(counts, compat),
            }
        )
        tables.append(table.select(pl.lit(dataset).alias("dataset"), pl.lit(condition).alias("condition"), pl.all()))
    return pl.concat(tables).fill_nan(None)
