"""Tasks for people: who is in which trial, which answer is right, and what is written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image
from torch import nn

import snellen
from snellen.cli import call
from snellen.core import Preprocessing, SnellenError
from snellen.models.torch import TorchModel
from snellen.tasks.choose import choose

SIDE = 32


def model() -> TorchModel:
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    return TorchModel(nn.Sequential(*layers), preprocessing=Preprocessing((SIDE, SIDE), mean=(0.5,) * 3, std=(0.2,) * 3))


def images(count: int = 48) -> np.ndarray:
    coarse = np.random.default_rng(1).integers(0, 256, (count, 3, 4, 4), dtype=np.uint8)
    return coarse.repeat(8, 2).repeat(8, 3)


def test_every_trial_gets_one_image_of_each_bin_and_none_comes_twice() -> None:
    rows = np.arange(100, 45, -1)
    chosen = choose(rows, 5, seed=3)
    assert set(chosen.queries) == set(range(100, 95, -1))
    assert chosen.references.shape == (5, 9)
    for at in range(9):
        assert set(chosen.references[:, at]) == set(rows[5 * (at + 1) : 5 * (at + 2)])
    assert not np.array_equal(chosen.references, choose(rows, 5, seed=4).references)
    with pytest.raises(SnellenError, match="got 55 images for 6 trials; expected 10 a trial"):
        choose(rows, 6, seed=0)


def opened(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path)).transpose(2, 0, 1).astype(np.float32) / 255


@pytest.mark.parametrize("references", ["natural", "blurred", "none", "mixed"])
def test_two_natural_images(references: str, tmp_path: Path) -> None:
    made = snellen.make_task(model(), images(), "0:1,3", references=references, trials=2, steps=3, out=tmp_path)  # type: ignore[arg-type]
    told = pl.read_csv(tmp_path / "trials.csv")
    assert told.height == made.trials.height == 4
    responses = lambda row, side: float(  # noqa: E731
        model().activations(torch.from_numpy(opened(tmp_path / row["folder"] / f"{side}.png"))[None], "0")[0, row["unit"]].mean()
    )
    for row in told.iter_rows(named=True):
        left, right = responses(row, "left"), responses(row, "right")
        assert row["answer"] == ("right" if right > left else "left")
        assert row["left"] == pytest.approx(left, abs=1e-4)
        assert row["right"] == pytest.approx(right, abs=1e-4)
        found = sorted(path.name for path in (tmp_path / row["folder"]).iterdir())
        assert len(found) == (2 if references == "none" else 20)
    assert json.loads((tmp_path / "task.json").read_text())["references"] == references


def test_one_image_under_two_occluders(tmp_path: Path) -> None:
    made = snellen.make_task(model(), images(), "0:0", design="zimmermann-2021", trials=4, share=0.25, out=tmp_path)
    for row in made.trials.iter_rows(named=True):
        pictures = {side: opened(tmp_path / row["folder"] / f"{side}.png") for side in ("left", "right")}
        assert {path.name[:13] for path in (tmp_path / row["folder"]).glob("reference*")} == {"reference-max"}
        assert row["side"] == 8
        top, left = map(int, row["highest"].split())
        under = pictures[row["answer"]][:, top : top + 8, left : left + 8]
        assert np.allclose(under, under[:, :1, :1])
        assert row[row["answer"]] == max(row["left"], row["right"])
        assert {row["by distance"], row["by contrast"]} <= {"left", "right"}
    right = [row["by distance"] == row["answer"] for row in made.trials.iter_rows(named=True)]
    assert made.accuracy("by distance") == sum(right) / 4
    again = snellen.make_task(model(), images(), "0:0", design="zimmermann-2021", trials=4, share=0.25, out=tmp_path / "again")
    assert again.trials.drop("folder").equals(made.trials.drop("folder"))


def test_what_cannot_be_made(tmp_path: Path) -> None:
    for change, said in (
        ({"units": "0:9"}, "expected channels from 0 to 3"),
        ({"units": []}, "got borowski-2020, 1 trials of no unit"),
        ({"units": ["0:1", "1:1"]}, "got units of 2 layers"),
        ({"units": "first:0"}, "got the layer 'first'"),
        ({"trials": 6}, "expected 10 a trial"),
    ):
        given = {"model": model(), "images": images(), "units": "0:0", "trials": 1, "out": tmp_path, **change}
        with pytest.raises(SnellenError, match=said):
            snellen.make_task(**given)  # type: ignore[arg-type]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["patient:healthy", "world:images=24", "--unit", "features.0:1", "--trials", "2", "--design", "zimmermann-2021"]
    assert call(["task", *arguments, "-o", str(tmp_path), "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "Chosen by distance: right in " in said
    assert "2 trials:" in said
    assert pl.read_csv(tmp_path / "trials.csv").height == 2
