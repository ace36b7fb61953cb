"""`snellen.train`: from images to a file, again and again, through interruptions, never over another model."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snellen
from snellen.core import SnellenError
from snellen.images import open_images
from snellen.methods.train.augment import UniformNoise
from snellen.methods.train.settings import Training
from snellen.models.safetensors import read_card
from snellen.run.progress import Progress
from snellen.training import supply
from tests.patients import photographs

SHORT = Training(epochs=3, batch_size=32)
WORLD = "world:images=64,size=32,seed=3"


def bytes_of(tmp_path: Path, name: str, images: Any = WORLD, **options: Any) -> bytes:
    path = tmp_path / f"{name}.safetensors"
    snellen.train(images, path, settings=SHORT, command="c", held_out=64, **options)
    return path.read_bytes()


def test_it_learns_and_says_how_well(tmp_path: Path) -> None:
    images = photographs(480)
    trained = snellen.train(images, tmp_path / "new" / "m.safetensors", settings=Training(epochs=5), progress=Progress(quiet=True))
    assert trained.n == 48
    assert trained.accuracy > 0.9
    assert trained.interval.low < trained.accuracy <= trained.interval.high
    model = snellen.load(str(trained.path))
    assert model.id == trained.model.id
    assert model.labels == images.labels
    rows = list(range(32))
    pixels = np.stack([np.asarray(p).transpose(2, 0, 1) for p in images.fetch(rows)])
    assert (model.logits(model.asarray(pixels)).argmax(1).numpy() == np.arange(32) % 16).mean() > 0.9
    facts = read_card(trained.path).facts
    assert f"{trained.accuracy:.4f}, 95 % interval {trained.interval.low:.4f}" in facts["accuracy"]
    assert "432 images, the same in every epoch" in facts["trained on"]
    assert facts["command"].startswith("snellen.train('toys', ")
    assert [p.name for p in trained.path.parent.iterdir()] == ["m.safetensors"]


def test_the_same_arguments_give_the_same_file_and_others_another(tmp_path: Path) -> None:
    first = bytes_of(tmp_path, "a")
    assert bytes_of(tmp_path, "b") == first
    variants: list[dict[str, Any]] = [
        {"fresh": False},
        {"shuffle_labels": True},
        {"augment": [UniformNoise()]},
        {"width": 8},
        {"architecture": "bag"},
        {"size": 40},
        {"images": WORLD.replace("seed=3", "seed=4")},
    ]
    weights = {bytes_of(tmp_path, f"v{at}", **{"images": WORLD, **variant}) for at, variant in enumerate(variants)}
    assert len(weights | {first}) == len(variants) + 1


def test_done_once_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = bytes_of(tmp_path, "a")
    monkeypatch.setattr("snellen.training.job.train", lambda *_, **__: pytest.fail("trained again"))
    assert bytes_of(tmp_path, "a") == before


def test_another_model_is_not_written_over_unless_forced(tmp_path: Path) -> None:
    before = bytes_of(tmp_path, "a")
    with pytest.raises(SnellenError, match=r"where a model made by `c` lies; .* --force"):
        bytes_of(tmp_path, "a", width=8)
    assert bytes_of(tmp_path, "a") == before
    assert bytes_of(tmp_path, "a", width=8, force=True) != before
    (tmp_path / "b.safetensors").write_bytes(b"somebody's file")
    with pytest.raises(SnellenError, match=r"where a file of another kind lies; .* --force"):
        bytes_of(tmp_path, "b")


class Killed(Exception):
    """Stands for a power cut."""


def test_a_killed_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = bytes_of(tmp_path, "whole")
    read = supply.read

    def cut(images: Any, *more: Any, **named: Any) -> Any:
        if "index" in images.facts.columns and images.facts["index"][0] == supply.FRESH + 2 * 64:
            raise Killed
        return read(images, *more, **named)

    monkeypatch.setattr(supply, "read", cut)
    with pytest.raises(Killed):
        bytes_of(tmp_path, "a")
    assert (tmp_path / "a.safetensors.checkpoint").exists()
    assert not (tmp_path / "a.safetensors").exists()
    monkeypatch.undo()
    with pytest.raises(SnellenError, match="of a training with other settings"):
        bytes_of(tmp_path, "a", width=8)
    assert bytes_of(tmp_path, "a") == expected
    assert not (tmp_path / "a.safetensors.checkpoint").exists()


def test_force_drops_the_checkpoint_of_another_training(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors.checkpoint").write_bytes(b"damaged")
    with pytest.raises(SnellenError, match="is not a whole checkpoint"):
        bytes_of(tmp_path, "a")
    bytes_of(tmp_path, "a", force=True)
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_world_draws_fresh_images_and_others_to_hold_out() -> None:
    world = open_images(WORLD)
    shape = snellen.Preprocessing((32, 32))
    fresh = supply.split(world, shape, 100, True, False, 0)
    same = supply.split(world, shape, 100, False, False, 0)
    epochs = [fresh.draw(0), fresh.draw(1), same.draw(0), fresh.held_out]
    seen = [{image.tobytes() for image in part.images} for part in epochs]
    assert [len(part) for part in seen] == [64, 64, 64, 100]
    assert len(set.union(*seen)) == 64 + 64 + 64 + 100
    assert np.array_equal(same.draw(0).images, np.stack([np.asarray(pixels) for pixels in world.fetch(range(64))]))
    assert same.draw(0) is same.draw(1)
    assert np.array_equal(same.held_out.images, fresh.held_out.images)


def test_shuffled_labels_are_the_same_labels_in_another_order() -> None:
    world, shape = open_images(WORLD), snellen.Preprocessing((32, 32))
    plain, dealt = (supply.split(world, shape, 8, False, shuffle, 1).draw(0) for shuffle in (False, True))
    assert np.array_equal(plain.images, dealt.images)
    assert sorted(plain.targets) == sorted(dealt.targets)
    assert (plain.targets == dealt.targets).mean() < 0.3


def test_images_without_category_or_damaged_are_left_out() -> None:
    k = np.arange(40) % 2
    pixels = np.random.default_rng(0).random((40, 24, 32, 3)).astype(np.float32)
    images = open_images((pixels, [None if at < 4 else ("left", "right")[k[at]] for at in range(40)]))
    split = supply.split(images, snellen.Preprocessing((16, 16), 16), 6, True, False, 0)
    train, apart = split.draw(0), split.held_out
    assert (train.images.shape, train.images.dtype) == ((30, 3, 16, 16), np.uint8)
    assert (split.n, split.left_out) == (30, 4)
    assert sorted(apart.targets) == [0, 0, 0, 1, 1, 1]
    assert not {image.tobytes() for image in train.images} & {image.tobytes() for image in apart.images}
    assert train.images.mean() == pytest.approx(127, abs=8)


def test_sets_to_hold_out_must_have_the_same_categories(tmp_path: Path) -> None:
    other = open_images((np.zeros((4, 32, 32, 3), np.uint8), ["a", "b", "a", "b"]))
    with pytest.raises(SnellenError, match="other categories than"):
        snellen.train(WORLD, tmp_path / "m.safetensors", held_out=other, settings=SHORT)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"architecture": "smal"}, "Did you mean small"),
        ({"width": 0}, "whole numbers from 2"),
        ({"out": "model.pth"}, "ends in .safetensors"),
        ({"images": np.zeros((4, 32, 32, 3), np.uint8)}, "whose images have no categories"),
        ({"held_out": 0}, "expected at least 1"),
        ({"device": "cuda:77"}, "got the device"),
        ({"images": (np.zeros((2, 32, 32, 3), np.uint8), ["a", "b"]), "held_out": 2}, "to train on"),
    ],
)
def test_mistakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], message: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SnellenError, match=message):
        snellen.train(**{"images": WORLD, "out": "m.safetensors", "settings": SHORT, **options})
    assert not list(tmp_path.iterdir())
