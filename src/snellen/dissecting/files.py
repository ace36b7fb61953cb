"""What dissecting leaves behind: a row for each unit, the counts beside those of the control, and cards of units."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from snellen.dissecting.cards import cards
from snellen.visualizing.sheet import sheet, write

if TYPE_CHECKING:
    from snellen.dissecting import Dissections

CARDS = 24
"""Units of a layer on its sheet."""


def save(dissected: Dissections, most: int = CARDS) -> list[Path]:
    """`dissect.json`, `dissect.parquet` and `units.webp` in the folder of the dissection."""
    table_, frame, drawn = (dissected.folder / name for name in ("dissect.json", "dissect.parquet", "units.webp"))
    table_.write_text(json.dumps(table(dissected), indent=1), "utf-8")
    dissected.frame.write_parquet(frame)
    rows = [row for one in dissected.layers for row in cards(dissected, one, most)]
    write(drawn, sheet(f"{dissected.model.name} on {dissected.data.images.name}", rows))
    return [table_, frame, drawn]


def counts(dissected: Dissections) -> list[dict[str, object]]:
    """For each layer and category: units that detect a concept of it and the concepts detected, as they are and mixed."""
    out: list[dict[str, object]] = []
    for one in dissected.layers:
        found, control = one.found.by_category(), one.control.by_category()
        rows = {kind: (*found[kind], *control[kind]) for kind in found}
        rows["all"] = tuple(sum(row[at] for row in rows.values()) for at in range(4))  # type: ignore[assignment]
        keys = ("detectors", "concepts", "detectors, mixed", "concepts, mixed")
        out += [
            {"layer": one.found.layer, "units": len(one.found.iou), "category": kind, **dict(zip(keys, row, strict=True))}
            for kind, row in rows.items()
        ]
    return out


def table(dissected: Dissections) -> dict[str, object]:
    """Plain data: settings, counts, and a row for each unit."""
    rounded = [
        {key: round(value, 6) if isinstance(value, float) else value for key, value in row.items()}
        for row in dissected.frame.iter_rows(named=True)
    ]
    first = dissected.layers[0].found
    return {
        "model": dissected.model.name,
        "model id": dissected.model.id,
        "images": dissected.data.images.name,
        "seen": first.seen,
        "least IoU of a detector": first.least,
        "counts": counts(dissected),
        "units": rounded,
        "unreadable": dissected.problems,
    }
