"""The page in a real browser. Needs Chromium on the path; skipped where there is none."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser
SILENT = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--hide-scrollbars", "--enable-logging=stderr", "--v=0"),
]


@pytest.fixture(scope="module", params=["page", "comparison"])
def sent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sent") / "page.html"
    file.write_text(request.getfixturevalue(request.param), "utf-8")
    return file


def chromium(file: Path, *options: str) -> tuple[str, str]:
    """Open a file; returns what was printed and what the console said."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs Chromium on the path")
    profile = f"--user-data-dir={file.parent / 'profile'}"
    done = subprocess.run(
        [program, *SILENT, profile, *options, file.as_uri()], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.parametrize(("scheme", "low", "high"), [("1", 220, 256), ("0", 0, 60)], ids=["light", "dark"])
def test_both_themes_without_a_complaint(sent: Path, scheme: str, low: float, high: float):
    shot = sent.parent / f"{scheme}.png"
    _, console = chromium(
        sent, f"--blink-settings=preferredColorScheme={scheme}", "--window-size=1280,1600", f"--screenshot={shot}"
    )
    assert console == ""
    pixels = np.asarray(Image.open(shot).convert("L"), float)
    assert low <= np.median(pixels) < high
    assert pixels.std() > 5


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_never_wider_than_the_window(sent: Path, width: int):
    page = sent.read_text("utf-8").replace("<details>", "<details open>").replace('<details class="more">', "<details open>")
    frame = sent.parent / f"frame-{width}.html"
    measure = "document.title = document.querySelector('iframe').contentDocument.documentElement.scrollWidth"
    frame.write_text(
        f'<body onload="{measure}"><iframe width={width} height=900 srcdoc="{html.escape(page)}"></iframe></body>', "utf-8"
    )
    dump, _ = chromium(frame, "--window-size=1400,1000", "--dump-dom")
    title = re.search(r"<title>(\d+)</title>", dump)
    assert title is not None
    assert 0 < int(title[1]) <= width


def test_a_request_would_be_noticed(sent: Path):
    bad = sent.parent / "bad.html"
    bad.write_text(sent.read_text("utf-8").replace("<main", '<img src="https://example.invalid/x.png" alt=""><main', 1), "utf-8")
    _, console = chromium(bad, "--dump-dom")
    assert "Content Security Policy" in console
