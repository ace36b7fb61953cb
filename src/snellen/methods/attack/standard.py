"""AutoAttack's standard suite: three white-box attacks without settings to choose, and a black box."""

from __future__ import annotations

from snellen.core import SnellenError
from snellen.methods.attack.apgd import Apgd
from snellen.methods.attack.attack import Attack, Norm
from snellen.methods.attack.ensemble import Ensemble
from snellen.methods.attack.fab import Fab
from snellen.methods.attack.square import Square

CLASSES = {"linf": 10, "l2": 10, "l1": 10}
"""The fewest classes for which the suite is the published one: nine targets need ten."""


def standard(norm: Norm = "linf", epsilon: float = 8 / 255, everyone: bool = False) -> Ensemble:
    """APGD-CE, targeted APGD, targeted FAB and Square, each on what is not broken yet (croce-2020-reliable; l1: croce-2021).

    100 steps, nine targets, 5,000 queries; for l1, five restarts and five targets of APGD, from larger balls inwards.

    Raises:
        SnellenError: an unknown norm, or epsilon is not above 0.
    """
    if norm not in CLASSES:
        raise SnellenError(f"got norm {norm!r}; expected linf, l2 or l1")
    return Ensemble(_attacks(norm, epsilon), epsilon, everyone)


def is_standard(attack: Attack, classes: int) -> bool:
    """Whether an attack is the published suite, for a model with so many classes."""
    return (
        isinstance(attack, Ensemble)
        and attack.epsilon is not None
        and attack.norm in CLASSES
        and attack.attacks == _attacks(attack.norm, attack.epsilon)
        and classes >= CLASSES[attack.norm]
    )


def called(attack: Attack, classes: int) -> str:
    """The name of an attack in tables: `standard` only for the published suite."""
    if is_standard(attack, classes):
        return "AutoAttack standard"
    if isinstance(attack, Ensemble) and attack.epsilon is not None and attack.attacks == _attacks(attack.norm, attack.epsilon):
        return f"attacks of AutoAttack standard, for {classes} classes"
    return attack.name


def _attacks(norm: Norm, epsilon: float) -> tuple[Attack, ...]:
    sparse = norm == "l1"
    return (
        Apgd(norm, epsilon, "ce", restarts=5 if sparse else 1),
        Apgd(norm, epsilon, "dlr-targeted", targets=5 if sparse else 9),
        Fab(norm, targets=9, enough=epsilon),
        Square(norm, epsilon),
    )
