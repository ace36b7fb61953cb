"""`snellen dissect`: units that are concepts by construction are found, beside the same units mixed by a rotation."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import snellen
from snellen.cli import call
from snellen.core import Preprocessing, SnellenError
from snellen.dissecting import conduct
from snellen.dissecting.cards import outlined
from snellen.dissecting.files import counts, save
from snellen.images.decode import decode
from snellen.images.segmented import open_segmented
from snellen.methods.concepts.dissection import Concepts, Dissection, random_rotation
from snellen.models.torch import TorchModel
from snellen.run.progress import Progress
from tests.images import broden

PLAIN = Preprocessing((broden.SIDE, broden.SIDE), mean=(0.0,) * 3, std=(1.0,) * 3)


class Detectors(nn.Module):
    """The layer `units` gives the mean colours of cells."""

    def __init__(self) -> None:
        super().__init__()
        self.units = nn.AvgPool2d(broden.CELL)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, images: Tensor) -> Tensor:
        return self.units(images * self.scale).mean((2, 3))


def detectors() -> TorchModel:
    return TorchModel(Detectors(), name="detectors", preprocessing=PLAIN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    broden.write(tmp_path / "broden")
    return tmp_path / "broden"


def test_detectors_are_found_beside_those_of_a_rotation(folder: Path, tmp_path: Path) -> None:
    found = snellen.dissect(detectors(), folder, "units", share=1 / 64, side=8, least=0.6, out=tmp_path / "out", seed=3)
    layer = found["units"]
    assert found.frame["concept"].to_list() == ["red", "green", "blue"]
    assert found.frame["iou"].to_numpy() == pytest.approx(np.ones(3))
    assert found.frame["detector"].all()
    assert layer.found.seen == 40
    assert layer.control.mixed
    data = open_segmented(folder)
    images = torch.tensor(np.stack([decode(one, PLAIN) for one in data.images.fetch(range(40))]) / np.float32(255))
    concepts = Concepts(data.names, data.categories)
    mixed = Dissection("units", 1 / 64, 0.6)(
        detectors(), [(images, data.masks(range(40), PLAIN, 8))], concepts, rotation=random_rotation(3, 3)
    )
    np.testing.assert_allclose(layer.control.iou, mixed.iou, atol=1e-3)
    assert not np.allclose(layer.control.iou, layer.found.iou, atol=0.1)
    told = {row["category"]: row for row in counts(found)}
    assert (told["color"]["detectors"], told["color"]["concepts"]) == (3, 3)
    assert told["all"]["units"] == told["all"]["detectors"] == 3
    assert told["all"]["detectors, mixed"] == int(layer.control.detectors.sum())
    assert layer.exemplars.top.values.min() == pytest.approx(230 / 255)


def test_what_is_left_behind(folder: Path, tmp_path: Path) -> None:
    (folder / "images" / "made" / "007.png").write_bytes(b"no image")
    found = snellen.dissect(detectors(), folder, share=1 / 64, side=8, out=tmp_path / "out")
    table, frame, drawn = save(found)
    told = json.loads(table.read_text())
    assert told["seen"] == 39
    assert set(told["unreadable"]) == {"007.png"}
    assert [row["concept"] for row in told["units"]] == ["red", "green", "blue"]
    assert pl.read_parquet(frame).columns == ["layer", "unit", "concept", "category", "iou", "detector", "threshold", "active"]
    with Image.open(drawn) as opened:
        assert opened.height > 3 * 160
    with pytest.raises(KeyError, match="there are units"):
        found["other"]


def test_layers_that_are_done_are_kept(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"share": 1 / 64, "side": 8, "out": tmp_path / "out"}
    first = snellen.dissect(detectors(), folder, "units", **settings)
    monkeypatch.setattr(conduct.Dissection, "each", None)
    monkeypatch.setattr(conduct, "ranked", None)
    again = snellen.dissect(detectors(), folder, "units", least=0.2, **settings)
    assert again.frame.drop("detector").equals(first.frame.drop("detector"))
    np.testing.assert_array_equal(again["units"].exemplars.top.rows, first["units"].exemplars.top.rows)
    with pytest.raises(TypeError):
        snellen.dissect(detectors(), folder, "units", **{**settings, "side": 4})


def test_memory_does_not_grow_with_the_images(tmp_path: Path) -> None:
    peaks = []
    for count in (32, 96):
        broden.write(tmp_path / str(count), count)
        data = open_segmented(tmp_path / str(count))
        own = conduct.Conduct(detectors(), data, 0.1, 0.04, 112, 0, tmp_path, Progress(quiet=True))
        tracemalloc.start()
        seen = sum(len(masks()) for _, masks in conduct.Stream(own, lambda n: None))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert seen == count
    assert peaks[1] < 1.3 * peaks[0]


def test_an_outline_is_around_what_is_inside() -> None:
    pixels, mask = np.full((3, 160, 160), 0.5, np.float32), np.zeros((160, 160), bool)
    mask[40:80, 40:80] = True
    drawn = outlined(pixels, mask)
    assert drawn[:, 60, 60] == pytest.approx([0.5] * 3)
    assert drawn[0, 40, 60] == drawn[0, 41, 60] == 1
    assert drawn[0, 42, 60] == pytest.approx(0.5)
    assert drawn[0, 0, 0] < 0.2
    np.testing.assert_array_equal(outlined(pixels, ~mask & mask), pixels)
    assert outlined(pixels[:, :16, :16], mask[:16, :16]).shape == (3, 160, 160)


def test_the_command_prints_counts_beside_the_control(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    asked = ["dissect", "patient:healthy", "world:images=64", "--layer", "features.5", "--side", "16", "--cards", "2"]
    assert call([*asked, "-o", str(out), "--quiet"]) == 0
    printed = capsys.readouterr().out
    for word in ("detectors, mixed", "background colour", "texture", str(out / "units.webp")):
        assert word in printed
    assert call([*asked, "-o", str(out), "--quiet", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["units"]) == 72
    assert {row["category"] for row in told["counts"]} >= {"object", "part", "thing", "all"}
    for arguments, said in (
        (["world", "--layer", "feature.5"], "Did you mean features.5?"),
        (["world", "--side", "0"], "got masks of 0 rows"),
        (["world", "--share", "2"], "expected a share between 0 and 1"),
        (["photos:all"], "no masks of concepts"),
    ):
        assert call(["dissect", "patient:healthy", *arguments, "-o", str(tmp_path / "other"), "--quiet"]) == 2
        assert said in capsys.readouterr().err.replace("\n", " "), arguments


def test_only_networks_that_show_their_layers(tmp_path: Path) -> None:
    with pytest.raises(SnellenError, match=r"no PyTorch network|does not show its layers"):
        snellen.dissect(lambda images: images.mean((2, 3)), "world:images=4", preprocessing=Preprocessing((8, 8)), out=tmp_path)
