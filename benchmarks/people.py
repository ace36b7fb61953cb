"""The published benchmark table: Snellen against the same definitions written plainly with polars joins and group-bys.

    python benchmarks/people.py ../shared/data/human

Both start from the same trials in memory and must give the same numbers. Prints seconds (best of five) and their ratio; the
plain version makes no intervals, so Snellen is timed without and with 1,000 bootstrap resamples.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from snellen.images.people import read_people
from snellen.methods.compare.benchmark import benchmark
from snellen.methods.compare.scores import FLOOR, UNDISTORTED

CELL = ["dataset", "condition", "image"]
METRICS = ["accuracy_difference", "observed_consistency", "error_consistency"]


def plain(people: pl.DataFrame, models: pl.DataFrame) -> dict[str, list[float]]:
    """OOD accuracy, accuracy difference, observed and error consistency by decision maker."""
    controls = pl.DataFrame({"dataset": list(UNDISTORTED), "condition": list(UNDISTORTED.values())})
    hard = people.group_by("dataset", "condition").agg(pl.col("correct").mean()).filter(pl.col("correct") <= FLOOR)
    people, models = (
        frame.join(controls, on=["dataset", "condition"], how="anti").join(hard, on=["dataset", "condition"], how="anti")
        for frame in (people, models)
    )
    table = {
        "humans": [_accuracy(people), *_distances(people.join(people, on=CELL).filter(pl.col("subject") < pl.col("subject_right")))]
    }
    for name in models["subject"].unique():
        model = models.filter(pl.col("subject") == name)
        table[name] = [_accuracy(model), *_distances(model.join(people, on=CELL))]
    return table


def _accuracy(trials: pl.DataFrame) -> float:
    return trials.group_by("dataset").agg(pl.col("correct").mean())["correct"].mean()


def _distances(pairs: pl.DataFrame) -> list[float]:
    p, q, observed = pl.col("p"), pl.col("q"), pl.col("observed_consistency")
    expected = p * q + (1 - p) * (1 - q)
    return (
        pairs.group_by("dataset", "condition", "subject", "subject_right")
        .agg(
            pl.col("correct").mean().alias("p"),
            pl.col("correct_right").mean().alias("q"),
            (pl.col("correct") == pl.col("correct_right")).mean().alias("observed_consistency"),
        )
        .with_columns(accuracy_difference=(p - q) ** 2, error_consistency=(observed - expected) / (1 - expected))
        .group_by("dataset", "subject", "subject_right")
        .agg(pl.col(METRICS).mean())
        .group_by("dataset")
        .agg(pl.col(METRICS).mean())
        .select(pl.col(METRICS).mean())
        .row(0)
    )


def best(work: Callable[[], object], repeats: int = 5) -> float:
    """Seconds of the fastest of some runs, after one to warm up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main(folder: Path) -> None:
    people = read_people(folder / "geirhos2021-humans.parquet")
    models = read_people(folder / "geirhos2021-models.parquet")
    expected = plain(people, models)
    for row in benchmark(people, models, resamples=0):
        found = [row.ood_accuracy.value, *(getattr(row, metric).value for metric in METRICS)]
        worst = max(abs(a - b) for a, b in zip(found, expected[row.subject], strict=True))
        print(f"{row.subject:20} largest difference to the plain version {worst:.1e}")
        if worst > 1e-12:
            sys.exit("the numbers differ")
    baseline = best(lambda: plain(people, models))
    print(f"plain polars, no intervals            {baseline:6.3f} s")
    for resamples in (0, 1000):
        ours = best(lambda resamples=resamples: benchmark(people, models, resamples))
        print(f"Snellen, {resamples:5,} resamples             {ours:6.3f} s   {ours / baseline:5.2f} x plain")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data/human"))
