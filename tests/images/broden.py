"""A small folder in the form of Broden: images of red, green and blue cells, and where each colour is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

SIDE, CELL = 32, 4
COLOURS = ("red", "green", "blue")
LABELS = {"red": 1, "green": 2, "blue": 300, "left": 4, "dim": 5, "unused": 6}
"""One is above 255, so that it needs the second channel."""


def write(folder: Path, count: int = 40, side: int = SIDE) -> np.ndarray:
    """Each image has a cell of full colour, one of each; returns where, (N, 3, 8, 8). The left half is a part; dim is a scene."""
    rng, cells = np.random.default_rng(0), SIDE // CELL
    where = np.zeros((count, 3, cells, cells), bool)
    for image in range(count):
        for colour, cell in enumerate(rng.choice(cells * cells, 3, replace=False)):
            where[image, colour, cell // cells, cell % cells] = True
    (folder / "images" / "made").mkdir(parents=True)
    lines = ["image,split,ih,iw,sh,sw,color,part,scene"]
    for image, masks in enumerate(where):
        name = f"made/{image:03d}"
        pixels = (masks.repeat(side // cells, 1).repeat(side // cells, 2) * 230).astype(np.uint8)
        Image.fromarray(pixels.transpose(1, 2, 0).copy()).save(folder / "images" / f"{name}.png")
        label = sum(masks[at].astype(int) * LABELS[colour] for at, colour in enumerate(COLOURS))
        _save(folder / "images" / f"{name}_color.png", label)
        half = np.zeros((cells, cells), int)
        half[:, : cells // 2] = LABELS["left"]
        _save(folder / "images" / f"{name}_part.png", half)
        lines.append(f"{name}.png,train,{side},{side},{cells},{cells},{name}_color.png,{name}_part.png,{'5' if image % 2 else ''}")
    lines.append("made/none.png,train,8,8,8,8,,,")
    (folder / "index.csv").write_text("\n".join(lines) + "\n")
    kinds = {"left": "part(40)", "dim": "scene(20);color(3)", "unused": "material(3)"}
    rows = [f"{number},{name},{kinds.get(name, 'color(40)')},40,1.5," for name, number in LABELS.items()]
    (folder / "label.csv").write_text("\n".join(["number,name,category,frequency,coverage,syns", *rows]) + "\n")
    return where


def _save(path: Path, label: np.ndarray) -> None:
    Image.fromarray(np.stack([label % 256, label // 256, np.zeros_like(label)], -1).astype(np.uint8)).save(path)
