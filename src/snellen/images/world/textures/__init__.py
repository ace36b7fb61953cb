"""Sixteen families of procedural texture, each told from every other in a patch of a few periods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from snellen.images.world.textures.lines import crosshatch, grain, marble, stripes, waves, zigzag
from snellen.images.world.textures.natural import cells, fur, noise, speckle
from snellen.images.world.textures.tiles import bricks, checks, cloth, dots, rings, scales

Texture: TypeAlias = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""`texture(x, y, u, key, pixel)` → (n, H, W) float32 in [0, 1], of mean about 1/2 and standard deviation about 0.3.

`x`, `y`: float32 (n, H, W), the point in texture units, of which one is about a period. `u`: float32 (4, n, 1, 1) uniform in
[0, 1), the family's own parameters. `key`: uint32 (n, 1, 1), the seed of what is random. `pixel`: float32 (n, 1, 1), the width of
a pixel in texture units: edges are as wide, and what is finer fades to 1/2.
"""

FAMILIES: Mapping[str, Texture] = {
    "stripes": stripes,
    "dots": dots,
    "checks": checks,
    "grain": grain,
    "waves": waves,
    "cells": cells,
    "cloth": cloth,
    "fur": fur,
    "noise": noise,
    "bricks": bricks,
    "rings": rings,
    "zigzag": zigzag,
    "scales": scales,
    "crosshatch": crosshatch,
    "speckle": speckle,
    "marble": marble,
}
