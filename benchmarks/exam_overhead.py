"""What an exam costs beyond the model's own passes, and what it holds in memory.

    python benchmarks/exam_overhead.py [--images FOLDER] [--sample N]
    python benchmarks/exam_overhead.py --inside corruptions --sample 1000

Time: the wall time of whole exams over that of the same number of bare passes, same batch size, same process, in alternation.
With --inside PROBE: the share of the wall time of that probe's exam that is spent inside the model's passes.
Memory: the peak of a process that examines 5,000 images over that of one that examines 500 (they repeat a few files).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from snellen import api, load, open_images
from snellen.core import Model
from snellen.run.memory import keep
from snellen.run.runner import run

MODEL = "zoo:efficientnet-lite0"


class Counting(Model):
    """The model, counting images and the seconds inside its forward passes."""

    def __init__(self, inner: Model) -> None:
        self.inner, self.forward, self.both, self.seconds = inner, 0, 0, 0.0
        self.name, self.id, self.labels = inner.name, inner.id, inner.labels
        self.preprocessing, self.facts = inner.preprocessing, inner.facts

    def asarray(self, images):
        return self.inner.asarray(images)

    def logits(self, images):
        start = time.perf_counter()
        logits = self.inner.logits(images)
        self.seconds += time.perf_counter() - start
        self.forward += len(images)
        return logits

    def vjp(self, images):
        self.both += len(images)
        return self.inner.vjp(images)


def bare(model: Model, forward: int, both: int, batch: int) -> float:
    """Seconds for so many passes and nothing else."""
    images = model.asarray(np.random.default_rng(0).integers(0, 256, (batch, 3, *model.preprocessing.size), dtype=np.uint8))
    start = time.perf_counter()
    for _ in range(-(-forward // batch)):
        model.logits(images)
    if both:
        logits, pull = model.vjp(images[:both])
        pull(logits)
    return time.perf_counter() - start


def warm() -> Model:
    """The model, after its first pass."""
    keep()
    model = load(MODEL)
    model.logits(model.asarray(np.zeros((16, 3, *model.preprocessing.size), np.uint8)))
    return model


def timed(model: Model, folder: str, sample: int, probes: list[str] | None) -> tuple[Counting, float, int]:
    """A whole exam: the passes it took, its seconds from opening the images to the finished page, and its batch size."""
    counting = Counting(model)
    with tempfile.TemporaryDirectory() as out:
        start = time.perf_counter()
        spec = api.specify(counting, open_images(folder, sample=sample), probes, out=out)
        api.write_page(run(spec), Path(out))
        return counting, time.perf_counter() - start, spec.batch_size


def inside(folder: str, sample: int, probe: str) -> float:
    """The share of an exam's wall time that is spent inside forward passes, on images made by repeating the files of a folder."""
    with tempfile.TemporaryDirectory() as room:
        counting, seconds, _ = timed(warm(), str(repeated(folder, sample, Path(room))), sample, [probe])
    print(
        f"{probe}: {counting.forward:,} forward passes, {counting.seconds:.1f} of {seconds:.1f} s inside them: "
        f"{counting.seconds / seconds:.3f}"
    )
    return counting.seconds / seconds


def overhead(folder: str, sample: int, probes: list[str] | None, repeats: int = 3) -> list[float]:
    """Ratios of exam time to bare time, one a repeat."""
    model, ratios = warm(), []
    for _ in range(repeats):
        counting, seconds, batch = timed(model, folder, sample, probes)
        ratios.append(seconds / bare(model, counting.forward, counting.both, batch))
        print(
            f"  {counting.forward:,} forward and {counting.both} gradient passes: exam {seconds:.1f} s, ratio {ratios[-1]:.3f}",
            flush=True,
        )
    return ratios


def peak(folder: str, count: int) -> float:
    """Peak resident memory, in MB, of a process that asks for accuracy and calibration on `count` images."""
    code = f"from benchmarks.exam_overhead import examine, high_water; examine({folder!r}, {count}); print(high_water())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    return float(done.stdout.split()[-1])


def high_water() -> float:
    """The most memory this process has held, in MB; not its parent's, as getrusage would have it."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def examine(folder: str, count: int) -> None:
    """Accuracy and calibration on `count` images made by repeating the files of a folder."""
    with tempfile.TemporaryDirectory() as room:
        images = repeated(folder, count, Path(room))
        keep()
        api.exam(MODEL, images, ["accuracy", "calibration"], out=Path(room) / "out")


def repeated(folder: str, count: int, room: Path) -> Path:
    """A folder of `count` images, made in `room` by repeating the files of another."""
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    for at in range(count):
        source = files[at % len(files)]
        place = room / "set" / source.parent.name
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place / f"{at}-{source.name}")
    return room / "set"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", default="../shared/data/imagenet-sample")
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--memory", action="store_true", help="only memory")
    parser.add_argument("--inside", metavar="PROBE", help="only the share of one probe's exam that is inside passes")
    given = parser.parse_args()
    if given.inside:
        inside(given.images, given.sample, given.inside)
        return
    if not given.memory:
        print(f"default exam, {given.sample} images")
        whole = overhead(given.images, given.sample, None)
        print("accuracy alone, all images")
        single = overhead(given.images, 250, ["accuracy"])
        print(f"exam / bare passes: default exam {np.median(whole):.3f}, accuracy alone {np.median(single):.3f} (bound 1.25)")
    small, large = peak(given.images, 500), peak(given.images, 5000)
    print(f"peak memory: 500 images {small:.0f} MB, 5,000 images {large:.0f} MB, ratio {large / small:.3f} (bound 1.2)")


if __name__ == "__main__":
    main()
