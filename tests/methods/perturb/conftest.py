"""The published input and outputs of the twelve distortions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def vectors(shared: Path) -> dict[str, np.ndarray]:
    with np.load(shared / "distortion-vectors" / "upstream_outputs_float32.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="session")
def image(shared: Path) -> np.ndarray:
    picture = Image.open(shared / "distortion-vectors" / "synthetic_input_224.png").convert("RGB")
    return np.asarray(picture, np.float32).transpose(2, 0, 1)[None] / 255
