import hashlib
import os
from pathlib import Path

import polars as pl
import pytest

from snellen.core import SnellenError, Unreadable
from snellen.images import open_images
from snellen.images.folder import Folder
from tests.images import damaged


def fill(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


@pytest.fixture
def pets(tmp_path):
    names = [f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(4)]
    return fill(tmp_path / "pets", {name: damaged.sound(i, "PNG") for i, name in enumerate(names)})


def test_a_category_per_sub_folder(pets):
    images = open_images(pets)
    assert isinstance(images, Folder)
    assert (images.name, len(images), images.labels.name) == ("pets", 8, "sixteen")
    assert images.facts["image"].to_list()[:2] == ["cat/0.png", "cat/1.png"]
    assert images.facts["category"].to_list() == ["cat"] * 4 + ["dog"] * 4
    assert images.fetch([7, 0]) == [(pets / "dog/3.png").read_bytes(), (pets / "cat/0.png").read_bytes()]


def test_identity_is_contents_names_and_categories(pets, tmp_path):
    first = open_images(pets).id
    copy = fill(tmp_path / "elsewhere", {str(p.relative_to(pets)): p.read_bytes() for p in pets.rglob("*.png")})
    assert open_images(copy, name="another name").id == first
    (copy / "cat/0.png").write_bytes(damaged.sound(99, "PNG"))
    changed = open_images(copy).id
    (copy / "cat/0.png").write_bytes((pets / "cat/0.png").read_bytes())
    (copy / "cat/0.png").rename(copy / "cat/00.png")
    renamed = open_images(copy).id
    assert len({first, changed, renamed}) == 3


def test_flat_without_a_table_is_unlabelled(tmp_path):
    images = open_images(fill(tmp_path, {"a.jpg": damaged.sound(0), "b": damaged.sound(1)}))
    assert images.labels is None
    assert images.facts["category"].to_list() == [None, None]
    assert images.facts["image"].to_list() == ["a.jpg", "b"]
    assert images.facts.schema["category"] == pl.String


@pytest.mark.parametrize(
    "table, suffix",
    [
        ("file,category\nb.jpg,dog\na.jpg,cat\n", "csv"),
        ("\ufeffFileName,Label,age\nb.jpg,dog,3\na.jpg,cat,4\n", "csv"),
        ("path\twnid\nb.jpg\tdog\na.jpg\tcat\n", "tsv"),
    ],
)
def test_flat_with_a_table(tmp_path, table, suffix):
    fill(tmp_path, {"a.jpg": damaged.sound(0), "b.jpg": damaged.sound(1), "c.jpg": damaged.sound(2), f"t.{suffix}": table.encode()})
    images = open_images(tmp_path)
    assert images.facts["image"].to_list() == ["b.jpg", "a.jpg"]
    assert images.facts["category"].to_list() == ["dog", "cat"]
    assert images.origin["not in the table"] == "1 images"
    if "age" in table:
        assert images.facts["age"].to_list() == [3, 4]


def test_a_table_may_name_imagenet_indices_and_sub_folders(tmp_path):
    fill(tmp_path, {"all/a.jpg": b"", "all/b.jpg": b"", "labels.csv": b"file,label\nall/a.jpg,007\nall/b.jpg,1\n"})
    assert open_images(tmp_path, labels="imagenet").facts["category"].to_list() == ["n01514668", "n01443537"]
    assert open_images(tmp_path).labels.name == "integers"


def test_rows_of_a_table_without_a_file_say_so(tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    root = fill(
        tmp_path / "set",
        {"a.jpg": damaged.sound(0), "t.csv": b"file,category\na.jpg,cat\ngone.jpg,dog\n../secret.txt,dog\n/etc/passwd,cat\n"},
    )
    payloads = open_images(root).fetch(range(4))
    assert [str(p) for p in payloads[1:]] == [
        "no such file",
        "refused: it leads out of the folder",
        "refused: it leads out of the folder",
    ]
    assert all(isinstance(p, Unreadable) for p in payloads[1:])


@pytest.mark.parametrize(
    "files, message",
    [
        ({"a.jpg": b"", "t.csv": b"name,kind\na.jpg,cat\n"}, "has the columns name, kind; expected one of file"),
        ({"a.jpg": b"", "t.csv": b"file,label\na.jpg,cat\na.jpg,dog\n"}, "a.jpg more than once"),
        ({"a.jpg": b"", "t.csv": b""}, "no readable table"),
        ({"a.jpg": b"", "t.csv": b"file,label\n", "u.csv": b"file,label\n"}, "holds 2 tables"),
        ({"notes.txt": b"", ".hidden.jpg": b""}, "no images, only 1 .txt file, 1 hidden file"),
        ({"train.parquet": b""}, "name the .parquet file itself"),
        ({"train/cat/a.jpg": b""}, "more than one folder deep"),
        ({"cat/a.jpg": b"", "dog/a.jpg": b"", "elefant/a.jpg": b""}, "Did you mean elephant"),
    ],
)
def test_a_folder_that_cannot_be_used_is_explained(tmp_path, files, message):
    with pytest.raises(SnellenError, match=message):
        open_images(fill(tmp_path, files))


def test_a_missing_folder_suggests_its_neighbours(pets):
    with pytest.raises(SnellenError, match=r"Did you mean .*pets"):
        open_images(pets.parent / "petz")
    with pytest.raises(SnellenError, match="is a file"):
        open_images(pets / "cat" / "0.png")


def test_other_files_are_passed_over_and_counted(pets):
    fill(
        pets, {"cat/Thumbs.db": b"x", "cat/notes.txt": b"x", ".cache/x.png": b"x", "cat/.x.png": b"x", "results.csv": b"a,b\n1,2\n"}
    )
    images = open_images(pets)
    assert len(images) == 8
    assert images.origin["passed over"] == "1 .db file, 1 .txt file, 1 hidden file, 1 hidden folder, 1 table"


def test_links_that_leave_the_folder_are_refused(pets, tmp_path):
    outside = tmp_path / "outside.png"
    outside.write_bytes(damaged.sound(1, "PNG"))
    (pets / "cat/out.png").symlink_to(outside)
    (pets / "cat/in.png").symlink_to(pets / "cat/0.png")
    (pets / "cat/broken.png").symlink_to("nowhere.png")
    (pets / "cat/loop.png").symlink_to("loop.png")
    (pets / "bird").symlink_to(tmp_path)
    images = open_images(pets)
    got = dict(zip(images.facts["image"], images.fetch(range(len(images))), strict=True))
    assert str(got["cat/out.png"]) == "refused: it leads out of the folder"
    assert got["cat/in.png"] == got["cat/0.png"]
    assert str(got["cat/broken.png"]) == "no such file"
    assert isinstance(got["cat/loop.png"], Unreadable)
    assert images.origin["passed over"] == "1 linked folder"


def test_special_and_huge_files_are_not_read(pets, monkeypatch):
    os.mkfifo(pets / "cat/pipe.png")
    monkeypatch.setattr("snellen.images.folder.LARGEST_FILE", 100_000)
    (pets / "cat/huge.png").write_bytes(bytes(100_001))
    images = open_images(pets)
    got = dict(zip(images.facts["image"], images.fetch(range(len(images))), strict=True))
    assert str(got["cat/pipe.png"]) == "not a plain file"
    assert str(got["cat/huge.png"]).startswith("too large")


HOSTILE = [
    b"<img src=x onerror=alert(1)>.png",
    "猫 и кот.png".encode(),
    b"two\nlines.png",
    b"stray\xff\xfebytes.png",
    "left\u202eright.png".encode(),
    b"quote\"'&.png",
    b"-rf.png",
    b"%s{0}.png",
]


def test_hostile_names_are_shown_escaped(tmp_path):
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    Path(os.fsdecode(folder)).mkdir()
    for i, name in enumerate(HOSTILE):
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(damaged.sound(i, "PNG"))
    images = open_images(tmp_path)
    names = images.facts["image"].to_list()
    assert len(set(names)) == len(HOSTILE)
    assert all(name.isprintable() for name in names)
    assert {"caf\\udce9/two\\nlines.png", "caf\\udce9/stray\\udcff\\udcfebytes.png", "caf\\udce9/猫 и кот.png"} <= set(names)
    assert images.labels.keys == ("caf\\udce9",)
    assert all(isinstance(payload, bytes) for payload in images.fetch(range(len(images))))


def test_names_that_look_the_same_once_escaped_stay_apart(tmp_path):
    fill(tmp_path, {"a\nb.png": b"1", "a\\nb.png": b"2"})
    assert sorted(open_images(tmp_path).facts["image"]) == ["a\\nb.png", "a\\nb.png~2"]


def test_a_sample_is_stratified_and_repeatable(pets):
    whole, one, same, other = open_images(pets), *(open_images(pets, sample=4, seed=seed) for seed in (0, 0, 1))
    assert one.facts["category"].to_list() == ["cat", "cat", "dog", "dog"]
    assert one.id == same.id
    assert len({whole.id, one.id, other.id}) == 3
    assert one.fetch([3]) == [(pets / one.facts["image"][3]).read_bytes()]
    assert "4 of 8" in one.origin["sample"]
    assert open_images(pets, sample=100).id == whole.id


def test_cue_conflict_names_tell_the_texture(tmp_path):
    fill(tmp_path, {"cat/cat1-dog2.png": b"", "dog/dog10-oven1.png": b""})
    assert open_images(tmp_path).facts["texture"].to_list() == ["dog", "oven"]
    fill(tmp_path, {"dog/dog10.png": b""})
    assert "texture" not in open_images(tmp_path).facts.columns


def test_the_folder_may_itself_be_a_link(pets, tmp_path):
    (tmp_path / "link").symlink_to(pets)
    assert open_images(tmp_path / "link").id == open_images(pets).id


def test_real_photographs(shared):
    images = open_images(shared / "imagenet-sample")
    assert (len(images), images.labels.name) == (250, "imagenet-1k")
    assert images.facts["category"].n_unique() == 250


def test_real_cue_conflict_images(shared):
    images = open_images(shared / "stimuli" / "cue-conflict", sample=64)
    assert images.labels.name == "sixteen"
    assert images.facts["category"].value_counts()["count"].to_list() == [4] * 16
    assert images.facts["texture"].is_in(list(images.labels.keys)).all()


def test_digests_are_of_contents(tmp_path):
    for category, index in [("cat", 0), ("dog", 1), ("boat", 0)]:
        (tmp_path / category).mkdir()
        (tmp_path / category / "a.jpg").write_bytes(damaged.sound(index))
    digests = dict(open_images(tmp_path).facts.select("category", "digest").iter_rows())
    assert digests["cat"] == digests["boat"] == hashlib.sha256(damaged.sound(0)).hexdigest()[:16] != digests["dog"]
