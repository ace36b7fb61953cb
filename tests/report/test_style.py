"""The colours of the page, held against WCAG 2's contrast of text (AA: 4.5) and of drawn marks (3)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from snellen import report

CSS = (Path(report.__file__).parent / "page.css").read_text("utf-8")
BLOCKS = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
THEMES = {"light": BLOCKS[0], "dark": BLOCKS[1]}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_on_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", THEMES)
def test_readable(theme: str):
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", THEMES[theme]))
    for ground in ("paper", "raised"):
        for name in ("ink", "muted", "link", "model", "people", "good", "caution", "bad"):
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
        for name in ("reference", "focus"):
            assert contrast(colours[name], colours[ground]) >= 3, (name, ground)
