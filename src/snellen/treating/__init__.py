"""Treating as a Python call: a model and labelled images in, a better model and what it is worth out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from snellen import labels as known
from snellen import models
from snellen.core import Labels, Preprocessing, SnellenError
from snellen.images import open_images
from snellen.images.facts import as_hint
from snellen.images.sample import stratified
from snellen.models.calibrated import Calibrated, check, save
from snellen.run.folder import writable
from snellen.treating.judge import Score, reliability_chart, scores
from snellen.treating.picture import write
from snellen.treatments._answers import ask
from snellen.treatments.calibrate import Calibrate


@final
@dataclass(frozen=True)
class Treated:
    """A finished treatment: the new `model`, its numbers on `judged` images beside the old ones, and where it lies, if anywhere."""

    model: Calibrated
    scores: tuple[Score, ...]
    fitted: int
    judged: int
    left_out: int = 0
    path: Path | None = None
    figure: Path | None = None

    def __getitem__(self, name: str) -> Score:
        """A score by its name: accuracy, confidence, error, adaptive-error, classwise-error, brier, likelihood."""
        for score in self.scores:
            if score.name == name:
                return score
        raise KeyError(f"{name}; there are {', '.join(score.name for score in self.scores)}")


def treat(
    model: Any,
    images: Any,
    treatment: Calibrate | str = "temperature",
    *,
    share: float = 0.5,
    seed: int = 0,
    out: str | Path | None = None,
    labels: Any = None,
    categories: Any = None,
    preprocessing: Preprocessing | None = None,
    sample: int | None = None,
    device: str = "auto",
    trust: bool = False,
) -> Treated:
    """Calibrate a model on one part of the images and judge it on the rest, which is never fitted on.

    >>> treated = snellen.treat("zoo:mobilenet-v2", "photos/", "temperature", out="calibrated.json")

    Args:
        model: as in `snellen.exam`; by name if `out` is given.
        images: labelled images, as `open_images` takes them.
        treatment: "temperature", "vector", "platt", "isotonic" or "beta", or a `Calibrate`.
        share: of the images to fit on, balanced over categories; copies of an image are never on both sides.
        seed: of the split and of the intervals.
        out: the .json file to write, which `snellen.load` opens; beside it lies the reliability curve, as .svg.
        labels: the model's classes: a list, a file with one name a line, "imagenet" or "sixteen".
        categories: the list that the images' categories belong to, given likewise.
        preprocessing: what stands between image files and a model that does not say.
        sample: use so many images.
        device: "auto", "cpu", "cuda" …
        trust: allow pickles and code that come with weights.

    Raises:
        SnellenError: something given cannot be used, or nothing can be fitted on these images.
    """
    if not 0 < share < 1:
        raise SnellenError(f"got the share {share}; expected a number between 0 and 1, such as 0.5: both parts need images")
    if out is not None and not isinstance(model, str | Path):
        raise SnellenError(
            f"got a {type(model).__name__} and a file to write; expected the model's name, by which it is found again"
        )
    if out is not None:
        check(Path(out), str(model))
        writable(Path(out).parent)
    care = treatment if isinstance(treatment, Calibrate) else Calibrate(treatment)
    opened = open_images(images, labels=categories, sample=sample, seed=seed)
    classes = _list(labels)
    base = models.load(model, labels=classes, preprocessing=preprocessing, device=device, trust=trust)
    answers = ask(base, opened)
    here, there = _split(answers.truth, answers.digests, share, seed)
    new = care.fitted(base, answers.only(here), opened)
    rest = answers.only(there)
    after = new.scaling(rest.logits)
    judged = scores(rest.logits, after, rest.truth, seed)
    path = figure = None
    if out is not None:
        path = Path(out)
        save(path, new, str(model), classes, preprocessing)
        figure = write(reliability_chart(rest.logits, after, rest.truth, care.method), path.with_suffix(".svg"))
    return Treated(new, judged, len(here), len(there), answers.left_out, path, figure)


def _split(truth: np.ndarray, digests: Sequence[str], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Rows to fit on and rows to judge on.

    Raises:
        SnellenError: one part would be empty.
    """
    n = len(truth)
    wanted = min(max(round(share * n), 1), n - 1) if n > 1 else n
    here = stratified([str(k) for k in truth], wanted, seed)
    used, taken = {digests[row] for row in here} - {""}, set(here)
    there = [row for row in range(n) if row not in taken and digests[row] not in used]
    if not there:
        raise SnellenError(
            f"got {n} labelled images, of which {len(there)} are left to judge on; expected at least two different ones"
        )
    return here, there


def _list(labels: Any) -> Labels | None:
    hint = as_hint(labels)
    return known.by_name(hint) if isinstance(hint, str) else hint
