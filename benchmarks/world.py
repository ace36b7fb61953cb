"""How fast a world is drawn, on one core, beside reading photographs of the same size.

    OMP_NUM_THREADS=1 python benchmarks/world.py

Images per second of processor time: the median of some runs in a warm process that keeps its memory, as the command line does.
Beside it, Pillow decodes a JPEG file of quality 90 that holds about as much detail as a photograph. Below, the share of each stage
in the time at 64 pixels, as the profiler sees it; stages that are set in are parts of others.
"""

from __future__ import annotations

import cProfile
import io
import pstats
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from PIL import Image

from snellen.images.world import World, additions, body, open_world, render
from snellen.run.memory import keep

PIXELS = 1 << 21
SIZES = (64, 128, 224, 512)
STAGES: dict[str, Callable[..., object]] = {
    "objects": render._object,
    "  parts, one over the other": body.Body.add,
    "  textures, and backgrounds": render._patterned,
    "backgrounds": render._ground,
    "colours": render._coloured,
    "clutter": render._lay_clutter,
    "  its shapes": additions.clutter,
    "light": render._light,
    "marks": render._lay_mark,
}


def seconds(work: Callable[[], object], repeats: int = 7) -> float:
    """The median processor time, after one run to warm up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return median(times)


def photograph(size: int) -> bytes:
    """A JPEG file with about as much detail as a photograph."""
    rng = np.random.default_rng(0)
    layers = (
        Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).resize((size, size), Image.Resampling.BICUBIC)
        for side in (4, 16, size // 4)
    )
    mixed = sum(np.asarray(layer, np.float64) * weight for layer, weight in zip(layers, (0.5, 0.3, 0.2), strict=True))
    file = io.BytesIO()
    Image.fromarray(np.asarray(mixed).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


def shares(world: World) -> dict[str, float]:
    """Each stage's share of the time to draw."""
    profile = cProfile.Profile()
    profile.runcall(lambda: [world.draw() for _ in range(3)])
    stats = pstats.Stats(profile).stats  # pyright: ignore[reportAttributeAccessIssue]
    spent = {(file, name): cumulative for (file, _, name), (_, _, _, cumulative, _) in stats.items()}

    def of(function: Callable[..., object]) -> float:
        code = function.__code__  # pyright: ignore[reportFunctionMemberAccess]
        return spent[code.co_filename, code.co_name]

    return {stage: of(function) / of(render.draw) for stage, function in STAGES.items()}


def main() -> None:
    """Measure and print."""
    keep()
    print("size  images/s  JPEG photographs/s  ratio")
    for size in SIZES:
        world = open_world(images=max(12, PIXELS // size**2), size=size)
        drawn = len(world) / seconds(world.draw)
        file = photograph(size)
        read = 50 / seconds(lambda file=file: [Image.open(io.BytesIO(file)).convert("RGB") for _ in range(50)])
        print(f"{size:4}  {drawn:8,.0f}  {read:18,.0f}  {drawn / read:5.2f}")
    world = open_world(images=PIXELS // 64**2)
    print(f"facts and digests: {len(world) / seconds(lambda: open_world(images=len(world))):,.0f} images/s")
    for stage, share in shares(world).items():
        print(f"{stage:<28} {share:4.0%}")


if __name__ == "__main__":
    main()
