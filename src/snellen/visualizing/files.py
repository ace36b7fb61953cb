"""What visualising leaves behind: a sheet, every picture by itself, and a table of what was asked and found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from snellen.core import SnellenError
from snellen.run.evidence import slug
from snellen.sheets import PICTURES, as_picture
from snellen.visualizing.sheet import Row, sheet, write

if TYPE_CHECKING:
    from snellen.visualizing import Visualized
    from snellen.visualizing.conduct import Pictured
    from snellen.visualizing.exemplars import Natural


def save(visualized: Visualized, out: Path) -> list[Path]:
    """The sheet alone where `out` is a picture file; else `sheet.webp`, `visualize.json` and a PNG file for each image made.

    Raises:
        SnellenError: it cannot be written there.
    """
    drawn = sheet(visualized.model.name, rows(visualized))
    if out.suffix.lower() in PICTURES:
        save_picture(drawn, out)
        return [out]
    places = [out / "sheet.webp", out / "visualize.json"]
    save_picture(drawn, places[0])
    places[1].write_text(json.dumps(table(visualized), indent=1), "utf-8")
    for one in visualized.units:
        for at, pixels in enumerate(one.images):
            places.append(out / "images" / f"{slug(one.target.name)}-{at}.png")
            save_picture(as_picture(pixels), places[-1])
    return places


def save_picture(picture: Image.Image, path: Path) -> None:
    """In the format that the file's name says.

    Raises:
        SnellenError: it is the name of no picture file, or cannot be written.
    """
    check_picture(path)
    try:
        if path.suffix.lower() == ".webp":
            write(path, picture)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path)
    except OSError as error:
        raise SnellenError(f"got {path}, which cannot be written ({error.strerror or error})") from error


def check_picture(path: Path) -> None:
    """Nothing, if this is the name of a picture file.

    Raises:
        SnellenError: it is not.
    """
    if path.suffix.lower() not in PICTURES:
        raise SnellenError(f"got {path}; expected a picture file: a name that ends in {', '.join(PICTURES)}")


def rows(visualized: Visualized) -> list[Row]:
    """One row for each unit where there are images of a set or several copies; else one for each layer."""
    if any(one.top or len(one.images) > 1 for one in visualized.units):
        return [row for one in visualized.units for row in _of_unit(one)]
    layers = dict.fromkeys(one.target.layer for one in visualized.units)
    groups = [[one for one in visualized.units if one.target.layer == layer] for layer in layers]
    return [
        Row(_heading(group[0]), [one.images[0] for one in group], [f"{_short(one)}\n{one.values[0]:.3g}" for one in group])
        for group in groups
    ]


def table(visualized: Visualized) -> dict[str, object]:
    """Plain data: settings, and for each unit the responses to what was made and to what was found."""

    def ends(naturals: Sequence[Natural]) -> list[dict[str, object]]:
        return [{"image": natural.name, "response": round(natural.value, 6)} for natural in naturals]

    units = [
        {
            "layer": one.target.layer,
            "unit": one.target.unit,
            "name": one.target.name,
            "responses": [round(float(value), 6) for value in one.values],
            **({"top": ends(one.top), "bottom": ends(one.bottom)} if one.top else {}),
        }
        for one in visualized.units
    ]
    return {
        "model": visualized.model.name,
        "model id": visualized.model.id,
        "settings": repr(visualized.method),
        "images": visualized.images,
        "units": units,
        "unreadable": visualized.problems,
    }


def _of_unit(one: Pictured) -> list[Row]:
    made = [(pixels, f"made from noise\n{value:.3g}") for pixels, value in zip(one.images, one.values, strict=True)]
    heading = one.target.name if one.target.layer else f"{one.target.name} (logit)"
    found = [Row(heading, *_split(made + _beside(one.top, "strongest")))]
    return [*found, Row("responds least", *_split(_beside(one.bottom, "weakest")))] if one.bottom else found


def _beside(naturals: Sequence[Natural], where: str) -> list[tuple[np.ndarray, str]]:
    """Each image, and after it what the unit looks at in it."""
    out = []
    for natural in naturals:
        out.append((natural.pixels, f"{natural.name}\n{natural.value:.3g}"))
        out += [] if natural.crop is None else [(natural.crop, f"where it is {where}")]
    return out


def _split(pairs: Sequence[tuple[np.ndarray, str]]) -> tuple[list[np.ndarray], list[str]]:
    return [pixels for pixels, _ in pairs], [text for _, text in pairs]


def _heading(one: Pictured) -> str:
    return f"{one.target.layer}: mean of a channel" if one.target.layer else "logits of classes"


def _short(one: Pictured) -> str:
    return one.target.name if one.target.layer is None else f"channel {one.target.unit}"
