"""Folders of perturbed images: what is in them, going on where it stopped, and what is never touched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

import snellen
from snellen.arrays import image_keys
from snellen.core import SnellenError
from snellen.methods.perturb import registry
from snellen.perturbing import Perturbed, job, perturb


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two categories, photographs of two sizes, one of them damaged."""
    rng = np.random.default_rng(0)
    for at, name in enumerate(("cat/a.jpg", "cat/b.png", "dog/c.png", "dog/d.png")):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        codes = rng.integers(0, 256, (24, 24 + 8 * (at % 2), 3), dtype=np.uint8)
        Image.fromarray(codes).save(path)
    (tmp_path / "photos" / "dog" / "e.png").write_bytes(b"no image")
    return tmp_path / "photos"


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_files_hold_what_the_perturbation_gives(photos: Path, tmp_path: Path):
    done = perturb(photos, "uniform-noise", ["0.10", "0.35"], tmp_path / "out", seed=3)
    assert isinstance(done, Perturbed)
    assert (done.images, done.written, done.levels) == (5, 8, ("0.10", "0.35"))
    assert [problem[:2] for problem in done.problems] == [("dog/e.png", "")]
    each = [f"{level}/{name}.png" for level in done.levels for name in ("cat/a", "cat/b", "dog/c", "dog/d")]
    assert files(done.folder) == sorted([*each, "manifest.csv", "perturbation.json", "sheet.png"])
    keys = image_keys("distortions/uniform-noise", "0.35", ["dog/c.png"], 3)
    expected = registry.get("uniform-noise")(pixels(photos / "dog/c.png").transpose(2, 0, 1)[None], "0.35", keys)[0]
    assert (pixels(done.folder / "0.35/dog/c.png") == expected.transpose(1, 2, 0)).all()


def test_the_folder_and_each_level_are_image_sets(photos: Path, tmp_path: Path):
    done = perturb(photos, "edges", out=tmp_path / "out")
    whole = snellen.open_images(done.folder)
    assert sorted(set(whole.facts["level"].to_list())) == [float(level) for level in done.levels]
    assert len(whole) == 4 * len(done.levels)
    assert len(snellen.open_images(done.folder / "2")) == 4
    table = pl.read_csv(done.table, infer_schema=False)
    assert table.columns[:2] == ["file", "category"]
    assert set(table["perturbation"]) == {"layout/edges"}
    assert set(table["citation"]) == {"canny-1986"}


def test_the_same_again_makes_what_is_missing(photos: Path, tmp_path: Path):
    out = tmp_path / "out"
    first = perturb(photos, "fog", "1", out)
    before = {path: path.read_bytes() for path in (out / "1").rglob("*.png")}
    gone = out / "1" / "cat" / "a.png"
    gone.unlink()
    again = perturb(photos, "fog", [1, 2], out)
    assert (first.written, again.written) == (4, 5)
    assert again.levels == ("1", "2")
    assert {path: path.read_bytes() for path in before} == before
    assert pl.read_csv(again.table).height == 8
    assert perturb(photos, "fog", "2", out).written == 0


def test_parts_change_nothing(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    whole = perturb(photos, "glass-blur", "3", tmp_path / "whole")
    monkeypatch.setattr(job, "TOGETHER", 1)
    parts = perturb(photos, "glass-blur", "3", tmp_path / "parts")
    assert all((pixels(whole.folder / name) == pixels(parts.folder / name)).all() for name in files(whole.folder) if "/" in name)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "snow"}, "perturbation 'corruptions/fog', not 'corruptions/snow'"),
        ({"seed": 1}, "seed 0, not 1"),
        ({"size": 16}, "size None, not 16"),
        ({"jpeg85": True}, "jpeg85 False, not True"),
        ({"limit": 2}, "other images"),
    ],
)
def test_a_folder_holds_one_kind(photos: Path, tmp_path: Path, change: dict, says: str):
    given = {"name": "fog", "level": "1", "out": tmp_path / "out"}
    perturb(photos, **given)
    with pytest.raises(SnellenError, match=says):
        perturb(photos, **{**given, **change})


def test_what_others_made_is_not_touched(photos: Path, tmp_path: Path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(SnellenError, match="not made by `snellen perturb`"):
        perturb(photos, "fog", "1", out)
    (out / "mine.txt").rename(tmp_path / "file")
    assert files(out) == []
    with pytest.raises(SnellenError, match="which is a file"):
        perturb(photos, "fog", "1", tmp_path / "file")


def test_size_and_jpeg(photos: Path, tmp_path: Path):
    done = perturb(photos, "saturation", "0", tmp_path / "out", size=16, jpeg85=True)
    path = done.folder / "0" / "cat" / "b.jpg"
    assert pixels(path).shape == (16, 16, 3)
    with Image.open(path) as image:
        assert image.format == "JPEG"


def test_one_that_is_refused_does_not_spoil_the_others(photos: Path, tmp_path: Path):
    done = perturb(photos, "rotation", "90", tmp_path / "out")
    assert done.written == 2
    assert {image: level for image, level, _ in done.problems} == {"cat/b.png": "90", "dog/d.png": "90", "dog/e.png": ""}


def test_when_all_are_refused_it_says_why(photos: Path, tmp_path: Path):
    with pytest.raises(SnellenError, match=r"no image of photos could be perturbed.*"):
        perturb(photos, "silhouette", out=tmp_path / "out")


def test_names_as_long_as_file_systems_take(tmp_path: Path):
    (tmp_path / "photos").mkdir()
    for length in (200, 249, 251):
        Image.new("RGB", (8, 8)).save(tmp_path / "photos" / f"{'x' * length}.png", format="PNG")
    done = perturb(tmp_path / "photos", "fog", "1", tmp_path / "out")
    assert done.written == 3
    assert [path for path in files(done.folder) if path.endswith(".tmp")] == []


def test_arrays_and_names_that_clash(tmp_path: Path):
    images = np.random.default_rng(0).random((3, 3, 12, 12), dtype=np.float32)
    done = perturb((images, ["cat", "dog", "dog"]), "colour", "bw", tmp_path / "out")
    assert files(done.folder / "bw") == ["cat/000000.png", "dog/000001.png", "dog/000002.png"]
    folder = tmp_path / "clash"
    folder.mkdir()
    for name in ("a.png", "a.bmp", "b.png"):
        Image.fromarray((images[0].transpose(1, 2, 0) * 255).astype(np.uint8)).save(folder / name)
    clashing = perturb(folder, "colour", "bw", tmp_path / "out2")
    assert files(clashing.folder / "bw") == ["a.bmp.png", "a.png.png", "b.png"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"level": "6"}, "expected all, or some of 1, 2, 3, 4, 5"),
        ({"level": ["1", "x"]}, "level x of"),
        ({"level": []}, "got no level of corruptions/fog"),
        ({"size": 0}, "size = 0"),
        ({"size": 10**8}, "from 1 to 10,000"),
    ],
)
def test_mistakes_are_told_before_anything_is_written(photos: Path, tmp_path: Path, options: dict, says: str):
    with pytest.raises(SnellenError, match=says):
        perturb(photos, "fog", out=tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()
