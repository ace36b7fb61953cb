from __future__ import annotations

from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from snellen.charts import Bar, Bars, Cloud, Heatmap, Lines, Scatter, Series, Table
from snellen.report.figures import draw
from snellen.report.figures.ink import VARIABLES
from snellen.report.figures.lines import _spread, _wrap
from snellen.report.tables import as_table

NASTY = "<b>&\"'$\\frac{1}$ \u05e9\u4e2d"
CHARTS = [
    Lines(
        "t",
        NASTY,
        NASTY,
        NASTY,
        (Series(NASTY, (0.0, 1.0), (0.2, float("nan")), (0.1, 0.2), (0.3, 0.4)), Series("people", (0.0,), (0.5,), role="people")),
        ((0.0, NASTY), (1.0, "b")),
    ),
    Lines("no series", "alt", "x", "y", ()),
    Lines(
        "many",
        "alt",
        "x",
        "y",
        tuple(Series(f"line number {i} of a long name", (0.0, 1.0), (i / 9, i / 8)) for i in range(8)),
        y_range=None,
    ),
    Bars("t", NASTY, NASTY, (Bar(NASTY, 0.5, 0.4, 0.6), Bar(NASTY, 0.9, role="people"), Bar("below", -0.5)), None, (0.5, NASTY)),
    Bars("none", "alt", "x", ()),
    Heatmap("t", NASTY, (NASTY, "b"), ("a", "b"), ((1.0, 0.0), (0.25, 0.75))),
    Heatmap("counts", "alt", ("a",), tuple(f"c{i}" for i in range(60)), (tuple(float(i) for i in range(60)),)),
    Heatmap("empty", "alt", ("a", "b"), ("a", "b"), ((0.0, 0.0), (0.0, 0.0))),
    Scatter(
        "t",
        NASTY,
        NASTY,
        "y",
        (
            Cloud(NASTY, tuple(i / 99 for i in range(99)), tuple(i / 120 for i in range(99)), "reference"),
            Cloud("model", (0.5,), (0.4,), across=((0.45, 0.55),), along=((0.3, 0.5),)),
        ),
        (Series(NASTY, (0.0, 1.0), (0.0, 0.9), (0.0, 0.8), (0.1, 1.0), "reference"), Series("same", (0.0, 1.0), (0.0, 1.0))),
    ),
    Scatter("no points", "alt", "x", "y", ()),
]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: f"{type(chart).__name__}-{chart.title}")
def test_drawn_as_themed_text(chart: Lines | Scatter | Bars | Heatmap):
    drawn = draw(chart, "salt")
    root = ElementTree.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.get("aria-label") == chart.alt
    assert not any(stand_in in drawn for stand_in in VARIABLES)
    assert "var(--" in drawn
    assert root.find(".//style") is None
    assert root.find(".//metadata") is None
    assert root.find(".//text") is not None or not chart.title
    assert draw(chart, "salt") == drawn


def test_labels_are_neither_markup_nor_mathematics():
    texts = [element.text for element in ElementTree.fromstring(draw(CHARTS[5], "s")).iter("text")]
    assert any(text and text.startswith("<b>&\"'$\\frac{1}$") for text in texts)


def test_salt_keeps_identifiers_apart():
    first, second = (ElementTree.fromstring(draw(CHARTS[0], salt)) for salt in ("a", "b"))
    ids = [{element.get("id") for element in root.iter() if element.get("id")} for root in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_settings_of_the_user_neither_matter_nor_change():
    plain = draw(CHARTS[0], "s")
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9, "svg.fonttype": "path"}):
        assert draw(CHARTS[0], "s") == plain
        assert mpl.rcParams["font.size"] == 30


def test_names_beside_lines_do_not_overlap():
    places = _spread([0.5, 0.51, 0.02, 0.0], [0.1, 0.2, 0.1, 0.1], 0.0, 1.0)
    assert places[1] - places[0] >= 0.149
    assert places[2] - places[3] >= 0.099
    assert min(places) >= 0.049


@pytest.mark.parametrize(
    ("label", "lines"),
    [
        ("people", ["people"]),
        ("zoo:efficientnet-lite0", ["zoo:efficientnet-", "lite0"]),
        ("guessing (1 in 16)", ["guessing", "(1 in 16)"]),
        ("x" * 40, []),
    ],
)
def test_names_break_where_they_may(label: str, lines: list[str]):
    assert _wrap(label) == lines


@pytest.mark.parametrize(
    ("chart", "table"),
    [
        (
            Lines(
                "t",
                "",
                "level",
                "y",
                (Series("model", (0.0, 1.0), (0.5, 0.25), (0.4, 0.2), (0.6, 0.3)), Series("people", (1.0,), (1.0,))),
                ((0.0, "clean"),),
            ),
            Table("t", ("level", "model", "people"), (("clean", "0.500 [0.400, 0.600]", ""), ("1", "0.250 [0.200, 0.300]", "1"))),
        ),
        (
            Bars("t", "", "share", (Bar("cat", 0.5), Bar("cat", 0.9, role="people"))),
            Table("t", ("", "who", "share"), (("cat", "model", "0.500"), ("cat", "people", "0.900"))),
        ),
        (
            Heatmap("t", "", ("a",), ("a", "b"), ((3.0, 1.0),)),
            Table("t", ("true category ↓ answer →", "a", "b"), (("a", "3", "1"),)),
        ),
    ],
)
def test_as_table(chart: Lines | Bars | Heatmap, table: Table):
    assert as_table(chart) == table


def test_a_large_matrix_is_told_by_its_largest_cells():
    table = as_table(
        Heatmap(
            "t", "", ("c1", "a"), tuple(f"c{i}" for i in range(60)), ((0.0, 9.0, *[0.0] * 58), tuple(float(i) for i in range(60)))
        )
    )
    assert table.rows[0] == ("a", "c59", "59")
    assert ("c1", "c1", "9") not in table.rows
