"""How accuracy falls with the size of the changes, from one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.arrays import take
from snellen.core import Array, Model, SnellenError
from snellen.methods.attack.attack import Attack, Attacked, Attempt
from snellen.methods.attack.ensemble import ROUNDING, Ensemble
from snellen.methods.attack.rows import replaced


@final
@dataclass(frozen=True)
class Curve:
    """What was found at each size.

    Attributes:
        epsilons: (E,) ascending. Size 0, at which only images that are wrong as they are count, is not among them.
        broken: (E, N), whether the model errs within that size. It never falls from one row to the next.
        clean: (N,), whether it erred before.
        results: one for each size, of all images, or the only one of an attack that looks for the smallest change.
    """

    epsilons: tuple[float, ...]
    broken: Bool[np.ndarray, "e n"]
    clean: Bool[np.ndarray, " n"]
    results: tuple[Attacked, ...]

    @property
    def accuracy(self) -> Float[np.ndarray, " e"]:
        """The share of images that stay right, at each size."""
        return 1 - self.broken.mean(axis=1)


def curve(
    attack: Attack,
    epsilons: Sequence[float],
    model: Model,
    images: Float[Array, "n 3 h w"],
    truth: Int[np.ndarray, " n"],
    keys: Sequence[int],
    *,
    progress: Callable[[int], None] | None = None,
) -> Curve:
    """Accuracy at several sizes of changes.

    An attack that looks for the smallest change is made once. Of others, sizes come in ascending order, and images broken at one
    size are not attacked at larger ones. `progress` is told of N images for each run.

    Raises:
        SnellenError: no sizes, or one that is not above 0; or what the attack raises.
    """
    sizes = tuple(sorted({float(size) for size in epsilons}))
    if not sizes or not all(0 < size < np.inf for size in sizes):
        raise SnellenError(f"got epsilons {list(epsilons)}; expected numbers above 0, such as 2/255")
    if not takes_epsilon(attack):
        one = attack(model, images, truth, keys, progress=progress)
        limits = np.array(sizes)[:, None] * (1 + ROUNDING) + 1e-7
        return Curve(sizes, one.distance[None] <= limits, one.distance == 0, (one,))
    results: list[Attacked] = []
    for size in sizes:
        sized = at(attack, size)
        before = results[-1] if results else None
        results.append(_further(sized, before, model, images, truth, keys, progress))
    return Curve(sizes, np.stack([one.found for one in results]), results[0].distance == 0, tuple(results))


def takes_epsilon(attack: Attack) -> bool:
    """Whether an attack looks for changes within a given size."""
    return getattr(attack, "epsilon", None) is not None


def at(attack: Attack, epsilon: float) -> Attack:
    """The same attack, within another size."""
    values: dict[str, Any] = {"epsilon": epsilon}
    names = {field.name for field in fields(attack)}
    if isinstance(attack, Ensemble):
        values["attacks"] = tuple(at(one, epsilon) for one in attack.attacks)
    elif "enough" in names:
        values = {"enough": epsilon}
    elif "epsilon" not in names:
        return attack
    return replace(attack, **values)


def _further(
    attack: Attack, before: Attacked | None, model: Model, images: Array, truth: np.ndarray, keys: Sequence[int], progress: Any
) -> Attacked:
    """At a larger size, of those images that held at the last one."""
    if before is None:
        return attack(model, images, truth, keys, progress=progress)
    done = before.found
    if getattr(attack, "everyone", False):
        done = np.all([one.found | (before.distance == 0) for one in before.attempts], axis=0)
    rows = np.flatnonzero(~done)
    if progress is not None:
        progress(len(truth) - len(rows))
    if not len(rows):
        return replace(before, forwards=0, pulls=0, attempts=tuple(replace(one, forwards=0, pulls=0) for one in before.attempts))
    one = attack(model, take(images, rows), truth[rows], [keys[row] for row in rows.tolist()], progress=progress)
    new = one.found & ~before.found[rows]
    found, distance = before.found.copy(), before.distance.copy()
    found[rows[new]], distance[rows[new]] = True, one.distance[new]
    whole = replaced(before.images, rows[new], take(one.images, np.flatnonzero(new))) if new.any() else before.images
    attempts = tuple(_spread(attempt, rows, last) for attempt, last in zip(one.attempts, before.attempts, strict=True))
    return Attacked(whole, found, distance, one.forwards, one.pulls, attempts)


def _spread(attempt: Attempt, rows: np.ndarray, last: Attempt) -> Attempt:
    """An attempt on some rows as one on the whole batch: of the others, those count that it broke itself at a smaller size."""
    seen, found, distance = last.found.copy(), last.found.copy(), last.distance.copy()
    seen[rows] |= attempt.seen
    found[rows] |= attempt.found
    distance[rows] = np.minimum(distance[rows], attempt.distance)
    return replace(attempt, seen=seen, found=found, distance=distance)
