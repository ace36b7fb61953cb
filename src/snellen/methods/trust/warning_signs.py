"""What whoever has only a network can see of its explanations having been fooled, by tests that know no other network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.core import Array, Interval, Model
from snellen.methods.explain.explanation import Explainer
from snellen.methods.explain.occlusion import Occlusion
from snellen.methods.method import Method
from snellen.methods.trust.faithfulness import Faithfulness, evidence
from snellen.methods.trust.randomization import Randomization
from snellen.methods.trust.similarity import spearman
from snellen.stats import bootstrap, mean_estimate

SOURCE = "heo-2019"
SURVIVES, AGREES = 0.1, 0.3
"""The bounds of the probes `explanation-sanity` and `what-it-looks-at`, which are conventions; the second is of gradients."""


@final
@dataclass(frozen=True)
class Signs:
    """What each test says of the maps of N images by one method.

    Attributes:
        survives: (N,), how much more alike maps are to those of copies with random weights, the mean over the cascade, than to
            those of other images, as rank correlations (adebayo-2018).
        faithful: (N,), in [-1, 1], how much better than a random order the map finds what the answer needs (petsiuk-2018).
        agreement: (N,), in [-1, 1], the map's rank correlation with one by answers alone.
        alike: (N,), in [-1, 1], its rank correlation with the map of the next image.
    """

    survives: Float[np.ndarray, " n"]
    faithful: Float[np.ndarray, " n"]
    agreement: Float[np.ndarray, " n"]
    alike: Float[np.ndarray, " n"]

    def interval(self, test: str) -> Interval | None:
        """Of the mean of a test over images; None of fewer than two."""
        values = getattr(self, test)
        return bootstrap(mean_estimate(np.arange(len(values)), values))

    @property
    def warnings(self) -> tuple[str, ...]:
        """The tests that warn: an interval of `survives` above .1, of `faithful` that reaches 0, of `agreement` below .3.

        The bounds are those of the exam's questions about explanations, which are conventions; none is of `alike`.
        """
        found = {test: self.interval(test) for test in ("survives", "faithful", "agreement")}
        known = {test: interval for test, interval in found.items() if interval is not None}
        says = {"survives": lambda i: i.low > SURVIVES, "faithful": lambda i: i.low <= 0, "agreement": lambda i: i.high < AGREES}
        return tuple(test for test, interval in known.items() if says[test](interval))


@final
@dataclass(frozen=True)
class WarningSigns(Method):
    """The tests of this package that need no other network than the one in question, of a method that may have been fooled.

    Attributes:
        faithfulness, randomization: their settings.
        other: the method by answers alone that the maps are compared with; none that asks for answers alone was trained against.
    """

    faithfulness: Faithfulness = field(default_factory=Faithfulness)
    randomization: Randomization = field(default_factory=lambda: Randomization(measures=("spearman",)))
    other: Explainer = field(default_factory=Occlusion)

    def __call__(
        self,
        explainer: Explainer,
        model: Model,
        images: Float[Array, "n 3 h w"],
        classes: Int[np.ndarray, " n"],
        keys: Sequence[int] | None = None,
    ) -> Signs:
        """Native images in [0, 1], the class of each and keys → what each test says.

        Raises:
            SnellenError: as the explainers.
            Unsupported: the model is no PyTorch network.
        """
        network, wrap = model.unwrapped()
        found = explainer(model, images, classes, keys).maps
        maps = evidence(found, explainer.signed)
        other = self.other(model, images, classes, keys).maps
        against = evidence(other, explainer.signed and self.other.signed)
        alike, changed = (
            spearman(found, np.roll(found, -1, axis=0)),
            self.randomization(explainer, network, wrap, images, classes, keys),
        )
        return Signs(
            np.nanmean(changed.similarity["spearman"], axis=0) - alike,
            self.faithfulness(model, images, classes, {"map": maps}, keys)["map"],
            spearman(maps, against),
            alike,
        )
