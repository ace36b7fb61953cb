"""Which images become references and queries: one of each rank bin for every trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Int

from snellen.core import SnellenError

BINS = 10
"""Of the images at one end of the scale: nine give references, the outermost the query."""


@final
@dataclass(frozen=True)
class Chosen:
    """Of one end: a row of the image set for each trial and reference, and for each trial's query."""

    references: Int[np.ndarray, "trials nine"]
    queries: Int[np.ndarray, " trials"]


def choose(rows: Int[np.ndarray, " k"], trials: int, seed: int) -> Chosen:
    """The outermost images of a unit, the very outermost first → references and queries, no image twice.

    The first BINS · trials rows are cut into bins of so many ranks as there are trials; each trial gets one image of every bin, by
    a permutation that `seed` decides (borowski-2020, zimmermann-2021). The outermost bin gives the queries.

    Raises:
        SnellenError: there are too few images.
    """
    if len(rows) < BINS * trials:
        raise SnellenError(
            f"got {len(rows)} images for {trials} trials; expected {BINS} a trial: give more images or ask for fewer trials"
        )
    rng = np.random.Generator(np.random.PCG64(seed))
    bins = rows[: BINS * trials].reshape(BINS, trials)
    dealt = np.stack([rng.permutation(one) for one in bins])
    return Chosen(dealt[1:].T, dealt[0])
