"""The command line as a user meets it: commands, exit codes, sentences."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from snellen.cli import call
from tests.patients import NAMES, draw

MODEL = """
import numpy as np
from tests.patients import Patient, blobs

def healthy():
    return Patient()

def texture():
    return Patient(shape=0.0, texture=1.0)

def box(images):
    grey = images.mean(axis=1).reshape(len(images), -1) - 0.5
    return 8 * 4 * grey @ (blobs() / (blobs() ** 2).sum(axis=(1, 2), keepdims=True)).reshape(16, -1).T

def broken(images):
    return np.full((len(images), 16), np.nan)

def flat(images):
    return np.zeros((len(images), 16))

def wide(images):
    return np.random.default_rng(0).random((len(images), 7))
"""

OWN = ["--labels", "sixteen", "--preprocess", "size=64"]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with images in sixteen sub-folders, and models in a file."""
    root = tmp_path_factory.mktemp("room")
    (root / "models.py").write_text(MODEL)
    k = np.arange(48) % 16
    for at, pixels in enumerate(draw(k, k)):
        place = root / "toys" / NAMES[k[at]]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.transpose(1, 2, 0)).resize((224, 224), Image.Resampling.NEAREST).save(place / f"{at}.png")
    return root


def exam(room: Path, model: str, *more: str, out: str = "out") -> int:
    words = ["exam", f"{room}/models.py:{model}", str(room / "toys"), *OWN, "--out", str(room / out), "--quiet"]
    return call([*words, *more])


def test_exam_prints_findings_and_where_the_page_is(room: Path, capsys: pytest.CaptureFixture[str]):
    assert exam(room, "box", "--probes", "accuracy,calibration") == 0
    said = capsys.readouterr().out
    assert "accuracy.top1" in said
    assert str(room / "out" / "report.html") in said.replace("\n", "")
    assert (room / "out" / "report.html").is_file()


def test_json_is_json(room: Path, capsys: pytest.CaptureFixture[str]):
    assert exam(room, "box", "--probes", "accuracy", "--json") == 0
    findings = json.loads(capsys.readouterr().out)
    assert findings[0]["id"] == "accuracy.top1"
    assert 0 <= findings[0]["interval"]["low"] <= findings[0]["value"] <= 1


def test_requirements_decide_the_exit_code(room: Path, capsys: pytest.CaptureFixture[str]):
    assert exam(room, "box", "--probes", "accuracy", "--require", "accuracy>=0") == 0
    assert exam(room, "box", "--probes", "accuracy", "--require", "accuracy.value>=0", "--require", "accuracy.low>1") == 1
    assert "NOT MET: accuracy.low>1" in capsys.readouterr().out
    assert "accuracy.low&gt;1" in (room / "out" / "report.html").read_text("utf-8")


def test_a_failing_probe_gives_three_and_the_others_report(room: Path, capsys: pytest.CaptureFixture[str]):
    probe = room / "sour.py"
    probe.write_text(
        "from dataclasses import dataclass\nfrom snellen import Probe\n\n@dataclass(frozen=True)\nclass Sour(Probe):\n"
        "    question = 'Sour?'\n    about = 'It fails.'\n    cites = ()\n\n"
        "    def judge(self, evidence):\n        raise KeyError('sour')\n"
    )
    assert exam(room, "box", "--probes", f"accuracy,{probe}") == 3
    said = capsys.readouterr().out
    assert "accuracy.top1" in said
    assert "sour on toys: failed: KeyError: 'sour'" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["exam", "zoo:efficientnet-lite9"], "Did you mean"),
        (["exam", "nothing.here:model"], "nothing"),
        (["exam", "{room}/models.py:nobody", "{room}/toys"], "nobody"),
        (["exam", "{room}/models.py:box", "{room}/toyz"], "toyz"),
        (["exam", "{room}/models.py:box", "{room}/toys", "--probes", "acuracy"], "Did you mean accuracy?"),
        (["exam", "{room}/models.py:broken", "{room}/toys", "--labels", "sixteen"], "NaN"),
        (["exam", "{room}/models.py:flat", "{room}/toys", "--labels", "sixteen"], "same logits"),
        (["exam", "{room}/models.py:wide", "{room}/toys", "--labels", "sixteen"], "7"),
        (["exam", "{room}/models.py:box", "{room}/toys", "--require", "accuracy"], "requirement"),
        (["exam", "{room}/models.py:box", "{room}/toys", "--set", "accuracy.picture=3"], "pictures"),
        (["exam", "{room}/models.py:box", "{room}/toys", "--set", "accuracy"], "PROBE.FIELD=VALUE"),
        (["exam", "{room}/models.py:box", "{room}/toys", "--batch-size", "0"], "--batch-size"),
        (["exam", "{room}/models.py:box", "{room}/toys", "--exam", "{room}/none.toml"], "none.toml"),
        (["exam", "{room}/models.py:box", "{room}/toys", "--people", "{room}/none.parquet"], "none.parquet"),
        (["exam", "{room}/models.py:healthy", "{room}/toys", "--labels", "sixteen"], "failed on images of shape"),
        (["exam", "{room}/models.py:box", "{room}/toys", "--preprocess", "size=big"], "size=224"),
        (["exam", "{room}/models.py:box", "{room}/toys", "--preprocess", "colour=1"], "size=224"),
        (["report", "{room}/none"], "finished exam"),
        (["judge", "{room}/toys"], "finished exam"),
        (["compare", "{room}/none"], "two or more"),
        (["show", "acuracy"], "Did you mean accuracy?"),
        (["show", "accuracy", "--sheet", "{room}/a.png"], "with a world only"),
        (["show", "world", "--sheet", "{room}/a.frog"], "a.png"),
        (["show", "world", "--sheet", "{room}/none/a.png"], "cannot"),
        (["show", "world", "--seed", "-1", "--sheet", "{room}/a.png"], "seed"),
        (["show", "world:textur=dots"], "Did you mean texture?"),
        (["exam", "patient:texture-based", "world"], "Did you mean patient:texture-biased?"),
        (["frobnicate"], "frobnicate"),
        (["exam", "--frobnicate"], "frobnicate"),
    ],
)
def test_errors_are_sentences_with_code_two(room: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]):
    written = [word.format(room=room) for word in words]
    more = ["--out", str(room / "bad"), "--quiet"] if words[0] == "exam" and "--frobnicate" not in words else []
    assert call([*written, *more]) == 2
    printed = capsys.readouterr()
    said = " ".join((printed.err + printed.out).split())
    assert says in said
    assert "Traceback" not in said


def test_dry_run_shows_nothing_to_the_images(room: Path, capsys: pytest.CaptureFixture[str]):
    assert exam(room, "box", "--dry-run", out="dry") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "29" in said
    assert "minutes" in said
    assert not (room / "dry" / "report.html").exists()


def test_exam_file_and_options_over_it(room: Path, capsys: pytest.CaptureFixture[str]):
    path = room / "exam.toml"
    path.write_text(
        f'model = "{room}/models.py:box"\nimages = ["{room}/toys"]\nlabels = "sixteen"\npreprocess = {{size = 64}}\n'
        f'probes = ["accuracy", "calibration"]\nout = "{room}/toml"\nrequire = ["accuracy>=0"]\n'
        "[settings.calibration]\nbins = 5\n"
    )
    assert call(["exam", "--exam", str(path), "--quiet"]) == 0
    settings = {s["probe"]: s["settings"] for s in json.loads((room / "toml" / "exam.json").read_text())["sections"]}
    assert settings["calibration"]["bins"] == 5
    assert call(["exam", "--exam", str(path), "--quiet", "--probes", "accuracy", "--json"]) == 2, "settings for a probe not asked"
    path.write_text("colour = 1\n")
    assert call(["exam", "--exam", str(path)]) == 2
    assert "colour" in capsys.readouterr().err


def test_judge_report_compare_cite(room: Path, capsys: pytest.CaptureFixture[str]):
    assert exam(room, "healthy", "--probes", "accuracy,blur", out="first") == 0
    assert exam(room, "texture", "--probes", "accuracy,blur", out="second") == 0
    page = room / "first" / "report.html"
    before = page.read_bytes()
    assert call(["report", str(room / "first")]) == 0
    assert page.read_bytes() == before
    assert call(["judge", str(room / "first")]) == 0
    assert page.read_bytes() == before
    assert call(["compare", str(room / "first"), str(room / "second"), "--out", str(room / "both.html")]) == 0
    assert "blur.kept" in capsys.readouterr().out
    assert "texture" in (room / "both.html").read_text("utf-8")
    assert call(["cite", str(room / "first")]) == 0
    assert "{geirhos-2018," in capsys.readouterr().out


def test_list_and_show(capsys: pytest.CaptureFixture[str]):
    assert call(["list"]) == 0
    assert call(["list", "probes"]) == 0
    assert call(["show", "calibration"]) == 0
    said = capsys.readouterr().out
    assert "--set calibration.bins=15" in said
    assert call(["show", "perturb.distortions.contrast"]) == 0
    assert call(["list", "colours"]) == 2


def test_a_probe_from_a_file_is_judged_again(room: Path, capsys: pytest.CaptureFixture[str]):
    probe = room / "sweet.py"
    probe.write_text(
        "from dataclasses import dataclass\nfrom snellen import Finding, Probe\n\n@dataclass(frozen=True)\nclass Sweet(Probe):\n"
        "    question = 'Sweet?'\n    about = 'A number.'\n    cites = ()\n    much: int = 1\n\n"
        "    def judge(self, evidence):\n        return [Finding('sweet.n', 'n', 'n', value=float(self.much), headline=True)]\n"
    )
    assert exam(room, "box", "--probes", str(probe), "--set", "sweet.much=3", "--require", "sweet>=3", out="sweet") == 0
    assert call(["judge", str(room / "sweet")]) == 2
    assert "--trust" in capsys.readouterr().err
    assert call(["judge", str(room / "sweet"), "--trust"]) == 0
    assert "sweet.n" in (room / "sweet" / "exam.json").read_text("utf-8")
    assert "NOT MET" not in capsys.readouterr().out
