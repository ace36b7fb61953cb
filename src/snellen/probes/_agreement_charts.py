"""Agreement with people drawn person by person and condition by condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snellen.charts import Bar, Bars, Table
from snellen.core import Reference
from snellen.probes._shared import span
from snellen.stats import Estimate, bootstrap

if TYPE_CHECKING:
    import numpy as np

    from snellen.methods.compare.panel import Panel


MOST_PEOPLE = 40
"""People drawn one by one."""


def between_people(found: Panel, distance: str, seed: int, person: int | None = None) -> Reference | None:
    """What two people reach between them: the mean over pairs (those with `person`) and its interval over images.

    None with fewer than two people, or where undefined.
    """
    pairs = ~found.with_model if person is None else ~found.with_model & found.of(person)
    estimate = found.estimate(distance, pairs)
    value, interval = estimate.point(), bootstrap(estimate, seed)
    if value is None or interval is None:
        return None
    return Reference(value, interval.low, interval.high, "two people, mean over pairs")


def by_person(found: Panel, seed: int) -> Bars:
    """The model's error consistency with each person, beside that person's mean with the others."""
    bars = []
    for person, name in enumerate(found.people[:MOST_PEOPLE]):
        estimate = found.estimate("error_consistency", found.with_model & found.of(person))
        value, interval = estimate.point(), bootstrap(estimate, seed)
        if value is not None and interval is not None:
            bars.append(Bar(name, value, interval.low, interval.high))
        if (others := between_people(found, "error_consistency", seed, person)) is not None:
            bars.append(Bar(name, others.value, others.low, others.high, role="people"))
    alt = "The model's error consistency with each person, and that person's mean with the others, with 95 % intervals over images"
    title = "Error consistency with each person"
    if len(found.people) > MOST_PEOPLE:
        title = f"Error consistency with the first {MOST_PEOPLE} of {len(found.people)} people"
    return Bars(title, alt, "error consistency", tuple(bars), x_range=None, mark=(0.0, "independent errors"))


def by_condition(found: Panel, seed: int) -> Table:
    """All distances in one row a condition, and one over all where there are several."""
    several = [*enumerate(found.conditions)] if len(found.conditions) > 1 else []
    rows = []
    for condition, name in ((None, "all"), *several):

        def estimate(distance: str, pairs: np.ndarray, condition: int | None = condition) -> Estimate:
            return found.estimate(distance, pairs, condition)

        model = [
            estimate(name, found.with_model) for name in ("accuracy_difference", "observed_consistency", "expected_consistency")
        ]
        kappas = [estimate("error_consistency", pairs) for pairs in (found.with_model, ~found.with_model)]
        cells = (*map(_number, model), *(_number(kappa) + span(bootstrap(kappa, seed), as_percent=False) for kappa in kappas))
        rows.append((name, f"{len(model[0].images):,}", *cells))
    columns = ("condition", "images", "accuracy difference", "observed", "expected", "error consistency", "between two people")
    return Table("Distance to people by condition", columns, tuple(rows))


def _number(estimate: Estimate) -> str:
    value = estimate.point()
    return "–" if value is None else f"{value:.3f}"
