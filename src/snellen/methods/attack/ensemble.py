"""Several attacks, and of each image the best that any of them found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import take
from snellen.core import Array, Model, SnellenError
from snellen.methods.asked import Asked, class_indices
from snellen.methods.attack.attack import Attack, Attacked, Attempt, Norm
from snellen.methods.attack.rows import replaced
from snellen.methods.attack.search import Search, Telling, Told, first_look, settled

ROUNDING = 1e-5
"""Relative: how far beyond epsilon a change may lie that was made to fit, in single precision."""


@final
@dataclass(frozen=True)
class Ensemble(Attack):
    """Attacks one after another, each on the images that are not broken yet.

    Attributes:
        attacks: all of the same norm, in order: quick ones first.
        epsilon: an image is broken by a change of at most this size, also of an attack that looks for the smallest; without it,
            every attack sees every image, and the smallest change counts.
        everyone: every attack sees every image, so that the single attacks can be compared; slower.

    Raises:
        SnellenError: no attacks, different norms, or an attack within another size.
    """

    attacks: tuple[Attack, ...]
    epsilon: float | None = None
    everyone: bool = False

    def __post_init__(self) -> None:
        norms = {norm_of(attack) for attack in self.attacks}
        if len(norms) != 1:
            raise SnellenError(f"got attacks in {len(norms)} norms ({', '.join(sorted(norms))}); expected attacks in one norm")
        sizes = {size for attack in self.attacks if (size := getattr(attack, "epsilon", None)) is not None}
        if sizes - {self.epsilon}:
            raise SnellenError(f"got attacks within {sorted(sizes)} in an ensemble within {self.epsilon}; expected the same size")

    @property
    def norm(self) -> Norm:
        """That of its attacks."""
        return norm_of(self.attacks[0])

    @property
    def name(self) -> str:
        """The names of its attacks."""
        return " + ".join(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """Those of its attacks, numbered where the same name comes again."""
        plain = [attack.name for attack in self.attacks]
        before = [plain[:at].count(name) for at, name in enumerate(plain)]
        return tuple(f"{name} {count + 1}" if count else name for name, count in zip(plain, before, strict=True))

    def __call__(
        self,
        model: Model,
        images: Float[Array, "n 3 h w"],
        truth: Int[np.ndarray, " n"],
        keys: Sequence[int],
        *,
        progress: Told | None = None,
    ) -> Attacked:
        """See `Attack`; `attempts` of the result tell what each attack did. Raises what its attacks raise."""
        asked, tell, truth = Asked(model), Telling(progress), class_indices(truth)
        scores = first_look(asked, images, truth, keys)
        right = scores.argmax(axis=1) == truth
        tell(int((~right).sum()))
        best, distance, attempts = images, np.where(right, np.inf, 0.0), []
        limit = None if self.epsilon is None else self.epsilon * (1 + ROUNDING) + 1e-7
        for name, attack in zip(self.names, self.attacks, strict=True):
            open_ = right if self.everyone or limit is None else distance == np.inf
            rows = np.flatnonzero(open_)
            found, changes = np.zeros(len(truth), bool), np.full(len(truth), np.inf)
            forwards, pulls = asked.forwards, asked.pulls
            if len(rows):
                one = _run(attack, asked, take(images, rows), truth[rows], [keys[row] for row in rows.tolist()], scores[rows])
                held = one.found & (limit is None or one.distance <= limit)  # type: ignore[operator]
                found[rows], changes[rows[held]] = held, one.distance[held]
                better = np.flatnonzero(held & (one.distance < distance[rows]))
                best = replaced(best, rows[better], take(one.images, better)) if len(better) else best
            tell(int((found & (distance == np.inf)).sum()) if limit is not None else 0)
            distance = np.minimum(distance, changes)
            attempts.append(Attempt(name, attack.black_box, open_, found, changes, asked.forwards - forwards, asked.pulls - pulls))
        tell(len(truth) - tell.told)
        return Attacked(best, np.isfinite(distance), distance, asked.forwards, asked.pulls, tuple(attempts))


def norm_of(attack: Attack) -> Norm:
    """The norm in which an attack measures changes; l2 where it does not say."""
    return getattr(attack, "norm", "l2")


def _run(attack: Attack, asked: Asked, images: Array, truth: np.ndarray, keys: Sequence[int], scores: np.ndarray) -> Attacked:
    """One attack on images that the model gets right; the logits are not asked for again where the attack can do without."""
    if isinstance(attack, Search):
        places, found = attack.search(asked, images, truth, keys, scores, lambda _: None)
        return settled(asked, images, np.arange(len(truth)), places, found, attack.norm)
    one = attack(asked.model, images, truth, keys)
    asked.forwards += one.forwards
    asked.pulls += one.pulls
    return one
