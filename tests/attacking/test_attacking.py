"""`snellen attack` and `snellen.attack`: a table, a sheet, warnings, and nothing done twice."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

import snellen
from snellen.attacking import read_epsilons
from snellen.attacking.sheet import Triple, sheet
from snellen.cli import call
from snellen.core import Preprocessing, SnellenError
from snellen.labels import custom
from snellen.models.function import FunctionModel
from snellen.models.patients import weights

PLAIN = Preprocessing((8, 8))
PATIENT = "patient:healthy"


@pytest.fixture(scope="module")
def pixels() -> tuple[np.ndarray, list[str]]:
    """Six dark and six bright images."""
    rng = np.random.default_rng(0)
    dark, bright = (rng.integers(low, low + 20, (6, 3, 8, 8), dtype=np.uint8) for low in (90, 140))
    return np.concatenate([dark, bright]), ["dark"] * 6 + ["light"] * 6


class Brightness:
    """Says light above a mean of one half, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def model(self) -> FunctionModel:
        def answer(images: np.ndarray) -> np.ndarray:
            self.asked += len(images)
            mean = 20 * (images.mean((1, 2, 3)) - 0.5)
            return np.stack([-mean, mean], axis=1)

        return FunctionModel(answer, name="brightness", preprocessing=PLAIN, labels=custom(["dark", "light"]), id="v1")


def test_accuracy_falls_where_it_must(pixels: tuple[np.ndarray, list[str]], tmp_path: Path) -> None:
    eye = Brightness()
    given = {"attacks": "square:queries=30", "epsilons": ["2/255", 0.2], "out": tmp_path}
    first = snellen.attack(eye.model(), pixels, **given, batch_size=5)
    assert [stand.epsilon for stand in first.stands if stand.together] == pytest.approx([0, 2 / 255, 0.2])
    assert (first[0].accuracy, first[2 / 255].accuracy, first[0.2].accuracy) == (1, 1, 0)
    assert first[0.2].interval is not None
    assert first[0.2].interval.high < 0.3
    assert "With 2 classes" in " ".join(first.warnings)
    names, originals, places = first.adversarial()
    assert len(names) == 12
    assert 2 / 255 < np.abs(places - originals).max() <= 0.2 + 1e-6
    before = eye.asked
    again = snellen.attack(eye.model(), pixels, **given, batch_size=5)
    assert eye.asked == before, "nothing was missing"
    assert again.stands == first.stands
    part = again.assault.shelf.folder / "part-00001.parquet"
    part.unlink()
    assert snellen.attack(eye.model(), pixels, **given, batch_size=5).frame.equals(first.frame)
    assert before < eye.asked < 1.7 * before
    whole = snellen.attack(eye.model(), pixels, **{**given, "out": tmp_path / "other"}, batch_size=12)
    assert whole.stands == first.stands


def test_what_cannot_be_attacked_is_said(pixels: tuple[np.ndarray, list[str]], tmp_path: Path) -> None:
    model = Brightness().model()
    options = {"out": tmp_path}
    with pytest.raises(SnellenError, match="gives no gradients, which pgd follow"):
        snellen.attack(model, pixels, "pgd", **options)
    with pytest.raises(SnellenError, match="no categories"):
        snellen.attack(model, pixels[0], "square", **options)
    with pytest.raises(SnellenError, match="Did you mean square"):
        snellen.attack(model, pixels, "sqare", **options)


@pytest.mark.parametrize(
    "text", ["8//255", "many", "1/0", "0", [], ["-1/255"], "1e400", None, np.float32(0), np.array(0.0), {}, b"1"]
)
def test_sizes_that_are_none(text: object) -> None:
    with pytest.raises(SnellenError, match="expected numbers"):
        read_epsilons(text)
    assert read_epsilons(["8/255", 0.5, " 1/255"]) == pytest.approx((1 / 255, 8 / 255, 0.5))


def test_the_sheet_has_three_pictures_for_each_image() -> None:
    grey, rng = np.full((3, 8, 8), 0.5, np.float32), np.random.default_rng(0)
    triple = Triple(
        grey, (grey + rng.uniform(-0.1, 0.1, grey.shape)).astype(np.float32), "cat\n99%", "dog " * 30 + "\n1%", "linf 0.1"
    )
    one, many = sheet("a model", [triple]), sheet("a model", [triple] * 5)
    assert one.width == many.width
    assert many.height > 2 * one.height - 200
    assert len(set(np.asarray(one).reshape(-1, 3).max(axis=1).tolist())) > 50


@pytest.mark.skipif(not weights("healthy").is_file(), reason="needs the patients' weights")
def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    attacks = ["--attack", "fgsm", "--attack", "pgd:steps=3", "--eps", "1/255", "4/255", "--quiet"]
    command = ["attack", PATIENT, "world:images=16,size=64", *attacks, "-o", str(tmp_path)]
    assert call([*command, "--save", "png"]) == 0
    told = capsys.readouterr().out
    assert "4/255" in told
    assert "fgsm + pgd" in told
    assert "the images as they are" in told
    assert "rounded to 8 bits" in told
    table = json.loads((tmp_path / "attack.json").read_text())
    assert [stand["epsilon"] for stand in table["stands"] if stand["together"]] == pytest.approx([0, 1 / 255, 4 / 255])
    assert pl.read_parquet(tmp_path / "attack.parquet").height == 16 * 2 * 3
    broken = table["stands"][-1]["broken"]
    assert broken > 0
    assert len(list((tmp_path / "adversarial").glob("*.png"))) == broken
    with Image.open(tmp_path / "sheet.png") as picture:
        assert picture.width > 1000
    assert call([*command, "--json", "--save", "npz"]) == 0
    assert json.loads(capsys.readouterr().out) == table
    with np.load(tmp_path / "adversarial.npz") as saved:
        assert saved["adversarial"].shape == (broken, 3, 64, 64)


def test_where_nothing_can_be_written_is_said(pixels: tuple[np.ndarray, list[str]], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(SnellenError, match="expected one that can be written to"):
            snellen.attack(Brightness().model(), pixels, "square:queries=1", out=out)


def test_names_are_no_emoji(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text("def dog(images):\n    return images[:, :2, 0, 0]\n")
    for category, colour in (("a", "red"), ("b", "lime")):
        (tmp_path / category).mkdir()
        Image.new("RGB", (8, 8), colour).save(tmp_path / category / "0.png")
    (tmp_path / "ab.txt").write_text("a\nb\n")
    command = ["attack", "net.py:dog", ".", "--labels", "ab.txt", "--preprocess", "size=8", "--attack", "square:queries=2"]
    assert call(command) == 0
    told = capsys.readouterr()
    assert "Attacking net.py:dog: 0 of 2" in told.err
    assert "net.py:dog on" in told.out
    assert call([*command, "--attack", "pgd:dog:3"]) == 2
    assert "got pgd:dog:3;" in capsys.readouterr().err


def test_errors_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["attack", PATIENT, "world:images=4", "--attack", "pdg", "-o", str(tmp_path)]) == 2
    assert "Did you mean pgd?" in capsys.readouterr().err
    assert call(["attack", PATIENT, "world:images=4", "--eps", "lots", "-o", str(tmp_path)]) == 2
    assert "expected numbers or fractions" in capsys.readouterr().err
