"""`snellen perturb`, `snellen list perturbations` and `snellen show` of one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from snellen.cli import call
from snellen.methods.perturb import registry


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for at in range(3):
        path = tmp_path / "photos" / "cat" / f"{at}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(at).integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(path)
    return tmp_path / "photos"


def test_a_folder_is_written_and_told(photos: Path, capsys: pytest.CaptureFixture[str]):
    assert call(["perturb", "fog", "photos", "--level", "1,3", "--level", "5", "-o", "foggy"]) == 0
    said = capsys.readouterr()
    assert "corruptions/fog, 3 levels of 3 images: wrote 9 files to foggy" in said.out
    assert "corruptions/fog: 9 of 9 (100%)" in said.err
    with Image.open("foggy/sheet.png") as sheet:
        assert sheet.width > sheet.height / 2 > 100
    assert call(["perturb", "fog", "photos", "--level", "all", "-o", "foggy", "--quiet"]) == 0
    said = capsys.readouterr()
    assert "wrote 6 files" in said.out
    assert not said.err


def test_a_file_of_ones_own(photos: Path, capsys: pytest.CaptureFixture[str]):
    Path("mine.py").write_text('"""Mine."""\nLEVELS = {"1": 0.5}\n\n\ndef mine(images, amount):\n    return images * amount\n')
    assert call(["perturb", "./mine.py", "photos", "--level", "1"]) == 0
    assert Path("perturbed/mine/1/cat/0.png").is_file()
    assert call(["show", "./mine.py"]) == 0
    assert "mine: Mine." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["fogg", "photos"], "Did you mean fog?"),
        (["fog", "photo"], "Did you mean photos?"),
        (["fog", "photos", "--level", "9"], "expected all, or some of 1, 2, 3, 4, 5"),
        (["rotation", "photos", "--level", "45"], "expected all, or some of 0, 90, 180, 270"),
        (["fog", "photos", "-o", "photos"], "choose another -o"),
    ],
)
def test_mistakes_are_sentences_with_code_two(photos: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str):
    assert call(["perturb", *words]) == 2
    assert says in capsys.readouterr().err


def test_all_are_listed_and_one_is_shown(capsys: pytest.CaptureFixture[str]):
    assert call(["list", "perturbations"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in registry.names())
    assert call(["show", "fog"]) == 0
    said = capsys.readouterr().out
    assert "hendrycks-2019" in said
    assert "(2.5, 1.7)" in said
    assert call(["show", "distortions/contrast"]) == 0
    assert "c100" in capsys.readouterr().out
    assert call(["show", "contrast"]) == 0
    assert "Does the model still see" in capsys.readouterr().out
