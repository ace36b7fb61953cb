"""Which methods were seen to miss what a patient goes by: `validity.json`, which has the command that makes it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files


@cache
def misses(method: str) -> tuple[str, ...]:
    """What maps of this method miss, a sentence for each patient whose planted region holds less of their mass than its area."""
    found = json.loads(files("snellen.methods.explain").joinpath("validity.json").read_text("utf-8"))
    return tuple(
        f"on patients known to go by the {row['region']}, its maps put {row['mass']:.0%} of their mass there "
        f"[{row['low']:.0%}, {row['high']:.0%}], less than the {row['chance']:.0%} of chance"
        for row in found["rows"]
        if row["method"] == method and row["high"] < row["chance"]
    )
