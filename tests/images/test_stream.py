import threading
import tracemalloc
import weakref

import numpy as np
import pytest

from snellen.core import Preprocessing, Unreadable
from snellen.images import open_images
from snellen.images.stream import parts
from tests.images import damaged

SMALL = Preprocessing((32, 32), 36)


class Counting:
    """An image set of arrays that counts what is fetched."""

    together = 8

    def __init__(self, n: int, fail_at: int | None = None) -> None:
        self.n, self.fail_at, self.fetched = n, fail_at, 0

    def fetch(self, rows):
        if self.fail_at in rows:
            raise RuntimeError("the disk is gone")
        self.fetched += len(rows)
        return [np.full((32, 32, 3), row % 256, np.uint8) for row in rows]


def blocks(n: int, size: int) -> list[range]:
    return [range(start, min(start + size, n)) for start in range(0, n, size)]


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("size", [1, 7, 50])
def test_parts_come_in_order_whatever_the_threads(workers, size):
    seen = []
    for part in parts(Counting(50), SMALL, blocks(50, size), workers):
        assert part.pixels.shape == (len(part.rows), 3, 32, 32)
        assert (part.pixels[:, 0, 0, 0] == np.array(part.rows)).all()
        assert part.problems == {}
        seen += part.rows
    assert seen == list(range(50))


def test_rows_in_any_order_and_nothing_at_all():
    assert [part.rows for part in parts(Counting(9), SMALL, [[8, 2, 5], [], [0]])] == [[8, 2, 5], [], [0]]
    assert list(parts(Counting(9), SMALL, [])) == []


def test_unreadable_images_are_told_apart():
    class Mixed:
        together = 8

        def fetch(self, rows):
            return [(damaged.sound(1), b"", Unreadable("gone"))[row] for row in rows]

    (part,) = parts(Mixed(), SMALL, [[0, 1, 2]])
    assert part.rows == [0]
    assert part.pixels.shape == (1, 3, 32, 32)
    assert part.problems == {1: "empty file (0 bytes)", 2: "gone"}
    (none,) = parts(Mixed(), SMALL, [[2, 1]])
    assert none.pixels.shape == (0, 3, 32, 32)


def test_floats_stay_floats():
    (part,) = parts(open_images(np.full((3, 3, 32, 32), 0.25)), SMALL, [[0, 1, 2]])
    assert part.pixels.dtype == np.float32
    assert (part.pixels == 0.25).all()


def test_errors_surface_and_threads_end():
    before = threading.active_count()
    stream = parts(Counting(40, fail_at=20), SMALL, blocks(40, 8))
    assert next(stream).rows == list(range(8))
    with pytest.raises(RuntimeError, match="disk"):
        list(stream)
    assert threading.active_count() == before


def test_leaving_early_ends_the_threads():
    before = threading.active_count()
    images = Counting(10_000)
    stream = parts(images, SMALL, blocks(10_000, 10))
    next(stream)
    stream.close()
    assert threading.active_count() == before
    assert images.fetched <= 30


def test_only_one_part_is_decoded_ahead():
    images = Counting(1000)
    for done, _ in enumerate(parts(images, SMALL, blocks(1000, 10)), start=1):
        assert images.fetched <= 10 * (done + 1)


def test_memory_does_not_grow_with_the_number_of_images():
    def peak(n: int) -> tuple[int, int]:
        alive: weakref.WeakSet = weakref.WeakSet()
        most = 0
        tracemalloc.start()
        for part in parts(Counting(n), SMALL, blocks(n, 16)):
            alive.add(part)
            most = max(most, len(alive))
        _, top = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return top, most

    (short, _), (long, alive) = peak(64), peak(1600)
    assert alive <= 2
    assert long < 1.3 * short + 100_000


def test_damaged_files_change_nothing_for_the_good_ones(tmp_path):
    good = {f"good-{i:03d}.jpg": damaged.ODD[list(damaged.ODD)[i % len(damaged.ODD)]](i) for i in range(300)}
    bad = damaged.many(300)

    def pixels(files: dict[str, bytes], folder: str) -> tuple[dict[str, bytes], dict[str, str]]:
        root = tmp_path / folder / "cat"
        root.mkdir(parents=True)
        for name, content in files.items():
            (root / name).write_bytes(content)
        images = open_images(tmp_path / folder)
        names = images.facts["image"].to_list()
        read, problems = {}, {}
        for part in parts(images, SMALL, blocks(len(images), 64)):
            read |= {names[row]: image.tobytes() for row, image in zip(part.rows, part.pixels, strict=True)}
            problems |= {names[row]: reason for row, reason in part.problems.items()}
        return read, problems

    alone, none = pixels(good, "alone")
    mixed, problems = pixels({**good, **bad}, "mixed")
    assert none == {}
    assert mixed == alone
    assert problems.keys() == {f"cat/{name}" for name in bad}
    assert all(problems.values())
