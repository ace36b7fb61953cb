"""What the sweeps say of models that see nothing to begin with."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from snellen.core import Evidence
from snellen.labels import SIXTEEN, sixteen
from snellen.probes.noise import Noise


def evidence(undistorted: float, distorted: float, n: int = 320) -> Evidence:
    """Accuracy at the first level, and at all others."""
    frames = []
    for place, condition in enumerate(Noise().conditions()):
        category = np.array(SIXTEEN)[np.arange(n) % 16]
        right = np.arange(n) < round((distorted if place else undistorted) * n)
        frame = pl.DataFrame({"image": [f"{i:04d}" for i in range(n)], "category": category, "correct": right})
        response = pl.Series("response", np.where(right, category, np.roll(category, 1)))
        told = {"condition": condition.name, "level": condition.level, "confidence": 0.5}
        columns = [response, response.alias("coarse_response"), frame["category"].alias("coarse_category")]
        frames.append(frame.with_columns(*columns, **{name: pl.lit(value) for name, value in told.items()}))
    return Evidence("photos", "m", pl.concat(frames), sixteen())


@pytest.mark.parametrize(("undistorted", "judged"), [(0.075, False), (0.2, True), (0.9, True)])
def test_what_a_guesser_keeps_is_not_judged(undistorted: float, judged: bool):
    kept = Noise().judge(evidence(undistorted, undistorted))[0]
    assert kept.value == pytest.approx(1.0)
    assert kept.verdict == ("good" if judged else "note")
    assert any("guessing" in limit for limit in kept.limits) != judged
