"""Worlds and patients on the command line: what is listed, what is shown, and the exam of who has installed nothing more."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from snellen.cli import call
from snellen.cli import exam as exams
from snellen.images import packaged
from snellen.images.world.open import PRESETS
from snellen.models import patients, zoo
from snellen.models.patients import PATIENTS

TRAIN = ["--images", "64", "--epochs", "1", "--width", "4", "--held-out", "16", "--quiet"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that learnt next to nothing, in the place of a patient."""
    path = tmp_path_factory.mktemp("weights") / "patient.safetensors"
    assert call(["train", "--world", "size=32", *TRAIN, "--out", str(path)]) == 0
    return path


def test_patients_and_worlds_are_listed(capsys: pytest.CaptureFixture[str]):
    assert call(["list"]) == 0
    said = capsys.readouterr().out
    assert all(f"patient:{name}" in said and recipe.planted in said for name, recipe in PATIENTS.items())
    assert all(f"world:{name}" in said for name in PRESETS)


def test_a_world_shows_its_concepts(capsys: pytest.CaptureFixture[str]):
    assert call(["show", "world:hard,texture|category=0.9"]) == 0
    lines = {line.split()[1]: line for line in capsys.readouterr().out.splitlines() if line.startswith("│")}
    assert "category (90%)" in lines["texture"]
    assert "0.4 to 0.7" in lines["scale"]
    assert "0.1 to 1.5" in lines["scale"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["world", "--size", "64"], "add --sheet"),
        (["world", "--sheet", "a.xyz"], "such as a.png"),
        (["world", "--sheet", "no/where.png", "--size", "16"], "expected a file that can be written"),
        (["world:" + "a" * 20_000], "got a world named by 20,006 characters; expected at most 10,000"),
        (["world:images=99999999", "--sheet", "a.png"], "from 1 to 1,000,000"),
        (["shape-bias", "--sheet", "a.png"], "expected them with a world only"),
    ],
)
def test_mistakes_are_sentences_with_code_two(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    assert call(["show", *words]) == 2
    assert says in capsys.readouterr().err


def test_a_name_is_no_markup(capsys: pytest.CaptureFixture[str]):
    assert call(["show", "world:name=[/b]"]) == 0
    assert "world:name=[/b]" in capsys.readouterr().out


def test_a_world_shows_a_contact_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "sheet.png"
    assert call(["show", "world:texture|category=1", "--sheet", str(path), "--size", "16", "--seed", "3"]) == 0
    assert str(path) in capsys.readouterr().out
    with Image.open(path) as picture:
        assert min(picture.size) > 1000


def test_a_patient_shows_its_card(weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(patients, "weights", lambda name: weights)
    assert call(["show", "patient:texture-biased"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "planted It goes by texture" in said
    assert "signs shape-bias.value.high<0.5; reliance.texture.low>0.5" in said
    assert "held-out images" in said


def test_the_exam_says_what_was_planted(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(patients, "weights", lambda name: weights)
    out = tmp_path / "out"
    words = ["exam", "patient:random-weights", "world:images=48,size=32", "--out", str(out), "--quiet"]
    assert call([*words, "--probes", "accuracy"]) == 0
    said = capsys.readouterr().out
    assert "Planted: It has learnt nothing" in said
    assert "Found: yes (accuracy.top1.high<0.2: " in said or "Found: no (accuracy.top1.high<0.2: " in said
    assert call([*words, "--probes", "blur"]) == 0
    assert "Found: not looked for (accuracy.top1.high<0.2: accuracy was not asked)" in capsys.readouterr().out
    assert "The exam did not look for it." in (out / "report.html").read_text("utf-8")


@pytest.mark.parametrize("missing", ["weights", "photographs", "nothing"])
def test_without_the_default_packages_a_patient_is_examined(
    missing: str, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(zoo, "installed", lambda name: missing != "weights")
    monkeypatch.setattr(packaged, "installed", lambda: missing != "photographs")
    subject = exams._subject(None, None)
    said = capsys.readouterr().err
    if missing == "nothing":
        assert subject == ("zoo:efficientnet-lite0", "photos:all", [])
        assert said == ""
        return
    assert subject[:2] == ("patient:texture-biased", "world")
    assert said.count("\n") == 1
    assert "pip install 'snellen[default]'" in said
    monkeypatch.setattr(patients, "weights", lambda name: weights)
    monkeypatch.setattr("sys.argv", ["snellen", "exam", "--sample", "32"])
    monkeypatch.chdir(tmp_path)
    assert call(["exam", "--sample", "32", "--probes", "accuracy", "--out", "out", "--quiet"]) == 0
    assert json.loads(Path("out/exam.json").read_text())["command"] == "snellen exam --sample 32 patient:texture-biased world"


def test_what_is_named_is_examined():
    assert exams._subject("patient:healthy", None) == ("patient:healthy", "world", [])
    assert exams._subject("net.onnx", None) == ("net.onnx", "photos:all", [])
    assert exams._subject(None, ("world",)) == ("zoo:efficientnet-lite0", ("world",), [])


def test_what_is_installed_is_seen_without_importing_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(packaged, "archive_path", lambda: tmp_path / "none")
    monkeypatch.setattr(packaged, "_package", lambda name: None)
    assert not packaged.installed()
    (tmp_path / "none").touch()
    assert packaged.installed()
    monkeypatch.setitem(zoo.ENTRIES, "squeezenet", replace(zoo.ENTRIES["squeezenet"], package="no-such-package"))
    assert not zoo.installed("zoo:squeezenet")
