"""What a dissection takes in memory and time as images become more.

    OMP_NUM_THREADS=1 python benchmarks/dissect.py [--model patient:healthy] [--layer features.5] [--counts 250,500,1000,2000]

Each count in a process of its own: the most memory it has held, less what it held once the model was loaded and the images opened;
processor time an image, of all that `snellen dissect` does, beside the two parts that it cannot do without: drawing the images with
their masks once, and passing them through the network once.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import torch

import snellen
from snellen.images.segmented import open_segmented
from snellen.images.stream import parts
from snellen.visualizing.exemplars import TOGETHER


def held() -> float:
    """The most memory that this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def spent(work: Callable[[], object], images: int) -> float:
    """Processor time, in ms an image."""
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start) / images


def one(name: str, layer: str, count: int, side: int) -> dict[str, float]:
    """Dissect so many images of the default world."""
    model = snellen.load(name)
    size = model.preprocessing.size[0]
    data = open_segmented(f"world:images={count},size={size}")
    rows = [list(range(start, min(start + TOGETHER, count))) for start in range(0, count, TOGETHER)]
    before = held()
    with tempfile.TemporaryDirectory() as folder:
        whole = spent(lambda: snellen.dissect(model, data, layer, side=side, out=folder), count)
    most = held()
    some = rows[: 256 // TOGETHER]
    seen = sum(map(len, some))
    blocks = list(parts(data.images, model.preprocessing, some))
    given = [model.asarray(block.pixels) for block in blocks]
    return {
        "memory": most - before,
        "whole": whole,
        "images": spent(lambda: list(parts(data.images, model.preprocessing, some)), seen),
        "masks": spent(lambda: [data.masks(block.rows, model.preprocessing, side) for block in blocks], seen),
        "pass": spent(lambda: [model.logits(block) for block in given], seen),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="patient:healthy")
    parser.add_argument("--layer", default="features.5")
    parser.add_argument("--counts", default="250,500,1000,2000")
    parser.add_argument("--side", type=int, default=112)
    parser.add_argument("--alone", type=int, help="this count, in this process")
    given = parser.parse_args()
    if given.alone:
        torch.set_num_threads(1)
        print(json.dumps(one(given.model, given.layer, given.alone, given.side)))
        return
    print(f"{given.model}, {given.layer}\n")
    print("| images | memory, MB | ms an image | drawing | masks | a pass |\n|---|---|---|---|---|---|")
    for count in given.counts.split(","):
        done = subprocess.run([sys.executable, *sys.argv, "--alone", count], check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        times = " | ".join(f"{found[key]:.2f}" for key in ("whole", "images", "masks", "pass"))
        print(f"| {count} | {found['memory']:.0f} | {times} |", flush=True)


if __name__ == "__main__":
    main()
