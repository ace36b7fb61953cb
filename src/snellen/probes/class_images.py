"""What does it take for each class?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from snellen.arrays import image_keys, softmax, take
from snellen.charts import Chart
from snellen.core import Array, Evidence, Finding, Images, Interval, Model, Probe, Unsupported
from snellen.methods.asked import Asked
from snellen.methods.explain._views import logits_of
from snellen.methods.trust._answers import answers
from snellen.methods.visualize._maps import check_torch
from snellen.methods.visualize.activation_maximization import ActivationMaximization
from snellen.methods.visualize.objectives import ClassLogit
from snellen.methods.visualize.robustness import Robustness
from snellen.probes._class_images_charts import Made, bars, gallery, picture
from snellen.probes._panel import explained
from snellen.probes._sample import drawn
from snellen.probes._shared import clean, ends, nothing, percent, span
from snellen.probes._survey import read, rows_of, telling
from snellen.stats import bootstrap, clopper_pearson, mean_estimate

KEPT = "Its own images keep their class when moved"
SURE = "How sure it is of its own images"
BEYOND = "How far its own images go beyond those of the set"
NONE = "no images were looked at"
HALF = 0.5
THRESHOLDS = (
    "caution: the interval lies below one half, where the majority turns: more often than not the answer hangs on where pixels are "
    "to within a few; there is no agreed limit for good"
)
EACH = 3
"""Images of the set beside those made for a class."""
VIEWS = 32
"""How often each image is moved."""


@dataclass(frozen=True)
class ClassImages(Probe):
    """Images that raise the logit of a class most, made from noise, beside those of the image set that do.

    `classes` of those that are answered most often, among `count` images drawn at random; `draws` images of each from different
    noise, in so many `steps`.
    """

    question = "What does it take for each class?"
    about = (
        "From noise, an image is made that raises the logit of a class as far as gradient ascent gets it (simonyan-2013). It is "
        "the logit and not the probability, which can be raised by speaking against other classes. It is made of frequencies and "
        "moved about before each step, so that it does not hang on single pixels (olah-2017). What can be judged of it: how sure "
        "the network is of its own image; whether an image from other noise does as well; whether the answer holds when it is "
        "shifted, turned and scaled a little, as that of photographs does; and how far the logit lies beyond that of any image "
        "of the set. Nothing says that people would recognise what was made, and photographs tell people more of a unit than "
        "such images do (borowski-2020)."
    )
    cites = ("simonyan-2013", "olah-2017", "borowski-2020", "efron-1993", "clopper-1934")

    ranges: ClassVar = {"classes": (1, 1000), "draws": (1, 100), "steps": (1, math.inf), "count": (2, math.inf)}

    classes: int = 5
    draws: int = 2
    steps: int = 128
    count: int = 200

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs a PyTorch network with gradients; any images will do."""
        try:
            check_torch(model)
        except Unsupported as error:
            return str(error)
        return None if "gradients" in model.abilities else f"{model.name} gives no gradients, which images are made by"

    def pick(self, evidence: Evidence) -> Sequence[str]:
        """A random sample."""
        return drawn(self.name(), clean(evidence)["image"].to_list(), self.count, evidence.seed)

    def closer_passes(self, model: Model) -> int:
        """A pass each way a step, one more for what came out, then its logits, and views of it and of images of the set."""
        made = self.classes * self.draws
        return self.count + made * (3 * (self.steps + 1) + 1 + VIEWS) + self.classes * EACH * VIEWS

    def survey(
        self, model: Model, images: Images, rows: pl.DataFrame, seed: int, progress: Callable[[int], None]
    ) -> list[dict[str, np.ndarray]]:
        """With the first image what was found in all (see `Made`); with the strongest of a class those made for it (3, H, W)."""
        names, asked = rows["image"].to_list(), Asked(model)
        places = np.array(rows_of(images, names))
        logits = np.concatenate([logits_of(asked, native) for _, native in read(model, images, places.tolist())])
        answered, counts = np.unique(explained(logits, rows["response"].to_list()), return_counts=True)
        classes = answered[np.argsort(-counts, kind="stable")][: self.classes]
        order = np.argsort(-logits[:, classes], axis=0, kind="stable")[:EACH].T
        seeds = [f"{index} {draw}" for index in classes for draw in range(self.draws)]
        method = ActivationMaximization(steps=self.steps, copies=self.draws, robustness=Robustness())
        keys = image_keys(self.name(), "noise", seeds, seed)
        made = method(model, ClassLogit(classes.tolist()), keys=keys, progress=lambda steps: progress(3 * steps)).images
        targets = np.repeat(classes, self.draws)
        own = logits_of(asked, model.asarray(made))
        best, where = np.unique(order, return_inverse=True)
        ((_, natural),) = read(model, images, places[best].tolist(), best.size)
        natural = take(natural, where.ravel())
        shape = len(classes), self.draws
        keys = image_keys(self.name(), "views", [*seeds, *(names[row] for row in order.ravel())], seed)
        looks: dict[str, dict[str, np.ndarray]] = {name: {} for name in names}
        pictures = (made * 255).round().astype(np.uint8).reshape(*shape, *made.shape[1:])
        for at, index in enumerate(classes.tolist()):
            looks[names[order[at, 0]]] |= {picture(index, draw): pictures[at, draw] for draw in range(self.draws)}
        strongest = [[names[row] for row in each] for each in order.tolist()]
        looks[names[0]] |= {
            "classes": classes.astype(np.int64),
            "logits": own[np.arange(len(made)), targets].reshape(shape),
            "probabilities": softmax(own)[np.arange(len(made)), targets].reshape(shape),
            "answered": (own.argmax(axis=1) == targets).astype(np.float32).reshape(shape),
            "kept": _kept(model, model.asarray(made), targets, keys[: len(made)]).reshape(shape),
            "natural": np.take_along_axis(logits[:, classes].T, order, axis=1),
            "natural kept": _kept(model, natural, logits[order.ravel()].argmax(axis=1), keys[len(made) :]).reshape(order.shape),
            "spread": logits[:, classes].std(axis=0),
            **telling({"count": logits.shape[1], "strongest": strongest}),
        }
        return [looks[name] for name in names]

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """Whether made images keep their class when moved, how sure the network is of them, and how far beyond the set they are."""
        found = Made.of(evidence.looks)
        if found is None:
            return [nothing("class-images.kept", KEPT, NONE, evidence.dataset, headline=True)]
        return [self._kept(found, evidence), self._sure(found, evidence), self._beyond(found, evidence)]

    def _kept(self, found: Made, evidence: Evidence) -> Finding:
        value, interval = float(found.kept.mean()), _interval(found.kept, evidence.seed)
        return Finding(
            "class-images.kept",
            KEPT,
            f"Shifted, turned and scaled a little, images made for {len(found.classes)} classes are answered as these in "
            f"{percent(value)}{span(interval)} of views. The images of the set that raise these logits most keep their answer in "
            f"{percent(float(found.natural_kept.mean()))}.",
            value=value,
            interval=interval,
            unit="share of views",
            n=found.kept.size,
            chance=1 / found.count,
            verdict="caution" if interval is not None and interval.high < HALF else "note",
            thresholds=THRESHOLDS,
            limits=(
                "They were made under movements of this kind. Other changes may do more.",
                "That a network keeps to the class says nothing of whether people would recognise it.",
            ),
            dataset=evidence.dataset,
            headline=True,
        )

    def _sure(self, found: Made, evidence: Evidence) -> Finding:
        value, interval = float(found.probabilities.mean()), _interval(found.probabilities, evidence.seed)
        return Finding(
            "class-images.sure",
            SURE,
            f"As they are, images made for {len(found.classes)} classes have a probability of {value:.2f}{ends(interval)} and a "
            f"logit of {found.logits.mean():.1f}; the images of the set that raise these logits most have one of "
            f"{found.natural[:, 0].mean():.1f}. {int((found.answered == 1).all(axis=1).sum())} of {len(found.classes)} classes are "
            f"answered whichever of {found.answered.shape[1]} noises the image is made from.",
            value=value,
            interval=interval,
            unit="probability",
            n=found.probabilities.size,
            chance=1 / found.count,
            limits=("The logit is what was raised. Other classes may have risen with it.",),
            dataset=evidence.dataset,
        )

    def _beyond(self, found: Made, evidence: Evidence) -> Finding:
        value, interval = float(found.beyond.mean()), _interval(found.beyond, evidence.seed)
        return Finding(
            "class-images.beyond",
            BEYOND,
            f"The logit of images that were made lies {value:.1f}{ends(interval)} standard deviations above that of the image of "
            "the set that raises it most; the deviation is that of the logit over images of the set.",
            value=value,
            interval=interval,
            unit="standard deviations",
            n=found.beyond.size,
            limits=("The more images there are, the further the best of them goes.",),
            dataset=evidence.dataset,
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """How often views keep their answer, class by class; and what was made."""
        found = Made.of(evidence.looks)
        return [] if found is None else [bars(found, evidence), gallery(found, evidence)]


def _kept(model: Model, native: Array, targets: np.ndarray, keys: Sequence[int]) -> np.ndarray:
    """(N,), the share of views of native images that are answered as the target."""
    movements = Robustness()
    drawn_ = movements.draws(keys, VIEWS)

    def view(rows: np.ndarray, numbers: np.ndarray) -> Array:
        return movements(take(native, rows), drawn_[numbers, rows])

    flags = answers(
        Asked(model), native, targets, VIEWS, view, lambda logits, target: (logits.argmax(axis=1) == target).astype(float)
    )
    return flags.mean(axis=1)


def _interval(values: np.ndarray, seed: int) -> Interval | None:
    """Of the mean of (C, D) numbers: a bootstrap over classes; of shares that are all 0 or all 1 Clopper-Pearson."""
    means = values.mean(axis=1)
    if (means == 0).all() or (means == 1).all():
        found = clopper_pearson(int(means.sum()), len(means))
        return replace(found, method=f"{found.method} over {len(means)} classes")
    found = bootstrap(mean_estimate(np.arange(len(means)), means), seed)
    return None if found is None else replace(found, method=found.method.replace("images", "classes"))
