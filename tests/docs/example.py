"""The folder that the examples assume: a few small pictures, the networks of the tutorial, and trials of people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from snellen.labels import SIXTEEN
from tests.docs.blocks import ROOT, blocks

SIDE, CELL = 64, 16
EACH = 4
"""Pictures of a category in `photos/`."""
STREAM = {"photos": 1, "cue-conflict": 2, "people": 3, "models": 4}


def build(folder: Path) -> Path:
    """Fill an empty folder with what the examples use."""
    _photos(folder / "photos")
    names = _cue_conflict(folder / "cue-conflict")
    people, models = {f"subject-{at:02d}": 0.97 for at in (1, 2, 3)}, {"net-a": 0.7, "net-b": 0.9}
    _answers(names, people, "people").write_parquet(folder / "humans.parquet")
    _answers(names, models, "models").write_parquet(folder / "models.parquet")
    (folder / "classes.txt").write_text("\n".join(SIXTEEN) + "\n")
    for block in blocks(ROOT / "docs" / "tutorial.md"):
        if block.title and block.kind == "python":
            (folder / block.title).write_text(block.body, "utf-8")
    return folder


def draw(shape: int, texture: int, rng: np.random.Generator) -> np.ndarray:
    """(H, W, 3) uint8: an uneven background, a grating that stands for a texture, a disc whose place stands for a shape."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    grey = 0.4 + np.kron(rng.normal(0, 0.06, (4, 4)), np.ones((CELL, CELL)))
    angle = np.pi * texture / 16
    grey += 0.05 * np.sin(2 * np.pi * (np.cos(angle) * columns + np.sin(angle) * rows) / (2 + texture % 4))
    top, left = CELL * (shape // 4) + CELL / 2, CELL * (shape % 4) + CELL / 2
    grey += 0.3 * ((rows - top) ** 2 + (columns - left) ** 2 < (CELL / 2.2) ** 2)
    return np.repeat((grey.clip(0, 1) * 255).round().astype(np.uint8)[..., None], 3, axis=2)


def _photos(folder: Path) -> None:
    rng = np.random.default_rng(STREAM["photos"])
    for at, category in enumerate(SIXTEEN):
        (folder / category).mkdir(parents=True)
        for number in range(EACH):
            Image.fromarray(draw(at, at, rng)).save(folder / category / f"{category}-{number}.png")


def _cue_conflict(folder: Path) -> list[tuple[str, str]]:
    """(file name, category of the shape) of every picture, named as the published ones are."""
    rng = np.random.default_rng(STREAM["cue-conflict"])
    names = []
    for at, shape in enumerate(SIXTEEN):
        (folder / shape).mkdir(parents=True)
        for step in (3, 5, 7, 11):
            texture = (at + step) % 16
            name = f"{shape}1-{SIXTEEN[texture]}1.png"
            Image.fromarray(draw(at, texture, rng)).save(folder / shape / name)
            names.append((name, shape))
    return names


def _answers(names: list[tuple[str, str]], accuracy: dict[str, float], stream: str) -> pl.DataFrame:
    """Trials in the published layout; every fifth picture is hard for all."""
    rng = np.random.default_rng(STREAM[stream])

    def answer(shape: str, share: float) -> str:
        return shape if rng.random() < share else str(rng.choice([name for name in SIXTEEN if name != shape]))

    rows = [
        {
            "subj": subject,
            "object_response": answer(shape, share if at % 5 else share / 2),
            "category": shape,
            "condition": "0",
            "imagename": name,
            "dataset": "cue-conflict",
            "rt": 0.8 if stream == "people" else None,
        }
        for subject, share in accuracy.items()
        for at, (name, shape) in enumerate(names)
    ]
    return pl.DataFrame(rows, schema_overrides={"rt": pl.Float64})
