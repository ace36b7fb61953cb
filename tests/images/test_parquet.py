import io
import json

import numpy as np
import polars as pl
import pytest

from snellen.core import SnellenError, Unreadable
from snellen.images import open_images, parquet
from snellen.images.footer import largest_row_group
from tests.images import damaged


def rows(n: int) -> list[bytes]:
    return [damaged.sound(i) for i in range(n)]


def write(path, columns, names=None):
    metadata = (
        {}
        if names is None
        else {"huggingface": json.dumps({"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}})}
    )
    pl.DataFrame(columns).write_parquet(path, row_group_size=4, metadata=metadata)
    return path


def structs(payloads, paths=None):
    return [{"bytes": b, "path": None if paths is None else paths[i]} for i, b in enumerate(payloads)]


def test_hugging_face_layout(tmp_path):
    payloads = rows(10)
    paths = [f"{i}.jpg" for i in range(10)]
    path = write(
        tmp_path / "pets.parquet", {"image": structs(payloads, paths), "label": [0, 1] * 5, "age": range(10)}, ["dog", "cat"]
    )
    images = open_images(path)
    assert (images.name, images.labels.name) == ("pets", "sixteen")
    assert images.facts["category"].to_list() == ["dog", "cat"] * 5
    assert images.facts["image"].to_list() == paths
    assert images.facts["age"].to_list() == list(range(10))
    assert images.fetch([9, 0, 1]) == [payloads[9], payloads[0], payloads[1]]


def test_class_names_of_the_file_keep_their_order(tmp_path):
    path = write(tmp_path / "a.parquet", {"image": structs(rows(3)), "label": [2, 0, 2]}, ["zebra fish", "ant hill", "my cow"])
    images = open_images(path)
    assert images.labels.keys == ("zebra fish", "ant hill", "my cow")
    assert images.facts["category"].to_list() == ["my cow", "zebra fish", "my cow"]


def test_binary_column_and_text_labels(tmp_path):
    images = open_images(write(tmp_path / "a.parquet", {"jpg": rows(3), "class": ["cat", "dog", None]}))
    assert images.facts["category"].to_list() == ["cat", "dog", None]
    assert images.facts["image"].to_list() == ["row-000000", "row-000001", "row-000002"]


def test_integers_without_names_stay_integers_unless_a_list_is_given(tmp_path):
    path = write(tmp_path / "a.parquet", {"image": structs(rows(3)), "label": [2, 0, -1]})
    assert open_images(path).labels.keys == ("0", "1", "2")
    assert open_images(path).facts["category"].to_list() == ["2", "0", None]
    named = open_images(path, labels=["a", "b", "c", "d"])
    assert named.facts["category"].to_list() == ["c", "a", None]
    (tmp_path / "names.txt").write_text("a\nb\nc\n")
    assert open_images(path, labels=tmp_path / "names.txt").labels.keys == ("a", "b", "c")
    assert open_images(path, labels="imagenet").facts["category"].to_list() == ["n01484850", "n01440764", None]


def test_unlabelled_and_missing_bytes(tmp_path):
    images = open_images(
        write(tmp_path / "a.parquet", {"image": [{"bytes": None, "path": "/etc/passwd"}, {"bytes": b"x", "path": "b"}]})
    )
    assert images.labels is None
    first, second = images.fetch([0, 1])
    assert isinstance(first, Unreadable)
    assert second == b"x"


def test_rows_are_found_across_blocks_in_any_order(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "_BLOCK", 3)
    payloads = [bytes([i]) * 5 for i in range(20)]
    images = open_images(write(tmp_path / "a.parquet", {"image": structs(payloads), "label": [0] * 20}))
    order = [19, 0, 7, 6, 8, 8, 1, 12]
    assert images.fetch(order) == [payloads[i] for i in order]
    assert len(images._blocks) <= 2


def test_sample(tmp_path):
    payloads = rows(12)
    path = write(tmp_path / "a.parquet", {"image": structs(payloads), "label": [0] * 9 + [1] * 3})
    images = open_images(path, sample=6, seed=3)
    assert images.facts["category"].to_list() == ["0"] * 3 + ["1"] * 3
    assert images.fetch([5]) == [payloads[11]]
    assert images.id == open_images(path, sample=6, seed=3).id != open_images(path).id


@pytest.mark.parametrize(
    "columns, names, message",
    [
        ({"label": [1]}, None, r"has the columns label \(Int64\); expected a column of images"),
        ({"image": [{"bytes": b"x", "path": None}], "label": [3]}, ["a", "b"], "outside the 2 class names"),
        ({"image": pl.Series([], dtype=pl.Binary)}, None, "no rows"),
    ],
)
def test_files_that_cannot_be_used_are_explained(tmp_path, columns, names, message):
    with pytest.raises(SnellenError, match=message):
        open_images(write(tmp_path / "a.parquet", columns, names))


def test_damaged_and_missing_files_are_explained(tmp_path):
    file = io.BytesIO()
    pl.DataFrame({"image": rows(3)}).write_parquet(file)
    for content in (b"", b"PAR1", b"not a table", file.getvalue()[:-20], file.getvalue()[:40] + bytes(20) + file.getvalue()[60:-9]):
        (tmp_path / "a.parquet").write_bytes(content)
        with pytest.raises(SnellenError, match=r"can't be read as Parquet"):
            open_images(tmp_path / "a.parquet")
    with pytest.raises(SnellenError, match=r"Did you mean .*a\.parquet"):
        open_images(tmp_path / "b.parquet")


def test_cifar10(shared):
    images = open_images(shared / "cifar10-test.parquet", sample=200)
    assert images.labels.keys == tuple("0123456789")
    assert images.facts["category"].value_counts()["count"].to_list() == [20] * 10
    from snellen.core import Preprocessing
    from snellen.images.decode import decode

    pixels = np.stack([decode(payload, Preprocessing((32, 32))) for payload in images.fetch(range(200))])
    assert pixels.shape == (200, 3, 32, 32)
    assert 100 < pixels.mean() < 140


@pytest.mark.parametrize("groups", [1, 3, 40])
def test_large_row_groups_are_named(tmp_path, monkeypatch, groups):
    path = tmp_path / "a.parquet"
    frame = pl.DataFrame({"image": [bytes([i]) * 2**16 for i in range(120)], "score": [i / 7 for i in range(120)]})
    frame.write_parquet(path, row_group_size=120 // groups, compression="uncompressed", metadata={"a": "b"})
    assert largest_row_group(path) == pytest.approx(120 // groups * 2**16, rel=0.05)
    assert "memory" not in open_images(path).origin
    monkeypatch.setattr(parquet, "_LARGE_GROUP", 2**20)
    assert ("memory" in open_images(path).origin) == (groups < 40)


def test_a_broken_footer_has_no_row_groups(tmp_path):
    path = tmp_path / "a.parquet"
    for content in (b"", b"PAR1", b"not a table", bytes(range(1, 64)), b"\xff" * 64):
        path.write_bytes(content)
        assert largest_row_group(path) == 0
