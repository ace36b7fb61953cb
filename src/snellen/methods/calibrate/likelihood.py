"""Negative log likelihood: what the true answer's probability is worth."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from snellen.methods.calibrate.logits import log_probabilities


def negative_log_likelihood(logits: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """-log p of the true class, of each image, in nats; infinite where it was ruled out (guo-2017)."""
    return -log_probabilities(logits)[np.arange(len(truth)), truth]
