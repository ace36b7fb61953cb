"""How small a change makes the model err?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from snellen.arrays import image_keys, softmax, to_numpy
from snellen.charts import Chart, Gallery, Lines, Picture, Series, Table
from snellen.core import Evidence, Finding, Images, Model, Probe, SnellenError, Verdict
from snellen.methods.attack import checks, registry
from snellen.methods.attack.curve import curve
from snellen.probes._sample import drawn
from snellen.probes._shared import guesses, labelled, nothing, percent, span, two_categories
from snellen.stats import Estimate, bootstrap, clopper_pearson, mean_estimate

NORMS = {"linf": "largest change of any value", "l2": "length of the change", "l1": "sum of the changes"}
PICTURES = 4


@dataclass(frozen=True)
class Adversarial(Probe):
    """Accuracy against the size of the changes that several attacks may make; what counts is the strongest of them, image by image.

    `attacks` as in `snellen attack`, separated by semicolons; `epsilons` are sizes in `norm`, separated by commas, with values in
    [0, 1]: the verdict is on `judged`, one of them. `count` images are attacked, drawn at random.
    """

    question = "How small a change makes the model err?"
    about = (
        "For a random sample of images, attacks look for a change within a given size that makes the model err: by one step along "
        "the sign of the gradient (FGSM, goodfellow-2015), by many (PGD, madry-2018), with steps that adapt (APGD, "
        "croce-2020-reliable), and without gradients (Square, andriushchenko-2020). An image counts as broken if any attack breaks "
        "it; accuracy under one attack alone is an upper bound, and shown as such. An attack that uses no gradients and breaks "
        "what those with gradients do not is a sign that gradients are masked (athalye-2018)."
    )
    cites = ("goodfellow-2015", "madry-2018", "croce-2020-reliable", "andriushchenko-2020", "athalye-2018", "clopper-1934")
    together: ClassVar[int] = 32

    ranges: ClassVar = {"count": (1, math.inf)}

    norm: str = "linf"
    epsilons: str = "1/255,2/255,4/255,8/255"
    judged: str = "1/255"
    attacks: str = "fgsm;pgd:steps=20;apgd-ce:steps=30;square:queries=200"
    count: int = 64

    @property
    def sizes(self) -> Mapping[str, float]:
        """Text → size, ascending.

        Raises:
            SnellenError: no numbers above 0, or the one to be judged is not among them.
        """
        texts = [text.strip() for text in self.epsilons.split(",") if text.strip()]
        found = dict(sorted(((text, _number(text)) for text in texts), key=lambda pair: pair[1]))
        if not found or self.judged not in found or self.norm not in NORMS:
            raise SnellenError(
                f"got epsilons {self.epsilons!r}, judged {self.judged!r} and norm {self.norm!r}; expected sizes such as "
                f"1/255,4/255, one of them to be judged, and one of {', '.join(NORMS)}"
            )
        return found

    @property
    def _attacks(self) -> list[str]:
        """Their texts; raises SnellenError where there is none."""
        found = [text.strip() for text in self.attacks.split(";") if text.strip()]
        if not found:
            raise SnellenError(f"got attacks {self.attacks!r}; expected one or more, such as fgsm;square:queries=200")
        return found

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs gradients, and images of the model's own classes."""
        reason = super().applies(model, images, people) or two_categories(images)
        blind = [self._blind(text) for text in self._attacks]
        if reason is None and "gradients" not in model.abilities and not all(blind):
            reason = f"{model.name} gives no gradients: name attacks that do without, such as adversarial.attacks=square"
        occurring = set(images.facts["category"].drop_nulls().unique())
        if reason is None and model.labels is not None and not occurring <= set(model.labels.keys):
            return f"the categories of {images.name} are not classes of {model.name}, so that there is no one logit to attack"
        return reason

    def _blind(self, text: str) -> bool:
        """Whether an attack, or every attack of a suite, does without gradients."""
        attack = registry.make(text, self.norm, self.sizes[self.judged])  # type: ignore[arg-type]
        return all(one.black_box for one in getattr(attack, "attacks", (attack,)))

    def pick(self, evidence: Evidence) -> Sequence[str]:
        """A random sample."""
        return drawn(self.name(), labelled(evidence)["image"].to_list(), self.count, evidence.seed)

    def closer_passes(self, model: Model) -> int:
        """An upper bound that undefended models stay far below: broken images are not attacked further."""
        return self.count * len(self.sizes) * 60

    def look(self, model: Model, images: np.ndarray, rows: pl.DataFrame, seed: int) -> list[dict[str, np.ndarray]]:
        """Of each image, `size <attack>`: the smallest size at which that attack broke it; 0: it was wrong before; inf: at none.

        Further `confidence` in the wrong answer found at the smallest size, `change` (H, W), the largest there over the channels,
        and `warnings`, text in UTF-8.
        """
        native, names = model.asarray(images), rows["image"].to_list()
        first = model.logits(native)
        if model.labels is None:
            raise SnellenError(f"{model.name} names no classes, so that it is not known which logit is the right one")
        place = {key: at for at, key in enumerate(model.labels.keys)}
        truth = np.array([place[category] for category in rows["category"]])
        warnings = checks.of_model(model, native, truth) if "gradients" in model.abilities else ()
        smallest, best = {}, np.full(len(truth), np.inf)
        sure, change = softmax(to_numpy(first)).max(axis=1), np.zeros((len(truth), *images.shape[2:]), np.float32)
        sizes = list(self.sizes.values())
        for text in self._attacks:
            attack = registry.make(text, self.norm, sizes[0])  # type: ignore[arg-type]
            run = curve(attack, sizes, model, native, truth, image_keys(self.name(), text, names, seed))
            ends = np.array([*sizes, np.inf])[np.where(run.broken.any(axis=0), run.broken.argmax(axis=0), len(sizes))]
            smallest[text] = np.where(run.clean, 0.0, ends)
            nearer = np.flatnonzero((smallest[text] < best) & np.isfinite(smallest[text]))
            if len(nearer):
                found = run.results[-1].images
                sure[nearer] = softmax(to_numpy(model.logits(found))).max(axis=1)[nearer]
                change[nearer] = np.abs(to_numpy(found) - to_numpy(native)).max(axis=1)[nearer]
                best[nearer] = smallest[text][nearer]
        said = np.frombuffer("\n".join(warnings).encode() or b" ", np.uint8)
        return [
            {
                **{f"size {text}": np.array(values[at]) for text, values in smallest.items()},
                "confidence": np.array(float(sure[at])),
                "change": change[at],
                "warnings": said,
            }
            for at in range(len(truth))
        ]

    def _smallest(self, evidence: Evidence) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Images (N,), and by attack the smallest size that broke each (N,)."""
        images = sorted(evidence.looks)
        sizes = {text: np.array([evidence.looks[image][f"size {text}"].item() for image in images]) for text in self._attacks}
        return np.array(images), sizes

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """accuracy: the share right at the judged size under the strongest attack; optimism: how much the first adds."""
        images, sizes = self._smallest(evidence)
        if not len(images):
            return {}
        size = self.sizes[self.judged]
        strongest = np.min(list(sizes.values()), axis=0) > size
        first = sizes[self._attacks[0]] > size
        return {
            "accuracy": mean_estimate(images, strongest),
            "optimism": mean_estimate(images, first.astype(float) - strongest),
        }

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """Accuracy under the strongest attack, what a single attack would have said, confidence in wrong answers, warnings."""
        images, sizes = self._smallest(evidence)
        if not len(images):
            return [nothing("adversarial.accuracy", "Accuracy under attack", "no image was attacked", evidence.dataset, True)]
        strongest, clean = np.min(list(sizes.values()), axis=0), np.min(list(sizes.values()), axis=0) > 0
        n, size = len(images), self.sizes[self.judged]
        right = int((strongest > size).sum())
        interval = clopper_pearson(right, n)
        kept = right / max(1, int(clean.sum()))
        blind = guesses(int(clean.sum()), n, 1 / len(evidence.labels))
        verdict: Verdict = "note" if blind else "bad" if interval.high < clean.mean() / 2 else "good" if kept >= 0.8 else "caution"
        return [
            Finding(
                "adversarial.accuracy",
                f"Accuracy under the strongest of {len(sizes)} attacks, {self.norm} size {self.judged}",
                f"{right:,} of {n:,} images stay right ({percent(right / n)}{span(interval)}) when changed by at most {self.judged}"
                f"; {percent(float(clean.mean()))} are right as they are.",
                value=right / n,
                interval=interval,
                unit="share",
                n=n,
                chance=1 / len(evidence.labels),
                verdict=verdict,
                thresholds="good: four fifths or more of the accuracy stay; bad: the interval lies below half of it; caution: "
                "between. The limits are a convention of this exam",
                limits=("Accuracy under attack is an upper bound: a stronger attack may break more.", *self._warnings(evidence)),
                dataset=evidence.dataset,
                headline=True,
            ),
            self._optimism(evidence),
            self._confidence(evidence, images, strongest),
        ]

    def _optimism(self, evidence: Evidence) -> Finding:
        estimate = self.estimates(evidence)["optimism"]
        value, interval = estimate.point() or 0.0, bootstrap(estimate, evidence.seed)
        return Finding(
            "adversarial.optimism",
            f"What {self._attacks[0]} alone would have hidden",
            f"Under {self._attacks[0]} alone accuracy seems {100 * value:.1f} points{span(interval)} higher than under all.",
            value=value,
            interval=interval,
            unit="share",
            n=len(estimate.images),
            chance=0.0,
            dataset=evidence.dataset,
        )

    def _confidence(self, evidence: Evidence, images: np.ndarray, strongest: np.ndarray) -> Finding:
        id_, title = "adversarial.confidence", "Confidence in the wrong answers found"
        sure = np.array([evidence.looks[image]["confidence"].item() for image in images])
        broken = (strongest > 0) & np.isfinite(strongest)
        if broken.sum() < 2:
            return nothing(id_, title, "fewer than two images that were right were broken", evidence.dataset)
        estimate = mean_estimate(images[broken], sure[broken])
        value, interval = estimate.point(), bootstrap(estimate, evidence.seed)
        return Finding(
            id_,
            title,
            f"On the {int(broken.sum()):,} images that attacks made it err on, at the smallest size that did, it is "
            f"{percent(value or 0.0)}{span(interval)} sure of the wrong answer.",
            value=value,
            interval=interval,
            unit="share",
            n=int(broken.sum()),
            dataset=evidence.dataset,
        )

    def _warnings(self, evidence: Evidence) -> list[str]:
        said = {
            line for look in evidence.looks.values() for line in look["warnings"].tobytes().decode().split("\n") if line.strip()
        }
        _, sizes = self._smallest(evidence)
        white = [values for text, values in sizes.items() if not self._blind(text)]
        for text, values in sizes.items():
            if self._blind(text) and white:
                more = int((np.isfinite(values) & np.isinf(np.min(white, axis=0))).sum())
                if more:
                    said.add(
                        f"{text} uses no gradients and broke {more} images that attacks with gradients did not: masked gradients?"
                    )
        return sorted(said)

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Accuracy against size under each attack and under the strongest, and images with the change that broke them."""
        images, sizes = self._smallest(evidence)
        if not len(images):
            return []
        every = {"strongest": np.min(list(sizes.values()), axis=0), **sizes}
        x = tuple(float(at) for at in range(len(self.sizes) + 1))
        series, rows = [], []
        for label, values in every.items():
            hits = [int((values > size).sum()) for size in (0.0, *self.sizes.values())]
            spans = [clopper_pearson(h, len(images)) for h in hits]
            y = tuple(h / len(images) for h in hits)
            band = (tuple(i.low for i in spans), tuple(i.high for i in spans)) if label == "strongest" else (None, None)
            series.append(Series(label, x, y, *band, role="model" if label == "strongest" else "reference"))
            rows.append((label, *(percent(value) for value in y)))
        ticks = tuple((float(at), text) for at, text in enumerate(("0", *self.sizes)))
        alt = ", ".join(f"{text}: {y:.2f}" for (_, text), y in zip(ticks, series[0].y, strict=True))
        axis = f"size of the change, {NORMS[self.norm]}"
        order = [image for image in images if np.isfinite(every["strongest"][list(images).index(image)])][:PICTURES]
        shown = tuple((image, (Picture(image, "as it is"), Picture(image, "what was changed", "change"))) for image in order)
        return [
            Lines("Accuracy under attack", f"Accuracy against size. {alt}", axis, "share right", tuple(series), ticks),
            Table("Attack by attack", ("attack", *(text for _, text in ticks)), tuple(rows)),
            Gallery("What was changed", shown, "The smallest change found, brighter where larger, each on its own scale."),
        ]


def _number(text: str) -> float:
    top, _, bottom = text.partition("/")
    try:
        value = float(top) / float(bottom or 1)
    except (ValueError, ZeroDivisionError):
        value = -1.0
    if not 0 < value < np.inf:
        raise SnellenError(f"got the size {text!r}; expected a number above 0, or a fraction such as 4/255")
    return value
