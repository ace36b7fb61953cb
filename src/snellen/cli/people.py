"""`snellen people`: people and published models, from trials alone."""

from __future__ import annotations

import json as js
from pathlib import Path

from cyclopts import App

app = App(name="people", help="Compare with people, from trials alone.")


@app.command
def benchmark(*, people: Path, models: Path, json: bool = False, resamples: int = 1000) -> int:
    """The published table of how models compare with people (Geirhos et al. 2021), from trials alone.

    Example: `snellen people benchmark --people humans.parquet --models models.parquet`

    Parameters:
        people: trials of people.
        models: trials of models on the same images.
        json: print a JSON list instead of a table.
        resamples: bootstrap resamples of images behind each interval; 0 for no intervals.
    """
    from snellen.images.people import read_people
    from snellen.methods.compare.benchmark import benchmark as table_of

    rows = table_of(read_people(people), read_people(models), resamples=resamples)
    names = ("ood_accuracy", "accuracy_difference", "observed_consistency", "error_consistency", "shape_bias")
    if json:
        print(
            js.dumps([{"subject": row.subject, **{name: _number(getattr(row, name)) for name in names}} for row in rows], indent=1)
        )
        return 0
    from rich.markup import escape
    from rich.table import Table

    from snellen.cli.console import console

    table = Table("subject", *(name.replace("_", " ") for name in names), title="Comparison with people")
    for row in rows:
        table.add_row(escape(row.subject), *(_text(getattr(row, name)) for name in names))
    console().print(table)
    return 0


def _number(score: object) -> object:
    value, low, high = (getattr(score, name) for name in ("value", "low", "high"))
    return value if low is None else {"value": value, "low": low, "high": high}


def _text(score: object) -> str:
    value, low, high = (getattr(score, name) for name in ("value", "low", "high"))
    if value is None:
        return "–"
    return f"{value:.3f}" if low is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"
