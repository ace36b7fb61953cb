"""`snellen train` as a user meets it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from snellen.cli import call
from snellen.models.safetensors import read_card

SHORT = ["--epochs", "2", "--images", "64", "--held-out", "64", "--width", "4", "--quiet"]


def test_train_says_how_well_and_where(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "m.safetensors"
    words = ["train", "--world", "size=32,seed=3", "--out", str(path), *SHORT]
    monkeypatch.setattr(sys, "argv", ["snellen", *words])
    assert call(words) == 0
    said = capsys.readouterr().out
    assert re.search(r"Held-out accuracy: [0-9.]+%, 95 % interval [0-9.]+% to [0-9.]+% \(Clopper-Pearson, 64 images\)", said)
    assert f"snellen exam {path}" in said
    assert "64 images, fresh in every epoch" in read_card(path).facts["trained on"]
    assert read_card(path).facts["command"] == f"snellen train --world size=32,seed=3 --out {path} {' '.join(SHORT)}"
    assert call(words) == 0
    assert capsys.readouterr().out == said


def test_hooks_have_settings(tmp_path: Path):
    path = tmp_path / "m.safetensors"
    hooks = ["--augment", "noise:low=0.1,high=0.2,share=1", "--augment", "blur", "--adversary", "pgd:epsilon=0.02,steps=1"]
    assert call(["train", "--world", "world:size=32", "--out", str(path), *SHORT, *hooks, "--shuffle-labels", "--arch", "bag"]) == 0
    assert "the same in every epoch, with labels dealt out at random" in read_card(path).facts["trained on"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "got no images; expected one of --world world and --images-from FOLDER"),
        (["--world", "world", "--images-from", "x"], "got both"),
        (["--images-from", "nowhere"], "nowhere"),
        (["--world", "textur|category=0.9"], "texture"),
        (["--world", "world", "--arch", "smal"], "Did you mean small?"),
        (["--world", "world", "--augment", "fog"], "expected one of noise, salt-and-pepper, contrast"),
        (["--world", "world", "--augment", "noise:loud=1"], "as in noise:share=0.5,low=0,high=0.6"),
        (["--world", "world", "--augment", "noise:share=2"], "from 0 to 1"),
        (["--world", "world", "--adversary", "pgd:steps=many"], "as in pgd:epsilon="),
        (["--world", "world", "--adversary", "pgd:steps"], "as in pgd:epsilon="),
        (["--world", "world", "--augment", "rotation:degrees=nan"], "an angle from 0 to 180"),
        (["--world", "world", "--label-smoothing", "1"], "label_smoothing"),
        (["--world", "world", "--seed", "-1"], "got seed = -1"),
        (["--world", "world", "--size", "0"], "got images of 0x0"),
        (["--world", "world", "--size", "8"], "too small for the architecture small"),
        (["--world", "world:size=512", "--images", "20000"], "which take 14.6 GiB; expected at most 8 GiB"),
        (["--world", "world", "--images", "64", "--held-out", "999999999"], "GiB; expected at most 8 GiB"),
        (["--world", "world", "--images", "64", "--target", "colour"], "names one of the 16 categories in no image of world"),
        (["--world", "world", "--epochs", "0"], "epochs"),
        (["--world", "world", "--schedule", "flat"], "one-cycle"),
    ],
)
def test_mistakes_are_sentences_with_code_two(tmp_path: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]):
    assert call(["train", *words, "--out", str(tmp_path / "m.safetensors"), "--quiet"]) == 2
    printed = capsys.readouterr()
    said = " ".join((printed.err + printed.out).split())
    assert says in said
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


def test_help_teaches_without_a_framework():
    program = (
        "import sys\nfrom snellen.cli import app\napp(['train', '--help'], exit_on_error=False, result_action='return_value')\n"
        "print([name for name in ('torch', 'polars', 'scipy', 'matplotlib') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.rstrip().endswith("[]")
    for words in ("--world", "texture|category=0.9", "--adversary", "goes on where it was interrupted", "--force"):
        assert words in " ".join(said.split())
