"""A chart as a file of its own: SVG that brings the colours which a report's page would give it."""

from __future__ import annotations

from pathlib import Path

from snellen.charts import Lines
from snellen.core import SnellenError
from snellen.report.figures import draw

LIGHT = {
    "--ink": "#1c1b19",
    "--muted": "#65615a",
    "--hairline": "#dedad2",
    "--model": "#20558a",
    "--people": "#b3541e",
    "--reference": "#8c877e",
    "--paper": "#ffffff",
}
FONT = "font-family: 'DejaVu Sans', Verdana, sans-serif; background: #ffffff"


def write(chart: Lines, path: Path) -> Path:
    """Draw `chart` into `path`, an .svg file.

    Raises:
        SnellenError: it cannot be written.
    """
    style = ";".join(f"{name}:{colour}" for name, colour in LIGHT.items())
    start = f'<svg xmlns="http://www.w3.org/2000/svg" style="{style};{FONT}" '
    try:
        path.write_text(draw(chart, path.stem).replace("<svg ", start, 1), encoding="utf-8")
    except OSError as error:
        raise SnellenError(f"got {path} to write; expected a file that can be written: {error.strerror}") from error
    return path
