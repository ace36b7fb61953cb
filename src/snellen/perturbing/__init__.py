"""An image set as a folder of perturbed copies: what `snellen perturb` does, as a Python call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snellen.core import SnellenError
from snellen.images import open_images
from snellen.nearest import did_you_mean
from snellen.perturbing.files import Plan
from snellen.perturbing.job import Perturbed, conduct
from snellen.preprocessing import LARGEST_SIDE

if TYPE_CHECKING:
    from snellen.methods.perturb.registry import Perturbation
    from snellen.run.progress import Progress

ALL = "all"
FOLDER = "perturbed"

__all__ = ["Perturbed", "perturb"]


def perturb(
    images: Any,
    name: str,
    level: str | float | Sequence[str | float] = ALL,
    out: str | Path | None = None,
    *,
    seed: int = 0,
    size: int | None = None,
    limit: int | None = None,
    jpeg85: bool = False,
    progress: Progress | None = None,
) -> Perturbed:
    """Write every image as it is under a perturbation, in one folder a level, with a table and a contact sheet.

    What is there already is not made again, and a folder with anything else in it is refused.

    Args:
        images: whatever `open_images` takes.
        name: of a perturbation: "fog", "distortions/contrast", or a file "./mine.py".
        level: one or several of its levels, or "all".
        out: the folder; `perturbed/<name>` unless given.
        seed: of whatever is random; with the image's name and the level it decides every draw.
        size: bring the shorter side to so many pixels and keep the centre. Unless given, images keep their size.
        limit: so many images, with categories as equal as possible, drawn with `seed`.
        jpeg85: JPEG files of quality 85, as the published ImageNet-C has them, instead of PNG.
        progress: where to tell how far it is; quiet unless given.

    Raises:
        SnellenError: no such perturbation, level or images; a folder that holds something else; or no image could be perturbed.
    """
    from snellen.methods.perturb import registry

    perturbation = registry.get(name)
    if size is not None and not 1 <= size <= LARGEST_SIDE:
        raise SnellenError(f"got size = {size}; expected a side in pixels, from 1 to {LARGEST_SIDE:,}")
    chosen = _levels(level, perturbation)
    opened = open_images(images, sample=limit, seed=seed)
    folder = Path(out) if out is not None else Path(FOLDER) / perturbation.name.rpartition("/")[2]
    return conduct(opened, perturbation, Plan(folder, chosen, seed, size, jpeg85), progress)


def _levels(wanted: str | float | Sequence[str | float], perturbation: Perturbation) -> tuple[str, ...]:
    """The levels that are meant, weakest first; 1 is "1" and .5 is "0.5"."""
    texts = [str(one) for one in ([wanted] if isinstance(wanted, str | int | float) else wanted)]
    if ALL in texts:
        return tuple(perturbation.levels)
    if not texts:
        raise SnellenError(f"got no level of {perturbation.name}; expected all, or some of {', '.join(perturbation.levels)}")
    for text in texts:
        if text not in perturbation.levels:
            known = ", ".join(perturbation.levels)
            hint = did_you_mean(text, perturbation.levels)
            raise SnellenError(f"got level {text} of {perturbation.name}; expected all, or some of {known}.{hint}")
    return tuple(level for level in perturbation.levels if level in texts)
