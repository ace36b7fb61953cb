"""Which frequencies does the model rely on?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from snellen.charts import Chart, Gallery, Heatmap, Lines, Picture, Series
from snellen.core import CLEAN, Condition, Evidence, Finding, Images, Model, Probe
from snellen.methods.perturb.registry import Perturbation, get
from snellen.probes._grid import ratio, right_under
from snellen.probes._shared import clean, guesses, nothing, percent, span, two_categories
from snellen.stats import Estimate, bootstrap, clopper_pearson

if TYPE_CHECKING:
    from torch import Tensor

LOW, HIGH = "frequency/low-pass-ideal", "frequency/high-pass-ideal"
HALF = "0.25"
"""Radius that parts the spectrum for the headline: frequencies below half of Nyquist's, and above."""
WAVES = "frequency/wave"
NORMS = {32: 4.0, 224: 15.7}


@dataclass(frozen=True)
class Frequency(Probe):
    """Accuracy on low-pass and high-pass images, and under single waves added to them.

    `grid` is how many frequencies an axis the map of waves has, 0 for no map: it costs (2 * grid - 1) * grid passes an image.
    """

    question = "Which frequencies does the model rely on?"
    about = (
        "Images are cut in two by the radius in their spectrum: what is inside is the low-frequency component, what remains the "
        "high-frequency component, which looks like little or nothing to people (wang-2020). Accuracy on each says which of them "
        "the model can use. Further, single waves of a fixed length are added to the images, one frequency at a time: the map "
        "shows the error under each (yin-2019). Radii are shares of the sampling rate; 0.5 is Nyquist's frequency."
    )
    cites = ("wang-2020", "yin-2019", "efron-1993", "clopper-1934")

    ranges: ClassVar = {"grid": (0, 128)}

    grid: int = 0

    def conditions(self) -> tuple[Condition, ...]:
        """The clean images, the component below and above each radius, and a condition for each wave of the map."""
        parts = (get(name).condition(level) for name in (LOW, HIGH) for level in get(name).levels)
        levels = {_text(*wave): wave for wave in self._waves}
        waves = Perturbation(WAVES, "A single wave added to each channel.", "yin-2019", levels, {}, _waved)
        return (CLEAN, *parts, *(waves.condition(level) for level in levels))

    @property
    def _steps(self) -> tuple[float, ...]:
        """Frequencies along an axis as shares of Nyquist's: 0 and up to almost all of it."""
        return tuple(at / self.grid for at in range(self.grid))

    @property
    def _waves(self) -> tuple[tuple[float, float], ...]:
        """(vertical, horizontal): the half plane that the waves of real images need."""
        down = (*(-step for step in reversed(self._steps[1:])), *self._steps)
        return tuple((v, h) for v in down for h in self._steps if (v, h) != (0.0, 0.0))

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs one category an image."""
        return super().applies(model, images, people) or two_categories(images)

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """low, high: the share of accuracy kept with the frequencies below, or above, half of Nyquist's."""
        images, right = right_under(evidence, [(CLEAN.name, CLEAN.level), (LOW, HALF), (HIGH, HALF)])
        if not len(images):
            return {}
        return {name: Estimate(images, right[:, [at, 0]], ratio) for name, at in (("low", 1), ("high", 2))}

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """What is kept of each half."""
        said = {"low": "Accuracy kept by low frequencies alone", "high": "Accuracy kept by high frequencies alone"}
        estimates, found = self.estimates(evidence), []
        for name, title in said.items():
            value = estimates[name].point() if name in estimates else None
            if value is None:
                reason = "the model gets none of the untouched images right, so there is nothing to keep"
                found.append(nothing(f"frequency.{name}", title, reason, evidence.dataset, headline=name == "low"))
                continue
            estimate, interval = estimates[name], bootstrap(estimates[name], evidence.seed)
            hits, where = int(estimate.sums[:, 1].sum()), "below" if name == "low" else "above"
            blind = guesses(hits, len(estimate.images), 1 / len(evidence.labels))
            limits = ["Components are not clipped in the definition; here they are shown as 8-bit images, clipped to [0, 1]."]
            if blind:
                limits.append("Untouched, it is right no more often than guessing may be.")
            found.append(
                Finding(
                    f"frequency.{name}",
                    title,
                    f"With frequencies {where} half of Nyquist's alone it keeps {percent(value)}{span(interval)} of its accuracy.",
                    value=value,
                    interval=interval,
                    unit="share",
                    n=len(estimate.images),
                    limits=tuple(limits),
                    dataset=evidence.dataset,
                    headline=name == "low",
                )
            )
        return found

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Accuracy against radius, the map of waves, and an image cut in two at each radius."""
        made = [self._curves(evidence), *self._map(evidence)]
        surest = clean(evidence).sort(["confidence", "image"], descending=[True, False])["image"].head(1).to_list()
        rows = [
            (title, tuple(Picture(image, level, under=(name, level)) for image in surest for level in get(name).levels))
            for title, name in (("Low frequencies, below each radius", LOW), ("High frequencies, above it", HIGH))
        ]
        return [*made, Gallery("Examples", tuple((title, row) for title, row in rows if row))]

    def _curves(self, evidence: Evidence) -> Lines:
        series, alts = [], []
        for label, name in (("low frequencies, below the radius", LOW), ("high frequencies, above it", HIGH)):
            levels = sorted(get(name).levels, key=float)
            images, right = right_under(evidence, [(name, level) for level in levels])
            spans = [clopper_pearson(int(hits), len(images)) for hits in right.sum(axis=0)] if len(images) else []
            y = tuple(float(value) for value in right.mean(axis=0)) if len(images) else ()
            x = tuple(float(level) for level in levels) if len(images) else ()
            series.append(Series(label, x, y, tuple(i.low for i in spans), tuple(i.high for i in spans)))
            alts.append(f"{label}: {', '.join(f'{value:.2f}' for value in y)}")
        chance = 1 / len(evidence.labels)
        series.append(Series(f"guessing (1 in {round(1 / chance):,})", (0.0, 0.9), (chance, chance), role="reference"))
        alt = "; ".join(alts)
        return Lines("Accuracy on parts of the spectrum", alt, "radius, share of the sampling rate", "share right", tuple(series))

    def _map(self, evidence: Evidence) -> list[Heatmap]:
        if not self.grid:
            return []
        images, right = right_under(evidence, [(WAVES, _text(*wave)) for wave in self._waves])
        if not len(images):
            return []
        wrong = dict(zip(self._waves, 1 - right.mean(axis=0), strict=True))
        wrong[0.0, 0.0] = float("nan")
        rows = sorted({v for v, _ in wrong})
        values = tuple(tuple(float(np.nan_to_num(wrong[v, h])) for h in self._steps) for v in rows)
        alt = (
            f"Share wrong under single waves, {len(images)} images: from {min(map(min, values)):.2f} to {max(map(max, values)):.2f}"
        )
        texts = [tuple(f"{value:.2f}" for value in axis) for axis in (rows, self._steps)]
        return [Heatmap("Error under single waves", alt, texts[0], texts[1], values, "down, of Nyquist", "across, of Nyquist")]


def _text(vertical: float, horizontal: float) -> str:
    return f"{vertical:.3f},{horizontal:.3f}"


def _waved(pixels: Tensor, wave: tuple[float, float], keys: Sequence[int]) -> Tensor:
    """Images plus a wave of these shares of Nyquist's frequency down and across, of the norm published for the nearest size."""
    from snellen.methods.perturb.frequency.fourier_basis import with_wave

    height, width = pixels.shape[2:]
    norm = NORMS[min(NORMS, key=lambda side: abs(np.log(side / min(height, width))))]
    return with_wave(pixels, round(wave[0] * height / 2), round(wave[1] * width / 2), norm, keys)
