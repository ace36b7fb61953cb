"""The margin of a network by frequency, and the memory that finding it takes.

    python -m benchmarks.margins NETWORK.safetensors ../shared/data/cifar10-test.parquet [--sample 100] [--upright|--flipped]
    python -m benchmarks.margins --memory [--model zoo:efficientnet-lite0]

Prints the median margin (L2, pixels in [0, 1]) in each band of the DCT, the first hold the lowest frequencies. `--upright`
and `--flipped` are for the weights that `benchmarks/cifar_networks.py` writes under these names: images are shown as they are, or
with their spectrum turned round, as in training.
Memory: the peak of a process that finds the margins of one 224 x 224 image in all 14 bands, over the peak of one that makes the
passes of the model alone, in batches of the same size; and over that of one that has only loaded the model.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

import snellen
from benchmarks.cifar_networks import Patches
from benchmarks.exam_overhead import high_water
from snellen.arrays import one_hot
from snellen.core import Model, Preprocessing
from snellen.images import open_images
from snellen.images.stream import parts
from snellen.methods.attack.dct_margins import bands_for, dct_margins
from snellen.methods.compare.rank_correlation import rank_correlation
from snellen.methods.perturb.frequency.flip_spectrum import flip_spectrum
from snellen.models.torch import TorchModel

BATCH = 5
"""Pairs of image and band in a pass when memory is measured: the 14 bands in three passes."""
BOUND = 300
"""Megabytes beyond the model that 14 bands at 224 x 224 may take."""


def profile(network: Path, source: str, sample: int, kind: str) -> None:
    """The medians by band, and their rank correlation with frequency."""
    opened = open_images(source, sample=sample)
    assert opened.labels is not None
    flipped = kind == "flipped"
    if kind:
        net = Patches(len(opened.labels))
        net.load_state_dict(load_file(network))
        model: Model = TorchModel(net, labels=opened.labels, preprocessing=Preprocessing(size=(32, 32), resize=32))
    else:
        model = snellen.load(str(network))
    block = next(iter(parts(opened, model.preprocessing, [range(len(opened))])))
    images = model.asarray(block.pixels)
    if flipped:
        images = flip_spectrum(images - 0.5) + 0.5
    start = time.process_time()
    found = dct_margins(model, images)
    seconds = time.process_time() - start
    assert model.labels is not None
    right = np.mean(
        [model.labels.keys[k] == opened.facts["category"][row] for k, row in zip(found.answers, block.rows, strict=True)]
    )
    print(f"{network}, {len(images)} images{', spectra turned round' if flipped else ''}, {right:.1%} right; {seconds:.0f} s")
    print("band (first coefficient)  median margin (quartiles)  converged")
    for at, band in enumerate(bands_for(images.shape[-1])):
        low, high = np.quantile(found.distance[:, at], (0.25, 0.75), method="nearest")
        print(f"{band.start:4}  {found.medians[at]:8.3f} ({low:.3f}-{high:.3f})  {found.converged[:, at].mean():.0%}")
    first, last = found.medians[0], found.medians[-1]
    rank = float(rank_correlation(found.medians, np.arange(len(found.medians), dtype=float)))
    print(f"last band / first band: {last / first:.2f}; rank correlation of margin and frequency {rank:.2f}")
    print(f"{found.forwards} forward passes, {found.pulls} gradients")


def memory(name: str) -> None:
    """The peaks of three processes, in MB."""
    peaks = {}
    for what in ("loaded", "passes", "margins"):
        code = f"from benchmarks.margins import process; process({what!r}, {name!r})"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
        )
        peaks[what] = float(done.stdout.split()[-1])
    print(f"{name}, one image, 14 bands: peak {peaks['margins']:.0f} MB")
    print(f"  over the bare passes in batches as large: {peaks['margins'] - peaks['passes']:.0f} MB (bound {BOUND})")
    own, bare = (peaks[what] - peaks["loaded"] for what in ("margins", "passes"))
    print(f"  over the loaded model: {own:.0f} MB, of which bare passes {bare:.0f}")


def process(what: str, name: str) -> None:
    """What one of those processes does; prints its peak."""
    torch.set_num_threads(1)
    model = snellen.load(name)
    pixels = np.random.default_rng(0).random((1, 3, *model.preprocessing.size), dtype=np.float32)
    images = model.asarray(pixels)
    if what == "passes":
        images = images.expand(BATCH, -1, -1, -1)
        for _ in range(2):
            logits, pull = model.vjp(images)
            pull(one_hot(np.zeros(len(images), int), logits))
    elif what == "margins":
        dct_margins(model, images, batch=BATCH)
    print(high_water())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=Path, nargs="?")
    parser.add_argument("images", nargs="?", default="../shared/data/cifar10-test.parquet")
    parser.add_argument("--sample", type=int, default=100)
    for kind in ("upright", "flipped"):
        parser.add_argument(f"--{kind}", action="store_const", const=kind, dest="kind", default="")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--model", default="zoo:efficientnet-lite0")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.network:
        profile(given.network, given.images, given.sample, given.kind)
    if given.memory:
        memory(given.model)


if __name__ == "__main__":
    main()
