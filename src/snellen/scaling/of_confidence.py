"""Scalings that change how sure an answer is, and neither the answer nor how the others compare."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import final

import numpy as np
from scipy import special

from snellen.scaling.scaling import Scaling

STEEPEST = 40.0
"""Log-odds beyond which confidences count as equal: 1 - 4e-18."""
APART = 1e-3
"""By how much the answer's logit stays above the next, whatever its confidence becomes: no answer is changed."""


class OfConfidence(Scaling):
    """Moves the answer's logit alone, so that its probability becomes a function of what it was: all else keeps its proportions.

    With s the log-odds of the confidence and L the log-sum-exp of the other logits, the answer's logit L + s becomes
    L + h(s), or `APART` above the next logit where that is more. So no answer changes, and no confidence falls below that at
    which the next answer would be as likely. Where everything but the answer is ruled out, nothing is moved.
    """

    @abstractmethod
    def curve(self, log_odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """h(s) and its derivative, each (N,)."""

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """(N, K) with the answer's logit moved."""
        logits = np.array(logits, np.float64)
        parts = _Parts.of(logits)
        moved = parts.rest + self.curve(parts.log_odds)[0]
        moved = np.maximum(moved, parts.next + APART)
        logits[parts.rows, parts.answer] = np.where(parts.alone, logits[parts.rows, parts.answer], moved)
        return logits

    def pull(self, logits: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        """h'(s) to the answer, 1 - h'(s) to the others by their shares; where the floor holds, all to the next answer."""
        logits, given = np.asarray(logits, np.float64), np.asarray(cotangent, np.float64)
        parts, out = _Parts.of(logits), given.copy()
        value, slope = self.curve(parts.log_odds)
        own = given[parts.rows, parts.answer]
        others = np.where(np.isfinite(logits), logits, -np.inf)
        others[parts.rows, parts.answer] = -np.inf
        with np.errstate(invalid="ignore"):
            shares = np.where(parts.alone[:, None], 0.0, np.exp(others - parts.rest[:, None]))
        floor = ~parts.alone & (parts.rest + value < parts.next + APART)
        to_next = np.where(np.arange(logits.shape[1]) == others.argmax(axis=1)[:, None], 1.0, 0.0)
        spread = np.where(floor[:, None], to_next, (1 - slope)[:, None] * shares)
        kept = np.where(floor, 0.0, slope)
        out[parts.rows, parts.answer] = np.where(parts.alone, own, own * kept)
        return out + np.where(parts.alone[:, None], 0.0, own[:, None] * spread)


def log_odds(logits: np.ndarray) -> np.ndarray:
    """(N, K) → (N,) the log-odds of the answer's probability, exact also where it rounds to one, within ±`STEEPEST`."""
    return _Parts.of(np.asarray(logits, np.float64)).log_odds


@final
@dataclass(frozen=True)
class _Parts:
    """Of each row: its answer (the last of the largest), the next largest logit, the log-sum-exp of all but the answer."""

    rows: np.ndarray
    answer: np.ndarray
    next: np.ndarray
    rest: np.ndarray
    log_odds: np.ndarray
    alone: np.ndarray

    @classmethod
    def of(cls, logits: np.ndarray) -> _Parts:
        rows = np.arange(len(logits))
        answer = logits.shape[1] - 1 - np.argmax(logits[:, ::-1], axis=1)
        others = logits.copy()
        others[rows, answer] = -np.inf
        rest = np.asarray(special.logsumexp(others, axis=1))
        alone = ~np.isfinite(rest)
        odds = np.clip(np.where(alone, STEEPEST, logits[rows, answer] - np.where(alone, 0.0, rest)), -STEEPEST, STEEPEST)
        return cls(rows, answer, others.max(axis=1), rest, odds, alone)
