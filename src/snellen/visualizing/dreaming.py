"""Dreaming as a Python call: a photograph changed so that a layer responds more to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL import Image

from snellen import models
from snellen.arrays import image_keys
from snellen.core import Preprocessing, SnellenError, Unreadable
from snellen.images.decode import upright
from snellen.images.files import open_files
from snellen.methods.visualize.deep_dream import DeepDream
from snellen.methods.visualize.objectives import Channel, MeanSquare
from snellen.run.progress import Progress
from snellen.visualizing.exemplars import shown
from snellen.visualizing.units import find_layer

SIDE = 512
"""Pixels of the longer side at most, unless more are asked for."""


def dream(
    model: Any,
    image: str | Path | np.ndarray,
    layer: str | None = None,
    *,
    unit: int | None = None,
    method: DeepDream | None = None,
    size: int = SIDE,
    preprocessing: Preprocessing | None = None,
    seed: int = 0,
    device: str = "auto",
    trust: bool = False,
    progress: Progress | None = None,
) -> Float[np.ndarray, "3 h w"]:
    """A photograph → the same, (3, H, W) in [0, 1], changed so that a layer responds more to it (mordvintsev-2015).

    >>> snellen.dream("zoo:squeezenet", "cat.jpg", "features.10").shape

    Args:
        model: a PyTorch network, as in `snellen.exam`.
        image: a file, or an array (H, W, 3) or (3, H, W), uint8 or float in [0, 1].
        layer: its name; the last that has a grid of places unless given.
        unit: a channel of it; all of them, each the more the more it responds already, unless given.
        method: its octaves, steps, rate …
        size: an image with a longer side is brought to this one; the model need not be asked at the size it expects.
        preprocessing: what stands between images and a model that does not say.
        seed: of the movements before each step.
        device: "auto", "cpu", "cuda" …
        trust: allow pickles and code that come with weights.
        progress: where to tell how far it is; quiet unless given.

    Raises:
        SnellenError: the image cannot be read, there is no such layer or unit, or the model fails at one of the sizes.
        Unsupported: the model is no PyTorch network, or gives no gradients.
    """
    pixels, name = _read(image, size)
    loaded = models.load(model, preprocessing=preprocessing, device=device, trust=trust)
    called = loaded.grid_layer(*loaded.preprocessing.size) if layer is None else layer
    found = find_layer(loaded, called, loaded.preprocessing.size)
    if unit is not None and not 0 <= unit < found.units:
        raise SnellenError(f"got the unit {unit}; expected one from 0 to {found.units - 1}, which {called} has")
    chosen = method or DeepDream()
    objective = MeanSquare(called) if unit is None else Channel(called, (unit,))
    keys = image_keys("dream", "", [name], seed)
    with (progress or Progress(quiet=True)).stage(f"Dreaming of {called}", chosen.octaves * chosen.steps) as advance:
        return chosen(loaded, loaded.asarray(pixels[None]), objective, keys=keys, progress=advance)[0]


def _read(image: str | Path | np.ndarray, size: int) -> tuple[Float[np.ndarray, "3 h w"], str]:
    """Pixels in [0, 1], and a name that is the same for the same file."""
    if size < 1:
        raise SnellenError(f"got the size {size}; expected 1 pixel or more")
    named = "array" if isinstance(image, np.ndarray) else Path(image).name
    try:
        payload = image if isinstance(image, np.ndarray) else open_files([image]).fetch([0])[0]
        if isinstance(payload, Unreadable):
            raise payload
        pixels = shown(upright(payload))
    except Unreadable as error:
        raise SnellenError(f"{named} could not be read: {error}") from error
    return np.ascontiguousarray(_reduced(pixels, size).transpose(2, 0, 1), np.float32), named


def _reduced(pixels: Float[np.ndarray, "h w 3"], size: int) -> Float[np.ndarray, "a b 3"]:
    """The longer side brought to `size` where it is longer."""
    longer = max(pixels.shape[:2])
    if longer <= size:
        return pixels
    width, height = (max(1, round(side * size / longer)) for side in (pixels.shape[1], pixels.shape[0]))
    channels = [Image.fromarray(np.ascontiguousarray(pixels[:, :, channel], np.float32)) for channel in range(3)]
    small = [np.asarray(channel.resize((width, height), Image.Resampling.LANCZOS)) for channel in channels]
    return np.stack(small, -1).clip(0, 1)
