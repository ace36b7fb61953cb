"""Pictures of a plan, a batch at a time, into a folder; whatever is there already is not made again."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from snellen.core import Images, Preprocessing, SnellenError, Unreadable
from snellen.images.decode import decode
from snellen.run.progress import Progress
from snellen.styling.pairs import Pair
from snellen.styling.sheet import COLUMNS, ROWS, sheet

if TYPE_CHECKING:
    from snellen.styling.transfer import Choice, Transfer

MANIFEST, RECIPE, SHEET = "manifest.csv", "style.json", "sheet.png"
BATCH = 4
_COLUMNS = ("file", "category", "texture", "content_image", "style_image")


def claim(folder: Path, recipe: dict[str, object]) -> None:
    """Write what the folder is for, or check that it is for this.

    Raises:
        SnellenError: it holds something else, or cannot be written.
    """
    path, text = folder / RECIPE, json.dumps(recipe, indent=1, sort_keys=True)
    if path.is_file():
        if path.read_text("utf-8") != text:
            raise SnellenError(
                f"{folder} holds pictures made from other images or with other settings; expected a folder of its own: name another"
            )
        return
    if folder.is_dir() and any(folder.iterdir()):
        raise SnellenError(f"{folder} holds files already, and no {RECIPE}; expected an empty folder, or a new one: name another")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise SnellenError(f"got the folder {folder}; expected one that can be written, and it cannot: {error}") from error


def make(
    plan: Sequence[Pair], contents: Images, styles: Images, folder: Path, size: int, choice: Choice, device: str, progress: Progress
) -> tuple[int, tuple[str, ...]]:
    """Make what is missing: how many pictures were made, and which images could not be read.

    Batches are those of the whole plan, and one with anything missing is made whole, so that a picture does not depend on when
    the work was interrupted.
    """
    batches = [plan[at : at + BATCH] for at in range(0, len(plan), BATCH)]
    missing = [batch for batch in batches if not all((folder / pair.file).is_file() for pair in batch)]
    if not missing:
        return 0, ()
    transfer, unreadable, made = choice.open(device), {}, 0
    with progress.stage("Transferring textures", sum(map(len, missing))) as advance:
        for batch in missing:
            readable, shapes, looks = [], [], []
            for pair in batch:
                both = read(contents, pair.content, size), read(styles, pair.style, size)
                for images, row, pixels in zip((contents, styles), (pair.content, pair.style), both, strict=True):
                    if isinstance(pixels, Unreadable):
                        unreadable[f"{images.facts['image'][row]}: {pixels}"] = None
                if isinstance(both[0], np.ndarray) and isinstance(both[1], np.ndarray):
                    readable.append(pair)
                    shapes.append(both[0])
                    looks.append(both[1])
            if readable:
                _write(folder, readable, _transferred(transfer, shapes, looks, [pair.key for pair in readable], device))
            made += len(readable)
            advance(len(batch))
    return made, tuple(unreadable)


def read(images: Images, row: int, size: int) -> np.ndarray | Unreadable:
    """(3, size, size) uint8: the shorter side brought to `size`, the centre kept."""
    (payload,) = images.fetch([row])
    if isinstance(payload, Unreadable):
        return payload
    try:
        pixels = decode(payload, Preprocessing((size, size), size, "bicubic"))
    except Unreadable as error:
        return error
    return pixels if pixels.dtype == np.uint8 else (pixels * 255).round().astype(np.uint8)


def finish(plan: Sequence[Pair], contents: Images, styles: Images, folder: Path, size: int) -> int:
    """Write the table of what is there and the contact sheet; how many pictures are there."""
    done = [pair for pair in plan if (folder / pair.file).is_file()]
    content_names, style_names = contents.facts["image"].to_list(), styles.facts["image"].to_list()
    rows = [(pair.file, pair.category, pair.texture or "", content_names[pair.content], style_names[pair.style]) for pair in done]
    with (folder / MANIFEST).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([_COLUMNS, *rows])
    downs, acrosses, shown = {}, {}, {}
    for pair in done:
        texture = pair.texture or "style"
        if pair.category not in downs and len(downs) < ROWS:
            downs[pair.category] = read(contents, pair.content, size)
        if texture not in acrosses and len(acrosses) < COLUMNS:
            acrosses[texture] = read(styles, pair.style, size)
        shown.setdefault((pair.category, texture), folder / pair.file)
    sheet(shown, downs, dict(sorted(acrosses.items()))).save(folder / SHEET)
    return len(done)


def _transferred(transfer: Transfer, shapes: list[np.ndarray], looks: list[np.ndarray], keys: list[int], device: str) -> np.ndarray:
    """(N, 3, H, W) uint8."""
    import torch

    from snellen.models.devices import best_device

    where = best_device(device)
    content, style = (torch.from_numpy(np.stack(images)).to(where).float() / 255 for images in (shapes, looks))
    return (transfer(content, style, keys) * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()


def _write(folder: Path, pairs: Sequence[Pair], pixels: np.ndarray) -> None:
    for pair, image in zip(pairs, pixels, strict=True):
        path = folder / pair.file
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0))).save(partial, "PNG")
        os.replace(partial, path)  # noqa: PTH105
