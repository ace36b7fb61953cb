"""The exam as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from itertools import count
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from snellen.charts import Bars, Heatmap, Lines, Scatter
from snellen.report import numbers, outline
from snellen.report.figures import draw
from snellen.report.pictures import Album
from snellen.report.references import work
from snellen.report.tables import as_table
from snellen.report.text import clean, prose
from snellen.run.record import Record

ICONS = {"good": "good", "caution": "caution", "bad": "bad", "note": "note", "not applicable": "absent", "failed": "failed"}


def render(record: Record, folder: Path) -> str:
    """The page of an exam: a pure function of the record and the pictures in `folder`.

    Returns:
        HTML with style, drawings and pictures inside; it needs no network and runs no script.
    """
    keys = outline.cited(record)
    places = {key: place for place, key in enumerate(keys, 1)}
    return (
        environment(places)
        .get_template("page.html.jinja")
        .render(
            record=record,
            chapters=outline.chapters(record),
            failed=outline.unanswered(record, "failed"),
            absent=outline.unanswered(record, "not applicable"),
            diagnosis=outline.diagnosis(record),
            bottom_line=outline.bottom_line(record),
            warning=outline.small_sets(record),
            album=Album(record.pictures, folder),
            works=[(key, work(key)) for key in keys],
            cite_numbers=places,
        )
    )


def environment(references: Mapping[str, int]) -> Environment:
    """The templates, with everything from outside escaped and made printable. `references` numbers citation keys."""
    made = Environment(
        loader=PackageLoader("snellen.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    made.filters["prose"] = partial(prose, references=references)
    made.globals.update(
        css=Markup(files("snellen.report").joinpath("page.css").read_text("utf-8")),  # noqa: S704 (our own file)
        icons=ICONS,
        numbers=numbers,
        figure=_figure(),
        as_table=as_table,
    )
    return made


def _printable(value: object) -> object:
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _figure() -> Callable[[Lines | Scatter | Bars | Heatmap], Markup]:
    place = count(1)
    return lambda chart: Markup(draw(chart, f"figure-{next(place)}"))  # noqa: S704 (text in it is escaped when drawn)
