"""Causal concept effect: what a model's answers owe to one concept, by changing it and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float

Answers: TypeAlias = Sequence[str] | np.ndarray


def causal_concept_effect(before: Float[np.ndarray, "n k"], after: Float[np.ndarray, "n k"]) -> Float[np.ndarray, " k"]:
    """CaCE (goyal-2019): the mean of each output over images under the intervention, less its mean over their twins without.

    Effects of opposite sign cancel; `flips` lets none do so.

    Args:
        before: k outputs for each of n images, probabilities for example.
        after: those for their twins, in which one concept was set.
    """
    return after.mean(axis=0) - before.mean(axis=0)


def flips(before: Answers, after: Answers) -> Bool[np.ndarray, " n"]:
    """Which of n answers the intervention changes: their share is the mean effect on the answer, whatever its direction."""
    first, second = np.asarray(before, dtype=object), np.asarray(after, dtype=object)
    return (first != second).astype(bool)
