"""`snellen explain` and `snellen.explain`: maps, a sheet, sentences where something is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import snellen
from snellen.cli import call
from snellen.core import Preprocessing, SnellenError
from snellen.explaining.sheet import sheet
from snellen.explaining.targets import targets
from snellen.images.files import open_files
from snellen.labels import custom
from snellen.models.function import FunctionModel
from tests.patients import SIZE, draw, patient


@pytest.fixture
def photos(tmp_path: Path) -> list[str]:
    """Three images whose category is where their blob is: the first, the sixth and the eleventh of sixteen places."""
    paths = []
    for at, pixels in zip((0, 5, 10), draw(np.array([0, 5, 10]), np.array([0, 5, 10])), strict=True):
        paths.append(str(tmp_path / f"photo-{at}.png"))
        Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0))).save(paths[-1])
    return paths


def box() -> FunctionModel:
    """A black box that answers by the brightest quarter of four."""

    def answer(images: np.ndarray) -> np.ndarray:
        return images.mean(1).reshape(-1, 2, 32, 2, 32).mean((2, 4)).reshape(-1, 4)

    plain = Preprocessing((SIZE, SIZE))
    return FunctionModel(answer, name="quarters", preprocessing=plain, labels=custom(["a", "b", "c", "d"]), id="v1")


def test_maps_are_where_the_blob_is(photos: list[str]) -> None:
    found = snellen.explain(patient(), photos, ["gradient-x-input", "occlusion:patch=16,stride=16"])
    assert found.images == ("photo-0.png", "photo-5.png", "photo-10.png")
    assert found.classes.tolist() == found.answers.tolist() == [0, 5, 10]
    for name in ("gradient-x-input", "occlusion"):
        maps = found[name].maps
        maps = maps.sum(1) if maps.ndim == 4 else maps
        cells = maps.reshape(3, 4, 16, 4, 16).sum((2, 4)).reshape(3, 16)
        assert cells.argmax(1).tolist() == [0, 5, 10]
    assert all((scores > 0.05).all() for scores in found.faithful)
    assert snellen.explain(patient(), photos[0], "occlusion", check=False).faithful == ()
    with pytest.raises(KeyError, match="there are gradient-x-input, occlusion"):
        found["rise"]


def test_what_a_model_cannot_give_is_left_out_with_a_reason(photos: list[str]) -> None:
    found = snellen.explain(box(), photos)
    assert [method.name for method, _ in found.methods] == ["occlusion"]
    assert set(found.refused) == {"gradient", "grad-cam"}
    assert "no gradients" in found.refused["gradient"]
    with pytest.raises(SnellenError, match="no gradients"):
        snellen.explain(box(), photos, "gradient")


def test_the_class_explained() -> None:
    logits = np.array([[1.0, 3.0, 2.0], [0.0, -1.0, np.nan]])
    classes = custom(["Red fox", "owl", "cat"])
    assert targets(logits, "answer", classes, [None, None]).tolist() == [1, 0]
    assert targets(logits, "second", classes, [None, None]).tolist() == [2, 1]
    assert targets(logits, "truth", classes, ["cat", "owl"]).tolist() == [2, 1]
    assert targets(logits, "red_fox", classes, [None, None]).tolist() == [0, 0]
    assert targets(logits, "2", classes, [None, None]).tolist() == [2, 2]
    for wanted, categories, said in (
        ("owll", [None, None], "Did you mean owl?"),
        ("3", [None, None], "expected answer, second, truth, or one of the 3 classes"),
        ("truth", ["cat", None], "an image with no category"),
        ("truth", ["cat", "dog"], "the category dog"),
    ):
        with pytest.raises(SnellenError, match=said.replace("?", r"\?")):
            targets(logits, wanted, classes, categories)


def test_a_folder_and_a_sample_of_it(photos: list[str]) -> None:
    folder = str(Path(photos[0]).parent)
    assert len(snellen.explain(patient(), folder, "gradient").images) == 3
    assert len(snellen.explain(patient(), folder, "gradient", sample=2).images) == 2


def test_the_same_seed_gives_the_same_maps_alone_and_among_others(photos: list[str]) -> None:
    together = snellen.explain(patient(), photos, "smooth-grad:samples=3", seed=4)["smooth-grad"].maps
    alone = snellen.explain(patient(), photos[1], "smooth-grad:samples=3", seed=4)["smooth-grad"].maps
    np.testing.assert_allclose(alone[0], together[1], atol=1e-6)


def test_the_command_writes_a_sheet_or_a_folder(photos: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, folder = tmp_path / "out" / "one.webp", tmp_path / "all"
    chosen = ["-m", "gradient", "-m", "occlusion:patch=16"]
    assert call(["explain", "patient:healthy", photos[0], *chosen, "-o", str(picture), "--quiet"]) == 0
    said = capsys.readouterr().out
    assert str(picture) in said
    assert "occlusion: faithful" in said
    with Image.open(picture) as opened:
        assert opened.format == "WEBP"
        assert opened.width > 3 * 224
    assert call(["explain", "patient:healthy", *photos, *chosen, "--target", "second", "-o", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((folder / "explain.json").read_text())
    assert [row["image"] for row in told["images"]] == ["photo-0.png", "photo-5.png", "photo-10.png"]
    assert all(row["class"] != row["answer"] for row in told["images"])
    assert [method["method"] for method in told["methods"]] == ["gradient", "occlusion"]
    assert [len(method["faithful"]) for method in told["methods"]] == [3, 3]
    with np.load(folder / "maps.npz") as maps:
        assert set(maps) == {"image", "0-gradient", "1-occlusion"}
        size = snellen.load("patient:healthy").preprocessing.size
        assert maps["1-occlusion"].shape == (3, *size)


def test_what_cannot_be_used_is_said(photos: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    assert call(["explain", "patient:healthy", str(broken), photos[0], "-m", "gradient", "-o", str(tmp_path / "a.png")]) == 0
    assert "Left out: broken.png" in capsys.readouterr().out
    for arguments, said in (
        (["patient:healthy", str(broken), "-m", "gradient"], "no image of broken.png could be read"),
        (["patient:healthy", photos[0], "-m", "gradeint"], "Did you mean gradient?"),
        (["patient:healthy", photos[0], "nowhere.png", "-m", "gradient"], "got nowhere.png among 2 images"),
        (["patient:healthy", photos[0], "-m", "gradient", "--target", "carr"], "Did you mean car?"),
        (["patient:healthy", photos[0], "-m", "gradient", "-o", str(broken / "x")], "which cannot be written"),
        (["patient:healthy", photos[0], "-m", "grad-cam:layer=nothing"], "got the layer 'nothing'; expected one of"),
    ):
        assert call(["explain", *arguments, "--quiet"]) == 2
        assert said in capsys.readouterr().err.replace("\n", " "), arguments


def test_a_sheet_has_a_line_an_image_and_a_column_a_method(photos: list[str]) -> None:
    one = sheet(snellen.explain(patient(), photos[:1], "gradient"))
    three = sheet(snellen.explain(patient(), photos, ["gradient", "occlusion"]))
    assert three.width > one.width
    assert three.height > 2 * one.height
    colours = np.asarray(three).reshape(-1, 3).astype(int)
    assert (colours[:, 0] - colours[:, 2] > 100).any()
    assert (colours[:, 2] - colours[:, 0] > 100).any()


def test_files_by_name(photos: list[str], tmp_path: Path) -> None:
    opened = open_files([*photos, photos[0]])
    assert (opened.name, len(opened), opened.labels) == ("3 images", 3, None)
    link = tmp_path / "link" / "photo.png"
    link.parent.mkdir()
    link.symlink_to(photos[0])
    assert open_files([link]).fetch([0])[0] == Path(photos[0]).read_bytes()
    for given in ([], [tmp_path / "none.png"]):
        with pytest.raises(SnellenError, match="expected image files that are there"):
            open_files(given)
