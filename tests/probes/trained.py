"""Two small networks trained on worlds: in one nothing goes with the category, in the other the colour of the ground does."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import nn

from snellen import load
from snellen.core import Model, Preprocessing
from snellen.images.world import World, open_world
from snellen.labels import sixteen
from snellen.methods.train.loop import train
from snellen.methods.train.settings import Training

SIZE = 32
GROUNDS = {"bottle": "grass", "car": "sky", "clock": "sand", "bird": "night"}
PLAIN = {
    "category": dict.fromkeys(GROUNDS, 1),
    "clutter": "0",
    "occlusion": 0.0,
    "x": 0.0,
    "y": 0.0,
    "rotation": 0.0,
    "background_colour": dict.fromkeys(GROUNDS.values(), 1),
}


def world(tied: bool = False, images: int = 120, seed: int = 9) -> World:
    """Four categories; `tied`: each before ground of a colour of its own."""
    return open_world({**PLAIN, **({"background_colour | category": GROUNDS} if tied else {})}, images=images, size=SIZE, seed=seed)


@cache
def network(tied: bool) -> Model:
    """Trained on 600 images of such a world."""
    images = world(tied, 600, seed=1)
    targets = np.array([sixteen().keys.index(category) for category in images.facts["category"]])
    torch.manual_seed(0)
    layers = nn.Sequential(
        nn.Conv2d(3, 16, 5, 2, 2),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, 1, 1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * (SIZE // 4) ** 2, 16),
    )
    pixels = images.draw().pixels
    train(layers, lambda epoch: (pixels, targets), Training(epochs=6))
    return load(layers.eval(), labels=sixteen(), preprocessing=Preprocessing((SIZE, SIZE)), name="tied" if tied else "free")
