"""What people reached at each level of the distortions they were shown, as published."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import polars as pl


@cache
def people_curves() -> Mapping[str, tuple[tuple[int, int], ...]]:
    """Distortion → (right answers, trials) at each of its levels, in their order (geirhos-2018)."""
    table = pl.read_csv(files("snellen").joinpath("data/people-distortions.csv").read_bytes())
    return {
        str(name[0]): tuple(rows.select("hits", "n").rows()) for name, rows in table.group_by("distortion", maintain_order=True)
    }
