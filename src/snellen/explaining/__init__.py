"""Explaining as a Python call: maps of what the answers to some images depend on, by several methods beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from snellen import models
from snellen.arrays import image_keys, softmax
from snellen.core import Images, Labels, Model, Preprocessing, SnellenError
from snellen.explaining.targets import ANSWER, targets
from snellen.images import open_images
from snellen.images.files import open_files
from snellen.images.stream import parts
from snellen.methods.explain.explanation import TOGETHER, Explainer, Explanation
from snellen.methods.explain.registry import make
from snellen.methods.trust.faithfulness import Faithfulness, evidence
from snellen.run.answers import check_logits, named
from snellen.run.present import ask
from snellen.run.progress import Progress

DEFAULT = ("gradient", "grad-cam", "occlusion")
"""One of each kind: of gradients, of a layer, of answers alone."""
MOST = 16
"""Images of a set that are explained unless more are asked for: a sheet has room for these."""
FOLDER = "explanations"


@final
@dataclass(frozen=True)
class Explained:
    """Maps of N images by several methods.

    Attributes:
        model: what was asked.
        images: names of the images.
        pixels: (N, 3, H, W) in [0, 1], as the model saw them.
        classes: (N,) the class explained, as its place in `labels`.
        answers: (N,) the class answered. confidence: (N,) softmax probabilities of the class explained.
        labels: the model's classes.
        methods: in the order asked for, with what each found.
        faithful: for each method (N,), how much better than chance its map finds the regions that the probability of the class
            needs, from -1 to 1 (`snellen.methods.trust.faithfulness`); empty where that was not asked for.
        refused: name of a method → why it could not be used.
        problems: name of an image → why it could not be read.
    """

    model: Model
    images: tuple[str, ...]
    pixels: np.ndarray
    classes: np.ndarray
    answers: np.ndarray
    confidence: np.ndarray
    labels: Labels
    methods: tuple[tuple[Explainer, Explanation], ...]
    faithful: tuple[np.ndarray, ...]
    refused: dict[str, str]
    problems: dict[str, str]

    def __getitem__(self, name: str) -> Explanation:
        """What the first method of that name found."""
        for method, found in self.methods:
            if method.name == name:
                return found
        raise KeyError(f"{name}; there are {', '.join(method.name for method, _ in self.methods)}")


def explain(
    model: Any,
    images: Any,
    methods: str | Explainer | Iterable[str | Explainer] = DEFAULT,
    *,
    target: str | int = ANSWER,
    check: bool = True,
    labels: Any = None,
    preprocessing: Preprocessing | None = None,
    sample: int | None = None,
    seed: int = 0,
    device: str = "auto",
    trust: bool = False,
    progress: Progress | None = None,
) -> Explained:
    """Maps of what a model's answers to some images depend on.

    >>> explained = snellen.explain("zoo:efficientnet-lite0", "photos/cat.jpg", ["grad-cam", "occlusion:patch=16"])
    >>> explained["grad-cam"].maps.shape

    Args:
        model: as in `snellen.exam`.
        images: a path of an image file, several of them, or an image set as `open_images` takes it.
        methods: names with settings, as in `snellen list explainers`, or methods. One that the model cannot be explained by is
            left out, with a reason, as long as another can.
        target: the class explained: "answer", "second", "truth", or the name or number of a class, for all images.
        check: see how faithful each map is, at 90 passes an image or so.
        labels: the model's classes, as in `snellen.exam`.
        preprocessing: what stands between image files and a model that does not say.
        sample: explain so many images of a set, balanced over categories; 16 unless given.
        seed: of the sample and of methods that draw at random.
        device: "auto", "cpu", "cuda" …
        trust: allow pickles and code that come with weights.
        progress: where to tell how far it is; quiet unless given.

    Raises:
        SnellenError: something given cannot be used, no image can be read, or no method can be used.
    """
    from snellen.images.facts import as_hint
    from snellen.labels import by_name

    chosen = [
        make(one) if isinstance(one, str) else one for one in ([methods] if isinstance(methods, str | Explainer) else methods)
    ]
    if not chosen:
        raise SnellenError("got no method; expected at least one, such as grad-cam: snellen list explainers")
    opened = gather(images, sample, seed)
    hint = as_hint(labels)
    loaded = models.load(
        model, labels=by_name(hint) if isinstance(hint, str) else hint, preprocessing=preprocessing, device=device, trust=trust
    )
    (block,) = parts(opened, loaded.preprocessing, [list(range(len(opened)))])
    names, categories = opened.facts["image"].to_list(), opened.facts["category"].to_list()
    problems = {names[row]: reason for row, reason in block.problems.items()}
    if not block.rows:
        raise SnellenError(f"no image of {opened.name} could be read: {next(iter(problems.values()), 'there is none')}")
    pixels = loaded.asarray(block.pixels)
    logits = np.concatenate([ask(loaded, pixels[start : start + 16]) for start in range(0, len(pixels), 16)])
    check_logits(logits, len(logits), loaded.name)
    known = named(loaded, logits.shape[1])
    classes = targets(logits, target, known, [categories[row] for row in block.rows])
    images_named = tuple(names[row] for row in block.rows)
    keys = image_keys("explain", "", images_named, seed)
    bar = progress or Progress(quiet=True)
    found, refused = _ask_all(chosen, loaded, pixels, classes, keys, bar)
    faithful = _checked(found, loaded, pixels, classes, keys, bar) if check else ()
    shown = block.pixels.astype(np.float32) / (255 if block.pixels.dtype == np.uint8 else 1)
    confidence = softmax(logits)[np.arange(len(classes)), classes]
    answers = logits.argmax(axis=1)
    return Explained(loaded, images_named, shown, classes, answers, confidence, known, found, faithful, refused, problems)


def gather(images: Any, sample: int | None, seed: int) -> Images:
    """Files by their paths, or an image set, of which so many are drawn.

    Raises:
        SnellenError: there are no such images.
    """
    several: list[Any] = list(images) if isinstance(images, list | tuple) else [images]
    if all(isinstance(one, str | Path) for one in several):
        files = [Path(one) for one in several]
        if all(file.is_file() and file.suffix != ".parquet" for file in files):
            return open_files(files)
        if len(files) > 1:
            lost = next(file for file in files if not file.is_file())
            raise SnellenError(
                f"got {lost} among {len(files)} images; expected files, or one folder, parquet file, photos:NAME or world"
            )
    opened = open_images(images[0] if isinstance(images, list) and len(images) == 1 else images)
    wanted = MOST if sample is None else sample
    return opened if len(opened) <= wanted else open_images(opened, sample=wanted, seed=seed)


def _checked(
    found: Sequence[tuple[Explainer, Explanation]],
    model: Model,
    pixels: Any,
    classes: np.ndarray,
    keys: Sequence[int],
    progress: Progress,
) -> tuple[np.ndarray, ...]:
    """How faithful the maps of each method are, image by image."""
    maps = [evidence(explanation.maps, method.signed) for method, explanation in found]
    parts: list[dict[str, np.ndarray]] = []
    with progress.stage("Checking the maps", len(classes)) as advance:
        for start in range(0, len(classes), TOGETHER):
            some = slice(start, start + TOGETHER)
            by_place = {str(at): values[some] for at, values in enumerate(maps)}
            parts.append(Faithfulness()(model.folded(), pixels[some], classes[some], by_place, keys[some]))
            advance(len(classes[some]))
    return tuple(np.concatenate([part[str(at)] for part in parts]) for at in range(len(maps)))


def _ask_all(
    methods: Sequence[Explainer], model: Model, pixels: Any, classes: np.ndarray, keys: Sequence[int], progress: Progress
) -> tuple[tuple[tuple[Explainer, Explanation], ...], dict[str, str]]:
    found, refused = [], {}
    for method in methods:
        with progress.stage(f"Explaining {model.name} by {method.name}", len(classes)) as advance:
            try:
                found.append((method, method(model, pixels, classes, keys, progress=advance)))
            except SnellenError as error:
                refused[method.name] = str(error)
    if not found:
        raise SnellenError("; ".join(refused.values()))
    return tuple(found), refused
