"""The common corruptions beside those of imagecorruptions, on one core, at 224 x 224.

    pip install -r benchmarks/requirements-peers.txt
    OMP_NUM_THREADS=1 python benchmarks/perturb.py            # severity 3
    OMP_NUM_THREADS=1 python benchmarks/perturb.py --all      # every severity

Both turn 8-bit images into 8-bit images; imagecorruptions one after the other, Snellen in batches of 16. Milliseconds of processor
time an image: the least of some rounds, in which both take turns, so that other work on the machine slows both. imagecorruptions
1.1.2 does not run with current versions of setuptools, scikit-image and NumPy; `peer` mends what broke and nothing else. Both
take frost from the same photographs.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from PIL import Image, ImageOps

from snellen.methods.perturb import registry
from snellen.run.memory import keep

SIDE, BATCH = 224, 16
EXTRA = ("speckle_noise", "gaussian_blur", "spatter", "saturate")
PHOTOGRAPHS = Path(__file__).parents[2] / "shared" / "data" / "imagenet-sample"


def peer() -> Callable[..., np.ndarray]:
    """`imagecorruptions.corrupt`, made to run."""
    spec = find_spec("imagecorruptions")
    if spec is None or spec.origin is None:
        sys.exit("imagecorruptions is not installed: pip install -r benchmarks/requirements-peers.txt")
    resources = ModuleType("pkg_resources")
    resources.resource_filename = lambda _, name: str(Path(spec.origin).parent / name)  # pyright: ignore[reportAttributeAccessIssue, reportArgumentType]
    sys.modules["pkg_resources"] = resources
    np.float_ = np.float64  # noqa: NPY201  # pyright: ignore[reportAttributeAccessIssue]
    import cv2  # pyright: ignore[reportMissingImports]
    from imagecorruptions import corrupt, corruptions  # pyright: ignore[reportMissingImports]

    cv2.setNumThreads(1)
    gaussian = corruptions.gaussian

    def with_channels(*given: object, multichannel: bool = False, **named: object) -> np.ndarray:
        return gaussian(*given, channel_axis=2 if multichannel else None, **named)

    corruptions.gaussian = with_channels
    os.environ["SNELLEN_FROST"] = str(Path(spec.origin).parent / "frost")
    return corrupt


def photographs() -> np.ndarray:
    """(16, 224, 224, 3) uint8: photographs where the shared data is there, else clouds."""
    known = sorted(PHOTOGRAPHS.rglob("*.jpg"))
    files = known[:: max(1, len(known) // BATCH)][:BATCH]
    if len(files) == BATCH:
        return np.stack([np.asarray(ImageOps.fit(Image.open(file).convert("RGB"), (SIDE, SIDE))) for file in files])
    small = np.random.default_rng(0).integers(0, 256, (BATCH, 28, 28, 3), np.uint8)
    return np.stack([np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for image in small])


def milliseconds(works: list[tuple[Callable[[], object], int]], rounds: int) -> list[float]:
    """The least processor time of each work, by image, the works taking turns."""
    least = [float("inf")] * len(works)
    for _ in range(rounds + 1):
        for at, (work, images) in enumerate(works):
            start = time.process_time()
            work()
            least[at] = min(least[at], 1000 * (time.process_time() - start) / images)
    return least


def measure(corrupt: Callable[..., np.ndarray], severity: int, rounds: int) -> None:
    """Print the table of one severity."""
    images = photographs()
    batch = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    print(f"severity {severity}: ms an image\n{'':20}imagecorruptions  snellen   ratio")
    total = np.zeros(2)
    for name in (full.partition("/")[2] for full in registry.names() if full.startswith("corruptions/")):
        ours, theirs = registry.get(f"corruptions/{name}"), name.replace("-", "_")
        few = rounds if theirs != "glass_blur" else 2
        times = milliseconds(
            [
                (lambda theirs=theirs: corrupt(images[0], corruption_name=theirs, severity=severity), 1),
                (lambda ours=ours: ours(batch, str(severity), range(BATCH)), BATCH),
            ],
            few,
        )
        total += times if theirs not in EXTRA else 0
        print(f"{name:20}{times[0]:16.2f} {times[1]:8.2f} {times[0] / times[1]:7.1f}")
    print(f"{'sum of the 15':20}{total[0]:16.2f} {total[1]:8.2f} {total[0] / total[1]:7.1f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true", help="every severity, not only 3")
    parser.add_argument("--rounds", type=int, default=10)
    settings = parser.parse_args()
    keep()
    torch.set_num_threads(1)
    corrupt = peer()
    for severity in range(1, 6) if settings.all else (3,):
        measure(corrupt, severity, settings.rounds)


if __name__ == "__main__":
    main()
