"""`snellen treat calibrate` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from snellen.cli import call
from tests.patients import NAMES, draw

MODEL = """
from tests.patients import Patient

def sure():
    return Patient(keep=0.01, seed=3, texture=0.2, gain=12.0)
"""
OWN = ["--labels", "sixteen", "--preprocess", "size=64"]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("room")
    (root / "models.py").write_text(MODEL)
    k = np.arange(96) % 16
    for at, pixels in enumerate(draw(k, k)):
        place = root / "toys" / NAMES[k[at]]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.transpose(1, 2, 0)).save(place / f"{at}.png")
    return root


def treat(room: Path, *more: str, out: str = "c.json") -> int:
    return call(["treat", "calibrate", f"{room}/models.py:sure", str(room / "toys"), *OWN, "-o", str(room / out), *more])


def test_it_prints_before_and_after_and_the_file_is_examined(room: Path, capsys: pytest.CaptureFixture[str]):
    assert treat(room) == 0
    said = capsys.readouterr().out
    assert "calibration error, equal width" in said
    assert "Fitted on 48 images, judged on 48: T = " in said
    assert (room / "c.svg").is_file()
    words = ["exam", str(room / "c.json"), str(room / "toys"), "--probes", "calibration", "--out", str(room / "out"), "--quiet"]
    assert call(words) == 2
    assert "allow it with --trust" in capsys.readouterr().err
    assert call([*words, "--trust"]) == 0
    assert "fitted on 48 of these 96 images" in (room / "out" / "report.html").read_text("utf-8")


def test_json(room: Path, capsys: pytest.CaptureFixture[str]):
    assert treat(room, "--method", "isotonic", "--json", "--share", "0.7", out="i.json") == 0
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert found["accuracy"]["before"] == found["accuracy"]["after"]
    assert found["error"]["after"] < found["error"]["before"]
    assert len(json.loads((room / "i.json").read_text())["fitted_on"]) == 67


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--share", "0"], "between 0 and 1"),
        (["--method", "magic"], "magic"),
        (["--sample", "1"], "at least two"),
        (["--categories", "imagenet"], "categor"),
    ],
)
def test_mistakes_are_sentences(room: Path, more: list[str], says: str, capsys: pytest.CaptureFixture[str]):
    assert treat(room, *more, out="m.json") == 2
    streams = capsys.readouterr()
    said = " ".join((streams.err + streams.out).split())
    assert says in said
    assert "Traceback" not in said
    assert not (room / "m.json").exists()
