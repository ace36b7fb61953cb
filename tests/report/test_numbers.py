from __future__ import annotations

import pytest

from snellen.core import Finding, Interval, Reference
from snellen.report import numbers
from snellen.report.text import clean, prose


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.905, "share", "90.5 %"),
        (0.001, "share", "0.10 %"),
        (-0.024, "share", "−2.4 %"),
        (0.2083, "", "0.208"),
        (-1.5, "ms", "−1.500"),
        (1234.5, "", "1,234"),
        (0.0, "share", "0.0 %"),
    ],
)
def test_number(value: float, unit: str, text: str):
    assert numbers.number(value, unit) == text


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        (0.86, 0.94, "", "[0.86, 0.94]"),
        (0.192, 0.221, "", "[0.192, 0.221]"),
        (0.885, 0.922, "share", "[88.5, 92.2]"),
        (-0.15, -0.09, "", "[−0.15, −0.09]"),
        (900.0, 1200.0, "", "[900, 1,200]"),
    ],
)
def test_between(low: float, high: float, unit: str, text: str):
    assert numbers.between(low, high, unit) == text


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [([0.2, 0.9], 0, 1), ([-0.2, 0.9], -1, 1), ([3.0, 17.0], 0, 20), ([-7.0, 120.0], -10, 200), ([], 0, 1), ([-3.0], -5, 0)],
)
def test_scale(values: list[float], low: float, high: float):
    made = numbers.scale(values, "")
    assert (made.low, made.high) == (low, high)
    assert 0 < made.place(made.low) < made.place(made.high) < 100


def test_symmetric_scale_has_zero_in_its_middle():
    assert numbers.symmetric([-0.32, 0.1], "").place(0) == 50
    assert numbers.symmetric([-0.32, 0.1], "").high == 0.5
    assert numbers.symmetric([-32.0], "").high == 50


def test_spoken():
    finding = Finding("a.b", "t", "c", 0.9, Interval(0.8, 0.95, "x"), "share", 10, 0.1, Reference(0.99))
    assert numbers.spoken(finding) == "90.0 %, 95 % interval [80.0, 95.0], chance 10.0 %, people 99.0 %"
    assert numbers.spoken(Finding("a.b", "t", "c", reason="too few images")) == "too few images"


def test_clean_shows_what_would_deceive():
    assert clean("a\u202egnp.exe") == "a\ufffdgnp.exe"
    assert clean("a\x00b\x1b[1m\udcff") == "a\ufffdb\ufffd[1m\ufffd"
    assert clean("two\nlines") == "two lines"
    assert clean("שלום é 中") == "שלום é 中"


def test_prose_keeps_numbers_whole():
    assert prose("24.1 % of 3 %", {}) == "24.1\u00a0% of 3\u00a0%"
    assert prose("[-23.0 %, -0.5] of a-1 and 3-4", {}) == "[\u221223.0\u00a0%, \u22120.5] of a-1 and 3-4"


def test_prose_numbers_its_citations():
    said = prose("<b> above 10 % (guo-2017), half (95 %, wilson-1927); not nobody-1900", {"guo-2017": 3, "wilson-1927": 12})
    link = '<a class="cite" href="#ref-{0}" aria-label="reference {0}">[{0}]</a>'.format
    assert said == f"&lt;b&gt; above 10\u00a0% {link(3)}, half (95\u00a0%, {link(12)}); not nobody-1900"
