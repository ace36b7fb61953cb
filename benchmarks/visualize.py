"""Do other networks recognise the images that one network's classes are made into, by how much these were moved about?

    OMP_NUM_THREADS=1 python benchmarks/visualize.py [--model zoo:squeezenet] [--steps 160] [--classes 24]

Images of classes drawn at random, under the published movements (olah-2017) and under those that classes get. Other networks, which
had no part in making them, are asked for the class: for how many it is their answer, or among their first five, and how often one
movement gives it a better rank than the other, with the P value of a sign test.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from scipy.stats import binomtest

import snellen
from snellen.core import Model
from snellen.methods.visualize.activation_maximization import ActivationMaximization
from snellen.methods.visualize.robustness import WIDE, Robustness

JUDGES = ("zoo:efficientnet-lite0", "zoo:mobilenet-v2")
MOVEMENTS = {"published": Robustness(), "of classes": WIDE}
SEED, FIRST = 20261201, 68
"""Of the order in which classes are drawn; those before had been looked at, some when the movements were chosen."""


def ranks(model: Model, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """How many classes the model finds likelier than the one that each image was made for."""
    logits = np.concatenate([model.logits(model.asarray(images[at : at + 8])).numpy() for at in range(0, len(images), 8)])
    return (logits > logits[np.arange(len(classes)), classes][:, None]).sum(1)


def main() -> None:
    """Make, ask and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="zoo:squeezenet")
    parser.add_argument("--steps", type=int, default=160)
    parser.add_argument("--classes", type=int, default=24)
    given = parser.parse_args()
    torch.set_num_threads(1)
    classes = np.random.default_rng(SEED).permutation(1000)[FIRST : FIRST + given.classes]
    made = {}
    for name, robustness in MOVEMENTS.items():
        method = ActivationMaximization(steps=given.steps, robustness=robustness)
        seen = snellen.visualize(given.model, classes=classes.tolist(), method=method)
        made[name] = np.concatenate([one.images for one in seen.units])
    print("| judge | movement | first | among five | median rank | better than the other |\n|---|---|---|---|---|---|")
    for judge in (snellen.load(name) for name in JUDGES):
        found = {name: ranks(judge, images, classes) for name, images in made.items()}
        for name, other in (("published", "of classes"), ("of classes", "published")):
            own = found[name]
            better, worse = int((own < found[other]).sum()), int((own > found[other]).sum())
            p = binomtest(better, max(1, better + worse)).pvalue
            figures = f"{(own < 1).sum()} | {(own < 5).sum()} | {np.median(own):g} | {better} of {better + worse} (P = {p:.2g})"
            print(f"| {judge.name} | {name} | {figures} |")


if __name__ == "__main__":
    main()
