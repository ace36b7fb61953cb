"""What attacks raise: losses of the logits and their gradients with respect to the logits, in closed form.

Each takes scores (N, K), which may hold -inf but neither NaN nor +inf, and classes (N,), and returns the loss of each row, to be
raised, and its cotangent (N, K), up to a positive factor for each row: searches follow its direction. A loss is above 0 for an
image that the model gets wrong, but for cross-entropy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float, Int
from scipy import special

Valued = tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n k"]]
_TINY = 1e-12


def cross_entropy(scores: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"]) -> Valued:
    """-log p[truth], p being softmax(z). The cotangent is divided by 1 - p[truth], so that it never vanishes.

    It is then softmax over the other classes, less onehot(truth): 0 only where all others are -inf.
    """
    rows = np.arange(len(truth))
    value = special.logsumexp(scores, axis=1) - scores[rows, truth]
    others = scores.copy()
    others[rows, truth] = -np.inf
    lone = np.asarray(np.isneginf(others).all(axis=1))
    cotangent = special.softmax(np.where(lone[:, None], 0.0, others), axis=1)
    cotangent[rows, truth] = -1
    cotangent[lone] = 0
    return value, cotangent


def margin(scores: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"]) -> Valued:
    """The largest other logit less the true one (carlini-2017)."""
    return towards(scores, truth, rival(scores, truth))


def towards(scores: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"], target: Int[np.ndarray, " n"]) -> Valued:
    """The target's logit less the true one; where both are -inf, -inf."""
    rows = np.arange(len(truth))
    lost = np.isneginf(scores[rows, target])
    value = np.where(lost, -np.inf, scores[rows, target] - np.where(lost, 0.0, scores[rows, truth]))
    cotangent = np.zeros_like(scores)
    cotangent[rows, target] = 1
    cotangent[rows, truth] = -1
    return value, cotangent


def dlr(scores: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"]) -> Valued:
    """The margin over the gap between the largest and the third largest logit (croce-2020-reliable).

    It does not change with the scale of the logits. Rows with fewer than three finite logits have no such gap: theirs is the
    margin as it is.
    """
    return _over_gap(scores, margin(scores, truth), (1.0, 0.0, -1.0))


def targeted_dlr(scores: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"], target: Int[np.ndarray, " n"]) -> Valued:
    """The target's logit less the true one, over the gap between the largest logit and the mean of the third and the fourth.

    As in croce-2020-reliable; rows with fewer than four finite logits keep the difference as it is.
    """
    return _over_gap(scores, towards(scores, truth, target), (1.0, 0.0, -0.5, -0.5))


def rival(scores: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """The largest other class."""
    others = scores.copy()
    others[np.arange(len(truth)), truth] = -np.inf
    found = others.argmax(axis=1)
    return np.where(found == truth, (truth + 1) % scores.shape[1], found)


def _over_gap(scores: np.ndarray, valued: Valued, weights: tuple[float, ...]) -> Valued:
    """A difference of logits over a weighted sum of the largest ones, in rows where all of these are finite."""
    value, cotangent = valued
    if scores.shape[1] < len(weights):
        return valued
    order = np.argsort(-scores, axis=1, kind="stable")[:, : len(weights)]
    ranked = np.take_along_axis(scores, order, 1)
    known = np.isfinite(ranked).all(axis=1) & np.isfinite(value)
    gap = np.where(known, np.where(np.isfinite(ranked), ranked, 0.0) @ np.array(weights) + _TINY, 1.0)
    slope = np.zeros_like(scores)
    np.put_along_axis(slope, order, np.broadcast_to(weights, order.shape), 1)
    turn = np.where(known, np.where(known, value, 0.0) / gap**2, 0.0)
    return value / gap, cotangent / gap[:, None] - turn[:, None] * slope


LOSSES: Mapping[str, Callable[[np.ndarray, np.ndarray], Valued]] = {"ce": cross_entropy, "margin": margin, "dlr": dlr}
"""The untargeted losses by name."""
