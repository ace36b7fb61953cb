"""Which places speak for its answer?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from snellen.arrays import image_keys, keyed, to_numpy
from snellen.charts import Chart
from snellen.core import Evidence, Finding, Images, Model, Probe, Unsupported
from snellen.methods.explain.class_evidence import ClassEvidence
from snellen.methods.perturb.draws import generators
from snellen.methods.trust.deletion_insertion import DeletionInsertion
from snellen.methods.visualize.receptive_field import NOISES, receptive_field
from snellen.probes._evidence_map_charts import Mapped, curves, gallery
from snellen.probes._panel import BESIDE, explained, runners_up
from snellen.probes._sample import drawn
from snellen.probes._shared import clean, ends, nothing, percent, span
from snellen.stats import Estimate, bootstrap, mean_estimate

HALF = "How little of the image holds half of what speaks for the answer"
OBJECT = "What speaks for the answer lies on the object"
SUFFICIENT = "What speaks for the answer suffices for it"
NEEDED = "The answer needs what speaks for it"
FIELD = "What a place sees"
NONE = "no place of these images speaks for the answer rather than for the runner-up"
UNSEEN = "it is not known of any image where the object is, or it is not in view"
SHARE = 0.25
"""Of all pixels: those that are shown alone, or hidden."""
ELSEWHERE = 2
"""How often a map is moved to a place at random."""
THRESHOLDS = (
    "caution: the interval of the difference to the same map at other places reaches 0, so that it may not matter where it lies; "
    "there is no agreed limit for good"
)
FADING = DeletionInsertion(steps=8)


@dataclass(frozen=True)
class EvidenceMap(Probe):
    """The evidence of each place for the answer, of networks that average over places before a linear layer.

    `count` images are drawn at random; `pictures` of them are shown, from the one whose evidence is densest to the one where it is
    most spread.
    """

    question = "Which places speak for its answer?"
    about = (
        "Where logits are the mean over the places of a map, each place has evidence of its own: the logit that it would give by "
        "itself (brendel-2019). What counts is the evidence for the answer less that for the runner-up, since what is added to all "
        "logits changes no answer. How small a part of the image holds half of it says how dense it is. Whether it lies on the "
        "object (arras-2022) is told where masks or boxes are known. Whether the answer rests on it is tried out: pixels are shown "
        "in the order of their evidence, or hidden (petsiuk-2018), against the same map moved to another place, whose spots are of "
        "the same size and shape. In a bag of local features a place sees its own patch; in deep networks it sees far beyond, so "
        "that a map says where evidence arrives and not what it is made of. How far a place sees is measured (luo-2016)."
    )
    cites = ("brendel-2019", "arras-2022", "petsiuk-2018", "luo-2016", "efron-1993")
    together: ClassVar[int] = 16
    located: ClassVar[bool] = True

    ranges: ClassVar = {"count": (2, math.inf), "pictures": (0, math.inf)}

    count: int = 32
    pictures: int = 4

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs a network that averages over places before a linear layer, which is seen at a grey image; any images will do."""
        try:
            ClassEvidence()(model, model.asarray(np.full((1, 3, *model.preprocessing.size), 127, np.uint8)), np.zeros(1, int))
        except Unsupported as error:
            return str(error)
        return None

    def pick(self, evidence: Evidence) -> Sequence[str]:
        """A random sample."""
        return drawn(self.name(), clean(evidence)["image"].to_list(), self.count, evidence.seed)

    def closer_passes(self, model: Model) -> int:
        """Logits, two maps and two curves in each order an image, and how far a place sees."""
        each = 1 + 2 * 3 + (1 + ELSEWHERE) * 2 * (FADING.steps + 1)
        return self.count * each + -(-self.count // self.together) * 3 * NOISES

    def look(self, model: Model, images: np.ndarray, rows: pl.DataFrame, seed: int) -> list[dict[str, np.ndarray]]:
        """Evidence (H, W) in logits for the `answer`, for the `runner-up`, and the `lead` of the former.

        Further the probability of the answer while pixels are shown (`shown`) or hidden (`hidden`), both (S + 1,), in the order of
        the lead, and as `shown elsewhere`, `hidden elsewhere` in that of a lead that was moved; which `classes` (3,) were answered
        and second, of how many; and the `field` (3,): the rows and columns of the grid, and the share of the image that a place in
        its middle sees.
        """
        native, height, width = model.asarray(images), images.shape[2], images.shape[3]
        logits, responses = to_numpy(model.logits(native)), rows["response"].to_list()
        classes = explained(logits, responses)
        second = runners_up(logits, classes, responses)
        maps = {"answer": ClassEvidence()(model, native, classes).maps, "runner-up": ClassEvidence()(model, native, second).maps}
        maps["lead"] = maps["answer"] - maps["runner-up"]
        keys = image_keys(self.name(), "elsewhere", rows["image"].to_list(), seed)
        faded = FADING(model, native, classes, maps["lead"])
        other = [FADING(model, native, classes, _elsewhere(maps["lead"], keyed(keys, f"{at}"))) for at in range(ELSEWHERE)]
        maps |= {"shown": faded.insertion, "hidden": faded.deletion}
        maps["shown elsewhere"] = np.mean([one.insertion for one in other], axis=0)
        maps["hidden elsewhere"] = np.mean([one.deletion for one in other], axis=0)
        found = receptive_field(model, model.grid_layer(height, width), height, width)
        up, down, left, right = found.reach
        sees = min(up + down, height) * min(left + right, width) / (height * width)
        fixed = {"field": np.array([*found.grid, sees], np.float32)}
        named = np.stack([classes, second, np.full_like(classes, logits.shape[1])], axis=1).astype(np.int64)
        return [
            {**{name: values[at].astype(np.float32) for name, values in maps.items()}, "classes": named[at], **fixed}
            for at in range(len(images))
        ]

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """Shares and probabilities by the names of the findings, mean over images."""
        found = Mapped.of(evidence.looks)
        if found is None:
            return {}
        at = round(SHARE * FADING.steps)
        out = {
            "half": mean_estimate(found.images, found.half),
            "sufficient": mean_estimate(found.images, found.shown[:, at]),
            "needed": mean_estimate(found.images, found.hidden[:, at]),
        }
        located = np.isfinite(found.mass)
        return out | ({"object": mean_estimate(found.images[located], found.mass[located])} if located.any() else {})

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """How dense the evidence is, whether it lies on the object, whether the answer rests on it, and how far a place sees."""
        found = Mapped.of(evidence.looks)
        if found is None:
            return [nothing("evidence-map.half", HALF, NONE, evidence.dataset, headline=True)]
        return [
            self._half(found, evidence),
            self._object(found, evidence),
            self._tried(
                "sufficient", SUFFICIENT, "Shown alone, with all else blurred", found.shown, found.shown_elsewhere, 1, evidence
            ),
            self._tried(
                "needed", NEEDED, "Hidden in black, with all else shown", found.hidden, found.hidden_elsewhere, -1, evidence
            ),
            self._field(found, evidence),
        ]

    def _half(self, found: Mapped, evidence: Evidence) -> Finding:
        estimate = self.estimates(evidence)["half"]
        value, interval, left = float(found.half.mean()), bootstrap(estimate, evidence.seed), len(evidence.looks) - len(found.half)
        limit = f"Left out: {left:,} images in which no place speaks for the answer rather than for the runner-up."
        return Finding(
            "evidence-map.half",
            HALF,
            f"Half of what speaks for the answer rather than for the runner-up lies in {percent(value)}{span(interval)} of the "
            "image; were it the same everywhere, in 50.0 %.",
            value=value,
            interval=interval,
            unit="share of the image",
            n=len(found.half),
            limits=(
                "Only what speaks for the answer is counted. What speaks against it can lie anywhere.",
                "Dense evidence is not better evidence: a mark in a corner makes it dense.",
                *((limit,) if left else ()),
            ),
            dataset=evidence.dataset,
            headline=True,
        )

    def _object(self, found: Mapped, evidence: Evidence) -> Finding:
        estimate = self.estimates(evidence).get("object")
        if estimate is None:
            return nothing("evidence-map.object", OBJECT, UNSEEN, evidence.dataset)
        located = np.isfinite(found.mass)
        mass, area = found.mass[located], found.area[located]
        interval = bootstrap(estimate, evidence.seed)
        beyond = bootstrap(mean_estimate(estimate.images, mass - area), evidence.seed)
        return Finding(
            "evidence-map.object",
            OBJECT,
            f"Of what speaks for the answer rather than for the runner-up, {percent(float(mass.mean()))}{span(interval)} lies on "
            f"the object, which covers {percent(float(area.mean()))} of the image.",
            value=float(mass.mean()),
            interval=interval,
            unit="share",
            n=len(mass),
            chance=float(area.mean()),
            verdict="caution" if beyond is not None and beyond.low <= 0 else "note",
            thresholds=BESIDE,
            limits=("Maps are as coarse as the grid of places, and blur over the border of the object.",),
            dataset=evidence.dataset,
        )

    def _tried(
        self, name: str, title: str, how: str, ours: np.ndarray, other: np.ndarray, sign: int, evidence: Evidence
    ) -> Finding:
        estimate, at = self.estimates(evidence)[name], round(SHARE * FADING.steps)
        value, chance = float(ours[:, at].mean()), float(other[:, at].mean())
        interval = bootstrap(estimate, evidence.seed)
        beyond = bootstrap(mean_estimate(estimate.images, sign * (ours[:, at] - other[:, at])), evidence.seed)
        return Finding(
            f"evidence-map.{name}",
            title,
            f"{how}, the quarter of the image with most evidence leaves the answer at a probability of {value:.2f}"
            f"{ends(interval)}; the same map moved to another place leaves {chance:.2f}, and the whole image "
            f"{ours[:, -1 if sign > 0 else 0].mean():.2f}.",
            value=value,
            interval=interval,
            unit="probability",
            n=len(ours),
            chance=chance,
            verdict="caution" if beyond is not None and beyond.low <= 0 else "note",
            thresholds=THRESHOLDS,
            limits=("Images with parts blurred or black are none that the model was made for, wherever these lie.",),
            dataset=evidence.dataset,
        )

    def _field(self, found: Mapped, evidence: Evidence) -> Finding:
        rows, columns, sees = found.field.tolist()
        times = sees * rows * columns
        return Finding(
            "evidence-map.field",
            FIELD,
            f"There are {rows:.0f} x {columns:.0f} places. One in the middle sees {percent(sees)} of the image, which is "
            f"{times:.1f} times its own part: what a map shows at a place may have come from as far.",
            value=sees,
            unit="share of the image",
            limits=(
                f"95 % of what moves the place lies within, as measured at {NOISES} images of noise. In photographs it may differ.",
            ),
            dataset=evidence.dataset,
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """The answer's probability while pixels are shown and hidden, and maps from dense to spread."""
        found = Mapped.of(evidence.looks)
        if found is None:
            return []
        order = found.images[np.argsort(found.half, kind="stable")]
        shown = order[np.unique(np.linspace(0, len(order) - 1, min(self.pictures, len(order))).round().astype(int))]
        return [*curves(found, evidence.seed), gallery(evidence, shown.tolist())]


def _elsewhere(maps: np.ndarray, keys: Sequence[int]) -> np.ndarray:
    """Maps (N, H, W), each moved around its edges as far as its key says, mirrored or not."""
    out = np.empty_like(maps)
    for at, rng in enumerate(generators(keys)):
        moved = np.roll(maps[at], rng.integers(maps.shape[1:]), axis=(0, 1))
        out[at] = moved[:, :: 1 if rng.random() < 0.5 else -1]
    return out
