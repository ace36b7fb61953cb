"""From a matplotlib figure to SVG that belongs in a page: themed, small, deterministic and accessible."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from snellen.report.text import clean

# Stand-ins that no map or theme uses; each is replaced by the page's variable after drawing.
INK, MUTED, HAIRLINE, MODEL, PEOPLE, REFERENCE, PAPER = (f"#a1b0{n:02x}" for n in range(1, 8))
VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    HAIRLINE: "var(--hairline)",
    MODEL: "var(--model)",
    PEOPLE: "var(--people)",
    REFERENCE: "var(--reference)",
    PAPER: "var(--paper)",
}
ROLES = {"model": MODEL, "people": PEOPLE, "reference": REFERENCE}

_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.labelsize": 11,
    "axes.titlecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": HAIRLINE,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": HAIRLINE,
    "ytick.color": HAIRLINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.frameon": False,
    "legend.fontsize": 11,
    "legend.labelcolor": INK,
    "path.simplify": False,
}
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_DRAWN = ("d", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "transform", "points")
_FONT = re.compile(r"font: (?:\S+ )*?([\d.]+)px [^;]*")
_FAMILY = re.compile(r"font-family:[^;]*;?")
_REFERENCE = re.compile(r"#([\w-]+)")


def canvas(width: float, height: float, plot: tuple[float, float, float, float] | None = None) -> tuple[Figure, Axes]:
    """An empty figure of `width` x `height` CSS pixels with axes: at `plot` (left, bottom, width, height), or fitted in."""
    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    FigureCanvasSVG(figure)
    if plot:
        return figure, figure.add_axes((plot[0] / width, plot[1] / height, plot[2] / width, plot[3] / height))
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.06)
    return figure, figure.add_subplot()


def short(text: str, limit: int = 24) -> str:
    """Cleaned text of at most `limit` characters; what is cut away shows as an ellipsis."""
    text = clean(text)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def middle(text: str, limit: int) -> str:
    """Cleaned text of at most `limit` characters; what is cut out of its middle shows as an ellipsis."""
    text = clean(text)
    half = (limit - 1) // 2
    return text if len(text) <= limit else f"{text[:half].rstrip()}…{text[-half:].lstrip()}"


def svg(make: Callable[[], Figure], label: str, salt: str) -> str:
    """Draw the figure that `make` builds under the report's own settings; matplotlib's global ones are left as found."""
    buffer = io.BytesIO()
    with _settings(salt):
        make().savefig(buffer, format="svg", metadata={"Date": None})
    root = ElementTree.fromstring(buffer.getvalue())  # noqa: S314 (made one line above)
    _prune(root)
    _simplify(root)
    box = root.get("viewBox", "0 0 1 1")
    root.attrib.clear()
    root.attrib.update({"viewBox": box, "role": "img", "aria-label": clean(label), "class": "chart"})
    return ElementTree.tostring(root, encoding="unicode")


@contextmanager
def _settings(salt: str) -> Iterator[None]:
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # text stays text: the reader's font has it
        mpl.rcdefaults()
        mpl.rcParams.update({**_SETTINGS, "svg.hashsalt": salt, "svg.id": None})
        yield


def _prune(root: ElementTree.Element) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] in ("metadata", "style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for name in [name for name in element.attrib if name.startswith("{")]:
            element.set(name.rpartition("}")[2], element.attrib.pop(name))
    used = {
        found
        for element in root.iter()
        for name, value in element.attrib.items()
        if name in ("href", "clip-path", "style")
        for found in _REFERENCE.findall(value)
    }
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
        if element.get("transform", "").startswith("rotate(-0 "):
            del element.attrib["transform"]
        for child in list(element):
            if child.tag in ("g", "defs") and not len(child):
                element.remove(child)


def _simplify(root: ElementTree.Element) -> None:
    for element in root.iter():
        for name, value in element.attrib.items():
            if name in _DRAWN:
                element.set(name, _LONG_NUMBER.sub(lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), value))
        style = element.get("style")
        if style:
            style = _FAMILY.sub("", _FONT.sub(r"font-size: \1px", style))
            for stand_in, variable in VARIABLES.items():
                style = style.replace(stand_in, variable)
            element.set("style", style.strip())
        if element.text and not element.text.strip():
            element.text = None
        if element.tail and not element.tail.strip():
            element.tail = None
