"""Signs that attacks fail for reasons other than robustness: masked gradients, random answers, saturated outputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import namespace, softmax
from snellen.core import Array, Model, Unsupported
from snellen.methods.asked import Asked
from snellen.methods.attack.attack import Attempt
from snellen.methods.attack.losses import cross_entropy
from snellen.methods.attack.rows import lengths
from snellen.methods.attack.search import scored, slopes, usable

SATURATED = 1 - 1e-6
"""A probability from which on a loss in single precision has no gradient to speak of."""
SHARE = 0.1
"""Of images for which a warning is given."""


def of_model(model: Model, images: Float[Array, "n 3 h w"], truth: Int[np.ndarray, " n"]) -> tuple[str, ...]:
    """Warnings from looking at a model's answers and gradients, one sentence each. Two forward passes and a backward pass.

    What is looked for: answers that change with the place in the batch (croce-2020-reliable: random defences), outputs that are
    probabilities, saturated probabilities, too few classes for DLR, and gradients that are 0 (athalye-2018).
    """
    n = len(truth)
    if n == 0:
        return ()
    xp, asked, found = namespace(images), Asked(model), []
    scores = scored(asked.logits(images), model.name)
    twice = usable(asked.logits(xp.concat([xp.flip(images, axis=0), images], axis=0)))
    spread = np.ptp(np.where(np.isfinite(scores), scores, 0.0)) or 1.0
    apart = max(_apart(scores, twice[n:]), _apart(scores, twice[:n][::-1]))
    if apart > 1e-3 * spread:
        found.append(
            f"Answers to the same image differ by up to {apart:.3g} in a logit with its place in the batch: the model is random, "
            "or mixes the images of a batch. Attacks follow gradients that are not those of the answer."
        )
    found += _outputs(scores)
    found += _gradients(asked, images, truth)
    return tuple(found)


def of_attempts(attempts: Sequence[Attempt]) -> tuple[str, ...]:
    """Warnings from comparing attacks: a black box that breaks what attacks with gradients could not (athalye-2018)."""
    white = [attempt for attempt in attempts if not attempt.black_box]
    if not white:
        return ()
    failed = np.all([attempt.seen & ~attempt.found for attempt in white], axis=0)
    found = []
    for attempt in attempts:
        more = int((attempt.found & failed).sum()) if attempt.black_box else 0
        if more:
            names = ", ".join(one.name for one in white)
            found.append(
                f"{attempt.name}, which uses no gradients, broke {more} of {int(failed.sum())} images that {names} could not: "
                "gradients are masked, and accuracy under attack is likely to be lower than found."
            )
    return tuple(found)


def _apart(scores: np.ndarray, again: np.ndarray) -> float:
    both = np.isfinite(scores) & np.isfinite(again)
    return float(np.abs(np.where(both, scores - np.where(both, again, 0.0), 0.0)).max())


def _outputs(scores: np.ndarray) -> list[str]:
    found, classes = [], scores.shape[1]
    if (scores >= 0).all() and (np.abs(scores.sum(axis=1) - 1) < 0.01).all():
        found.append(
            "The outputs are probabilities, not logits: attacks raise losses of logits, and see little of what is close to 0 or 1. "
            "Take the softmax out of the model."
        )
    else:
        share = float((softmax(scores).max(axis=1) > SATURATED).mean())
        if share > SHARE:
            found.append(
                f"The model is saturated: it gives {share:.0%} of the images a probability of 1 up to a millionth. Attacks that "
                "follow its cross-entropy in single precision stand still there; those of Snellen do not."
            )
    if classes < 4:
        lacking = "targeted DLR" if classes == 3 else "DLR"
        found.append(f"With {classes} classes, {lacking} cannot be had: the margin stands in.")
    return found


def _gradients(asked: Asked, images: Array, truth: np.ndarray) -> list[str]:
    try:
        logits, pull = asked.vjp(images)
    except Unsupported as reason:
        return [f"{reason}: only attacks that ask for answers were possible."]
    largest = lengths(slopes(pull, cross_entropy(usable(logits), truth)[1], logits), "linf")
    share = float((largest == 0).mean())
    if share > SHARE:
        return [
            f"The gradient of the loss is 0 or not finite for {share:.0%} of the images: attacks with gradients cannot move. Trust "
            "black boxes, such as square, more."
        ]
    return []
