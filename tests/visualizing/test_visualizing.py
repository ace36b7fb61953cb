"""`snellen visualize`, `snellen dream` and their Python calls, on networks whose units are colours."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import snellen
from snellen.cli import call
from snellen.core import SnellenError, Unsupported
from snellen.labels import custom
from snellen.methods.visualize.activation_maximization import ActivationMaximization
from snellen.methods.visualize.deep_dream import DeepDream
from snellen.visualizing import conduct
from snellen.visualizing.files import rows, save
from snellen.visualizing.units import find_layers, read_units, some_classes
from tests.methods.visualize.networks import SIDE, Colours, convolutional, model_of

QUICK = ActivationMaximization(steps=12)


def colours() -> snellen.Model:
    """Units of `maps` and classes are red, green and blue."""
    model = model_of(Colours())
    model.labels = custom(["red", "green", "blue"])
    return model


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six images of one colour and strength each; in each a quarter is brighter."""
    for channel, name in enumerate(("red", "green", "blue")):
        for strength in (80, 160):
            pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
            pixels[:, :, channel] = strength
            pixels[: SIDE // 2, SIDE // 2 :, channel] = 255
            (tmp_path / "photos").mkdir(exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / "photos" / f"{name}-{strength}.png")
    return tmp_path / "photos"


def test_channels_and_classes_become_their_colour() -> None:
    found = snellen.visualize(colours(), "maps:0-2", ["green"], method=QUICK)
    assert [one.target.name for one in found.units] == ["maps:0", "maps:1", "maps:2", "green"]
    for one, channel in zip(found.units, (0, 1, 2, 1), strict=True):
        assert one.images.shape == (1, 3, SIDE, SIDE)
        means = one.images[0].mean((1, 2))
        assert means.argmax() == channel
        assert one.values[0] == pytest.approx(means[channel], abs=1e-4)
    assert found["green"] is found.units[3]
    with pytest.raises(KeyError, match="there are maps:0, maps:1, maps:2, green"):
        found["yellow"]


def test_a_unit_has_the_same_image_whatever_else_is_asked_for() -> None:
    together = snellen.visualize(colours(), ["maps:0,2"], ["blue"], method=ActivationMaximization(steps=3, copies=2), seed=7)
    alone = snellen.visualize(colours(), "maps:2", method=ActivationMaximization(steps=3, copies=2), seed=7)
    np.testing.assert_allclose(together["maps:2"].images, alone["maps:2"].images, atol=1e-6)
    assert not np.allclose(alone["maps:2"].images[0], alone["maps:2"].images[1])
    other = snellen.visualize(colours(), "maps:2", method=ActivationMaximization(steps=3), seed=8)
    assert not np.allclose(alone["maps:2"].images[0], other["maps:2"].images[0], atol=1e-3)


def test_images_of_a_set_at_both_ends_with_crops(photos: Path) -> None:
    found = snellen.visualize(colours(), "maps:1", ["red"], method=QUICK, images=str(photos), count=2)
    unit, red = found["maps:1"], found["red"]
    assert [natural.name for natural in unit.top] == ["green-160.png", "green-80.png"]
    assert {natural.name for natural in unit.bottom} <= {f"{name}-{level}.png" for name in ("red", "blue") for level in (80, 160)}
    crop = unit.top[0].crop
    assert crop is not None
    assert crop.shape[1:] == (4, 4)
    assert (crop[1] == 1).all(), "the brighter quarter is where it is strongest"
    assert [natural.name for natural in red.top] == ["red-160.png", "red-80.png"]
    assert red.top[0].crop is None
    assert red.top[0].value == pytest.approx((0.75 * 160 + 0.25 * 255) / 255, abs=1e-4)
    drawn = rows(found)
    assert [len(row.pictures) for row in drawn] == [5, 4, 3, 2]


def test_images_that_cannot_be_read_are_told(photos: Path) -> None:
    (photos / "broken.png").write_bytes(b"no image")
    found = snellen.visualize(colours(), "maps:0", method=ActivationMaximization(steps=1), images=str(photos), count=9)
    assert set(found.problems) == {"broken.png"}
    assert len(found["maps:0"].top) == 6


def test_finished_units_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = snellen.visualize(colours(), "maps:0-1", method=QUICK, keep=tmp_path)
    told: list[object] = []
    made = conduct.Making._make
    monkeypatch.setattr(conduct.Making, "_make", lambda own, *rest: told.append(rest[1]) or made(own, *rest))
    again = snellen.visualize(colours(), "maps:0-2", method=QUICK, keep=tmp_path)
    assert [[one.unit for one in some] for some in told] == [[2]]
    np.testing.assert_array_equal(first["maps:1"].images, again["maps:1"].images)
    snellen.visualize(colours(), "maps:0", method=ActivationMaximization(steps=2), keep=tmp_path)
    assert len(told) == 2, "other settings are made anew"


def test_layers_with_their_shapes() -> None:
    layers = {layer.name: layer for layer in find_layers(model_of(convolutional()), (SIDE, SIDE))}
    assert (layers["0"].shape, layers["0"].units, layers["0"].grid) == ((8, SIDE, SIDE), 8, (SIDE, SIDE))
    assert (layers["3"].units, layers["3"].grid) == (6, (SIDE // 2, SIDE // 2))
    assert (layers["7"].shape, layers["7"].units, layers["7"].grid) == ((5,), 5, (1, 1))


def test_units_as_texts() -> None:
    model = model_of(convolutional())
    read = read_units(["0:1", "0:3-5,1", "3:0"], model, (SIDE, SIDE))
    assert [one.name for one in read] == ["0:1", "0:3", "0:4", "0:5", "3:0"]
    for text, said in (
        ("0:8", "expected channels from 0 to 7"),
        ("0", "expected LAYER:CHANNEL"),
        ("0:", "expected LAYER:CHANNEL"),
        ("0:-1", "expected LAYER:CHANNEL"),
        ("0:1-9999999", "expected fewer"),
        ("9:0", "got the layer '9'; expected one of 0, 1"),
    ):
        with pytest.raises(SnellenError, match=said):
            read_units([text], model, (SIDE, SIDE))
    assert [one.unit for one in some_classes(custom(map(str, range(1000))))] == [0, 143, 285, 428, 571, 714, 856, 999]
    assert [one.unit for one in some_classes(custom(["a", "b"]))] == [0, 1]


def test_what_cannot_be_visualised_is_said() -> None:
    with pytest.raises(Unsupported, match="no PyTorch network"):
        snellen.visualize(lambda images: images.mean((2, 3)), preprocessing=snellen.Preprocessing((8, 8)))
    for given, said in (
        ({"classes": "gren"}, r"Did you mean green\?"),
        ({"classes": [3]}, "expected one of the 3 classes"),
        ({"size": 0}, "got images of 0 x 0 pixels"),
        ({"units": "mapps:0"}, r"Did you mean maps\?"),
    ):
        with pytest.raises(SnellenError, match=said):
            snellen.visualize(colours(), method=QUICK, **given)


def test_the_command_writes_a_sheet_or_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, folder = tmp_path / "new" / "one.webp", tmp_path / "all"
    asked = ["visualize", "patient:healthy", "--unit", "features.5:0-1", "--class", "dog", "--steps", "2", "--quiet"]
    assert call([*asked, "-o", str(picture)]) == 0
    assert capsys.readouterr().out.strip() == str(picture)
    with Image.open(picture) as opened:
        assert opened.format == "WEBP"
    assert call([*asked, "--copies", "2", "--json", "-o", str(folder)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((folder / "visualize.json").read_text())
    assert [unit["name"] for unit in told["units"]] == ["features.5:0", "features.5:1", "dog"]
    assert all(len(unit["responses"]) == 2 for unit in told["units"])
    assert len(list((folder / "images").glob("*.png"))) == 6
    assert call(["visualize", "patient:healthy", "--layers", "--quiet"]) == 0
    table = capsys.readouterr().out
    assert "features.5.0" in table
    assert "72 x 8 x 8" in table


def test_pictures_that_cannot_be_written_are_said_before_work_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    for arguments, said in (
        (["visualize", "patient:healthy", "-o", str(tmp_path / "file" / "a.png")], "expected one that can be written to"),
        (["dream", "patient:healthy", "no.png", "-o", str(tmp_path / "a.txt")], "expected a picture file"),
        (["dream", "patient:healthy", "no.png", "-o", str(tmp_path / "a.png")], "expected image files that are there"),
        (["dream", "patient:healthy", str(tmp_path / "file"), "-o", str(tmp_path / "a.png")], "could not be read"),
    ):
        assert call([*arguments, "--quiet"]) == 2
        assert said in capsys.readouterr().err.replace("\n", " "), arguments


def test_a_dream_of_one_unit_has_more_of_it(photos: Path, tmp_path: Path) -> None:
    gentle = DeepDream(octaves=1, steps=4, jitter=0)
    before = np.full((SIDE, SIDE, 3), 0.5, np.float32)
    after = snellen.dream(colours(), before, "maps", unit=1, method=gentle)
    means = after.mean((1, 2))
    assert means[1] == pytest.approx(0.5 + 4 * 3 * gentle.rate, abs=1e-4), (
        "only one of three colours changes, by three times the rate"
    )
    assert means[[0, 2]] == pytest.approx([0.5, 0.5])
    small = snellen.dream(colours(), photos / "red-80.png", size=8, method=gentle)
    assert small.shape == (3, 8, 8)
    with pytest.raises(SnellenError, match="expected one from 0 to 2, which maps has"):
        snellen.dream(colours(), before, "maps", unit=3)
    out = tmp_path / "dream.png"
    asked = ["dream", "patient:healthy", str(photos / "red-80.png"), "--octaves", "1", "--steps", "1"]
    assert call([*asked, "-o", str(out), "--quiet"]) == 0
    with Image.open(out) as opened:
        assert opened.size == (SIDE, SIDE)


def test_a_sheet_of_many_classes_is_one_row(tmp_path: Path) -> None:
    found = snellen.visualize(colours(), method=ActivationMaximization(steps=1))
    assert [row.heading for row in rows(found)] == ["logits of classes"]
    assert save(found, tmp_path / "out")[0] == tmp_path / "out" / "sheet.webp"
