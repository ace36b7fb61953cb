"""What an attack leaves in its folder: the table, a sheet of examples, adversarial images."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from PIL import Image

from snellen.arrays import to_numpy
from snellen.attacking.conduct import ALL
from snellen.attacking.sheet import Triple, sheet
from snellen.images.facts import shown

if TYPE_CHECKING:
    from snellen.attacking import Attacks

EXAMPLES = 12


def write_table(attacked: Attacks) -> Path:
    """`attack.json`: the table and the warnings; `attack.parquet` beside it: a row for each image, size and attack."""
    attacked.folder.mkdir(parents=True, exist_ok=True)
    path = attacked.folder / "attack.json"
    found = {
        "model": attacked.assault.model.name,
        "images": attacked.assault.images.name,
        "attack": attacked.name,
        "norm": attacked.norm,
        "stands": [asdict(stand) for stand in attacked.stands],
        "warnings": attacked.warnings,
    }
    path.write_text(json.dumps(found, indent=1), "utf-8")
    attacked.frame.write_parquet(attacked.folder / "attack.parquet")
    return path


def write_sheet(attacked: Attacks) -> Path | None:
    """`sheet.png`: the first broken images; None where nothing was broken."""
    names, originals, places = attacked.adversarial()
    if not names:
        return None
    together = attacked.frame.filter((pl.col("attack") == ALL) & (pl.col("epsilon") == attacked.epsilons[-1]))
    told = {row["image"]: row for row in together.iter_rows(named=True)}
    labels = dict(zip(attacked.assault.given.keys, attacked.assault.given.names, strict=True))
    triples = [
        Triple(
            original,
            place,
            f"{labels[told[name]['response_before']]}\n{told[name]['confidence_before']:.1%}",
            f"{labels[told[name]['response']]}\n{told[name]['confidence']:.1%}",
            f"{attacked.norm} {told[name]['distance']:.3g}",
        )
        for name, original, place in zip(names[:EXAMPLES], originals, places, strict=False)
    ]
    path = attacked.folder / "sheet.png"
    sheet(f"{attacked.assault.model.name}: {attacked.name}", triples).save(path)
    return path


def write_images(attacked: Attacks, kind: Literal["png", "npz"]) -> tuple[Path, int, int]:
    """The adversarial images in a folder `adversarial` or as one `.npz`; how many there are, and how many hold as saved.

    PNG files are rounded to 8 bits, which undoes some attacks: the model is asked again.
    """
    names, originals, places = attacked.adversarial()
    if kind == "npz":
        path = attacked.folder / "adversarial.npz"
        np.savez_compressed(path, image=np.array(names), original=originals, adversarial=places)
        return path, len(names), len(names)
    folder = attacked.folder / "adversarial"
    folder.mkdir(exist_ok=True)
    whole = np.round(places * 255).astype(np.uint8)
    for at, (name, pixels) in enumerate(zip(names, whole, strict=True)):
        Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0))).save(folder / f"{at:05d}-{shown(Path(name).stem)}.png")
    categories = dict(attacked.frame.select("image", "category").iter_rows())
    truth = [categories[name] for name in names]
    model, keys, held = attacked.assault.model, attacked.assault.given.keys, 0
    for start in range(0, len(names), attacked.assault.batch):
        piece = slice(start, start + attacked.assault.batch)
        answers = to_numpy(model.logits(model.asarray(whole[piece]))).argmax(axis=1)
        held += sum(keys[answer] != category for answer, category in zip(answers, truth[piece], strict=True))
    return folder, len(names), held
