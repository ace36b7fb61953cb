"""What a probe wants drawn, as plain data: the report decides how. Every chart can also be printed as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class Series:
    """One line: y against x, with an optional band. `role` decides colour: the model, people, or a reference."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None
    role: Literal["model", "people", "reference"] = "model"


@dataclass(frozen=True)
class Lines:
    """Lines over a numeric axis; `ticks` names positions of x when they stand for levels."""

    title: str
    alt: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    ticks: tuple[tuple[float, str], ...] = ()
    y_range: tuple[float, float] | None = (0.0, 1.0)
    x_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Cloud:
    """Points: y against x. `across` and `along`: the ends of the interval of each x and each y, if they are to be drawn."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    role: Literal["model", "people", "reference"] = "model"
    across: tuple[tuple[float, float], ...] = ()
    along: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Scatter:
    """Clouds of points, and lines through or beside them."""

    title: str
    alt: str
    x_label: str
    y_label: str
    clouds: tuple[Cloud, ...]
    lines: tuple[Series, ...] = ()


@dataclass(frozen=True)
class Bar:
    """One bar with its interval, if any."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    role: Literal["model", "people", "reference"] = "model"


@dataclass(frozen=True)
class Bars:
    """Horizontal bars, one a label; several roles at the same label stand side by side."""

    title: str
    alt: str
    x_label: str
    bars: tuple[Bar, ...]
    x_range: tuple[float, float] | None = (0.0, 1.0)
    mark: tuple[float, str] | None = None
    """A vertical line and its name: chance, or indifference."""


@dataclass(frozen=True)
class Heatmap:
    """A matrix of shares in [0, 1] or counts; rows are the truth, columns the answers."""

    title: str
    alt: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    row_label: str = "true category"
    column_label: str = "answer"


@dataclass(frozen=True)
class Table:
    """A small table; numbers already formatted."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """An image of the set, or what `Probe.look` returned for it as `layer`: a map (H, W), or if `coloured` a picture (3, H, W).

    A map is drawn in colours from its least to its largest value; `signed`: two colours around zero. A picture is uint8. `under`:
    name and level of a condition: the image as it was shown then.
    """

    image: str
    caption: str = ""
    layer: str | None = None
    signed: bool = False
    under: tuple[str, str] | None = None
    coloured: bool = False

    @property
    def key(self) -> str:
        """What it is called among the pictures of an image set."""
        shown = self.image + (f"@{' '.join(self.under)}" if self.under else "")
        return shown + (f"#{self.layer}" if self.layer else "")


@dataclass(frozen=True)
class Gallery:
    """Pictures in rows: one row an image (or a theme), with a heading."""

    title: str
    rows: tuple[tuple[str, tuple[Picture, ...]], ...]
    note: str = ""


Chart: TypeAlias = Lines | Scatter | Bars | Heatmap | Table | Gallery
