"""Attacking as a Python call: how accurate a model stays when its images are changed a little, against it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, final

import numpy as np
import polars as pl

from snellen import labels as known
from snellen import models
from snellen.attacking.conduct import ALL, Assault
from snellen.core import Interval, Labels, Preprocessing, SnellenError
from snellen.images import open_images
from snellen.images.facts import as_hint
from snellen.methods.attack.attack import Attempt, Norm
from snellen.methods.attack.checks import of_attempts
from snellen.methods.attack.registry import make_all
from snellen.methods.attack.standard import called
from snellen.run import evidence
from snellen.run.answers import answer_labels
from snellen.run.folder import writable
from snellen.run.present import introduce
from snellen.run.progress import Progress
from snellen.stats import clopper_pearson

FOLDER = "attacks"
DEFAULT = ("apgd-ce", "apgd-t", "square:queries=500")
"""Two attacks with gradients and a black box, to see whether gradients are masked."""
EPSILONS = {"linf": "8/255", "l2": "0.5", "l1": "12"}
CPU_BATCH, GPU_BATCH = 32, 256


@final
@dataclass(frozen=True)
class Stand:
    """How accurate the model stays within a size of changes.

    Attributes:
        epsilon: the size; 0 for the images as they are.
        attack: the name of one attack, or of all together.
        seen: images that it was given; all that the model gets right, or those that attacks before it had left.
        broken: how many of those it broke.
        accuracy: of all images, the share that stays right; None for an attack that did not see all of them.
        interval: of the accuracy, over images (clopper-1934).
        distance: the median size of the changes found; None where nothing was.
    """

    epsilon: float
    attack: str
    seen: int
    broken: int
    accuracy: float | None
    interval: Interval | None
    distance: float | None
    together: bool = False


@final
@dataclass(frozen=True)
class Attacks:
    """A finished attack on an image set.

    Attributes:
        name: of all attacks together.
        stands: the table: the images as they are, then for each size every attack, and all together.
        warnings: signs that the attacks fell short, one sentence each.
        frame: one row for each image, size and attack; `attack` is empty for all together.
        folder: where all lies.
    """

    name: str
    norm: Norm
    epsilons: tuple[float, ...]
    stands: tuple[Stand, ...]
    warnings: tuple[str, ...]
    frame: pl.DataFrame
    folder: Path
    assault: Assault

    def __getitem__(self, epsilon: float) -> Stand:
        """How the model stands against all attacks together within a size; 0 for the images as they are."""
        for stand in self.stands:
            if stand.together and np.isclose(stand.epsilon, epsilon, rtol=1e-9, atol=0):
                return stand
        raise KeyError(f"{epsilon}; there are {', '.join(f'{s.epsilon:g}' for s in self.stands if s.together)}")

    def adversarial(self) -> tuple[list[str], np.ndarray, np.ndarray]:
        """Names of the broken images, and (N, 3, H, W) float32 in [0, 1]: as they were, and adversarial."""
        shelf = self.assault.shelf
        parts = [shelf.read_arrays(f"images-{part:05d}") for part in range(len(self.assault.parts))]
        together = self.frame.filter((pl.col("attack") == ALL) & (pl.col("epsilon") == self.epsilons[-1]))
        broken = together.filter(pl.col("distance").is_between(0, np.inf, closed="none"))["image"].to_list()
        originals, places = (np.concatenate([part[name] for part in parts]) for name in ("original", "adversarial"))
        return broken, originals, places


def attack(
    model: Any,
    images: Any,
    attacks: str | Iterable[str] = DEFAULT,
    *,
    norm: Norm = "linf",
    epsilons: Any = None,
    each: bool = False,
    out: str | Path | None = None,
    labels: Any = None,
    categories: Any = None,
    preprocessing: Preprocessing | None = None,
    sample: int | None = None,
    seed: int = 0,
    device: str = "auto",
    batch_size: int | None = None,
    trust: bool = False,
    progress: Progress | None = None,
) -> Attacks:
    """Change images a little, against the model, and count how many it still gets right.

    >>> attacked = snellen.attack("patient:healthy", "world", "standard", epsilons=["2/255", "4/255"])
    >>> attacked[4 / 255].accuracy

    Args:
        model: as in `snellen.exam`.
        images: labelled images, as `open_images` takes them, of the model's own categories.
        attacks: names with settings, such as "pgd:steps=100"; "standard" is AutoAttack's suite. Several are an ensemble: each
            sees what is not broken yet.
        norm: linf, l2 or l1, over all values of an image; pixels are in [0, 1].
        epsilons: one size or several, numbers or texts such as "8/255"; 8/255, 0.5 or 12 unless given.
        each: every attack sees every image, so that single attacks can be compared.
        out: folder; `attacks/<model>-on-<images>` unless given. Running the same again computes what is missing.
        labels: the model's classes: a list, a file with one name a line, "imagenet" or "sixteen".
        categories: the list that the images' categories belong to, given likewise.
        preprocessing: what stands between image files and a model that does not say.
        sample: attack so many images, balanced over categories.
        seed: of the sample and of random starts.
        device: "auto", "cpu", "cuda" …
        batch_size: images attacked together, which is also what an interrupted run loses; by device unless given.
        trust: allow pickles and code that come with weights.
        progress: where to tell how far it is; quiet unless given.

    Raises:
        SnellenError: something given cannot be used, or the attacks need gradients and the model gives none.
    """
    sizes = read_epsilons(EPSILONS.get(norm, "1") if epsilons is None else epsilons)
    texts = (attacks,) if isinstance(attacks, str) else tuple(attacks)
    ensemble = make_all(texts, norm, sizes[0], each)
    opened = open_images(images, labels=categories, sample=sample, seed=seed)
    if opened.labels is None:
        raise SnellenError(f"{opened.name} has no categories; expected one for every image: name them by sub-folder or a CSV")
    loaded = models.load(model, labels=_list(labels), preprocessing=preprocessing, device=device, trust=trust)
    blind = [one.name for one in ensemble.attacks if not one.black_box]
    if blind and "gradients" not in loaded.abilities:
        raise SnellenError(
            f"{loaded.name} gives no gradients, which {', '.join(blind)} follow; expected attacks that ask for answers only: square"
        )
    folder = Path(out) if out is not None else Path(FOLDER) / evidence.slug(f"{loaded.name}-on-{opened.name}")
    classes = introduce(loaded, writable(folder) / "results")
    occurring = opened.facts["category"].drop_nulls().unique().sort().to_list()
    given = answer_labels(classes, opened.labels, occurring, loaded.name, opened.name)
    if len(given) != len(classes):
        raise SnellenError(
            f"{loaded.name} answers with {len(classes)} classes, which {opened.name} sums up as {len(given)} categories; expected "
            "images of the model's own classes: attacks follow the gradient of one class"
        )
    batch = batch_size or (GPU_BATCH if "cuda" in str(loaded.facts.get("device", "")) else CPU_BATCH)
    assault = Assault(loaded, opened, classes, given, ensemble, norm, sizes, folder / "results", seed, batch)
    if not assault.rows:
        raise SnellenError(f"{opened.name} has no image of a category that {loaded.name} knows; expected some")
    left = sum(len(assault.parts[part]) for part in assault.missing()) * assault.runs
    with (progress or Progress(quiet=True)).stage(f"Attacking {loaded.name}", left) as advance:
        assault.fill(advance)
    return _judged(assault)


def read_epsilons(given: Any) -> tuple[float, ...]:
    """Numbers, or texts such as 8/255, ascending.

    Raises:
        SnellenError: something else, or a number that is not above 0.
    """
    try:
        items = [given] if isinstance(given, str | bytes) or not isinstance(given, Iterable) else list(given)
        sizes = tuple(sorted({float(Fraction(str(item).strip())) for item in items}))
    except (ArithmeticError, TypeError, ValueError) as error:
        raise SnellenError(f"got epsilons {given}; expected numbers or fractions, such as 0.5 or 8/255") from error
    if not sizes or not all(0 < size < np.inf for size in sizes):
        raise SnellenError(f"got epsilons {given}; expected numbers above 0, such as 8/255")
    return sizes


def _judged(assault: Assault) -> Attacks:
    last = assault.epsilons[-1]
    frame = assault.frame()
    if frame.is_empty():
        raise SnellenError(f"no image of {assault.images.name} could be read; expected image files")
    name = called(assault.attack, len(assault.classes))
    order = [ALL, *assault.attack.names]
    stands, warnings = [], list(assault.warnings())
    clean = frame.filter((pl.col("attack") == ALL) & (pl.col("epsilon") == last))
    wrong = (clean["distance"] == 0).to_numpy()
    stands.append(_stand(0.0, "none", np.ones(len(wrong), bool), wrong, wrong, np.zeros(0), True))
    for size in assault.epsilons:
        groups = {key: frame.filter((pl.col("epsilon") == size) & (pl.col("attack") == key)) for key in order}
        attempts = []
        for key in order[1:]:
            seen, found, distance = (groups[key][column].to_numpy() for column in ("seen", "found", "distance"))
            box = bool(groups[key]["black_box"][0])
            attempts.append(Attempt(key, box, seen, found, distance, 0, 0))
            stands.append(_stand(size, key, seen, found, wrong, distance[found]))
        warnings += [f"Within {size:.4g}: {text}" for text in of_attempts(attempts)]
        found, distance = groups[ALL]["found"].to_numpy(), groups[ALL]["distance"].to_numpy()
        stands.append(_stand(size, name, ~wrong, found & ~wrong, wrong, distance[found & ~wrong], True))
    return Attacks(name, assault.norm, assault.epsilons, tuple(stands), tuple(warnings), frame, assault.folder.parent, assault)


def _stand(
    epsilon: float, name: str, seen: np.ndarray, found: np.ndarray, wrong: np.ndarray, distances: np.ndarray, together: bool = False
) -> Stand:
    whole = bool((seen | wrong).all())
    n, held = len(wrong), int((~found & ~wrong).sum())
    distance = float(np.median(distances)) if len(distances) else None
    accuracy, interval = (held / n, clopper_pearson(held, n)) if whole else (None, None)
    return Stand(epsilon, name, int(seen.sum()), int(found.sum()), accuracy, interval, distance, together)


def _list(labels: Any) -> Labels | None:
    hint = as_hint(labels)
    return known.by_name(hint) if isinstance(hint, str) else hint
