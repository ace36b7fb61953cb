"""What explaining leaves behind: a sheet, the maps, and a table of what was asked and found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from snellen.core import SnellenError
from snellen.explaining.sheet import flat, sheet
from snellen.methods.explain.validity import misses
from snellen.sheets import PICTURES

if TYPE_CHECKING:
    from snellen.explaining import Explained


def write(explained: Explained, out: Path) -> list[Path]:
    """The sheet alone where `out` is a picture file; else `sheet.png`, `maps.npz` and `explain.json` in the folder `out`.

    Raises:
        SnellenError: it cannot be written there.
    """
    try:
        if out.suffix.lower() in PICTURES:
            out.parent.mkdir(parents=True, exist_ok=True)
            sheet(explained).save(out)
            return [out]
        out.mkdir(parents=True, exist_ok=True)
        sheet(explained).save(out / "sheet.png")
        maps = {f"{at}-{method.name}": found.maps for at, (method, found) in enumerate(explained.methods)}
        np.savez_compressed(out / "maps.npz", image=np.array(explained.images), **maps)  # type: ignore[arg-type]
        (out / "explain.json").write_text(json.dumps(table(explained), indent=1), "utf-8")
    except OSError as error:
        raise SnellenError(
            f"got {out}, which cannot be written ({error.strerror or error}); expected a folder or a .png file"
        ) from error
    return [out / name for name in ("sheet.png", "maps.npz", "explain.json")]


def table(explained: Explained) -> dict[str, object]:
    """Plain data: what was explained, by which settings, and of every map its extremes and what it is missing."""
    keys, names = explained.labels.keys, explained.labels.names
    rows = [
        {
            "image": image,
            "class": keys[target],
            "name": names[target],
            "confidence": round(float(confidence), 6),
            "answer": keys[answer],
        }
        for image, target, answer, confidence in zip(
            explained.images, explained.classes.tolist(), explained.answers.tolist(), explained.confidence, strict=True
        )
    ]
    methods = [
        {
            "method": method.name,
            "settings": repr(method),
            "unit": found.unit,
            "where": found.where,
            "least": [round(float(flat(one).min()), 8) for one in found.maps],
            "most": [round(float(flat(one).max()), 8) for one in found.maps],
            "gap": None if found.gap is None else [round(float(gap), 6) for gap in found.gap],
            "faithful": [round(float(score), 4) for score in explained.faithful[at]] if explained.faithful else None,
            "misses": misses(method.name),
            "passes forward": found.forwards,
            "passes back": found.pulls,
        }
        for at, (method, found) in enumerate(explained.methods)
    ]
    return {
        "model": explained.model.name,
        "model id": explained.model.id,
        "images": rows,
        "methods": methods,
        "refused": explained.refused,
        "unreadable": explained.problems,
    }
