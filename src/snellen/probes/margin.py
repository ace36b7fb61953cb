"""How far is the nearest other answer, and along which frequencies?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from snellen.arrays import image_keys, to_numpy
from snellen.charts import Chart, Lines, Series
from snellen.core import Evidence, Finding, Images, Interval, Model, Probe
from snellen.methods.attack.dct_margins import bands_for, dct_margins
from snellen.methods.attack.deepfool import DeepFool
from snellen.methods.compare.rank_correlation import rank_correlation
from snellen.probes._sample import drawn
from snellen.probes._shared import clean, nothing, span
from snellen.stats import RESAMPLES, percentiles


@dataclass(frozen=True)
class Margin(Probe):
    """The length of the smallest change that makes a model answer otherwise, freely and within bands of frequencies.

    `count` images are looked at, drawn at random.
    """

    question = "How far is the nearest other answer, and along which frequencies?"
    about = (
        "The margin of an image is the length (L2, values in [0, 1]) of the smallest change that makes the model answer otherwise, "
        "as DeepFool finds it: an upper bound (moosavi-dezfooli-2016). The same is asked within blocks of the discrete cosine "
        "transform, from low to high frequencies (ortiz-jimenez-2020). A network has small margins along the frequencies that it "
        "tells its training images apart by, and large ones along those it does not use."
    )
    cites = ("moosavi-dezfooli-2016", "ortiz-jimenez-2020", "spearman-1904", "efron-1993")
    together: ClassVar[int] = 16

    ranges: ClassVar = {"count": (1, math.inf)}

    count: int = 32

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs gradients and square images; no categories."""
        if "gradients" not in model.abilities:
            return f"{model.name} gives no gradients"
        height, width = model.preprocessing.size
        return None if height == width else f"bands of frequencies need square images, and {model.name} is shown {height}x{width}"

    def pick(self, evidence: Evidence) -> Sequence[str]:
        """A random sample."""
        return drawn(self.name(), clean(evidence)["image"].to_list(), self.count, evidence.seed)

    def closer_passes(self, model: Model) -> int:
        """A few steps for each image and band, forward and back."""
        return self.count * (len(bands_for(model.preprocessing.size[0])) * 30 + 20)

    def look(self, model: Model, images: np.ndarray, rows: pl.DataFrame, seed: int) -> list[dict[str, np.ndarray]]:
        """Of each image, `free`: its margin; `bands` (B,): its margins in the bands; inf where none was found."""
        native, names = model.asarray(images), rows["image"].to_list()
        answered = to_numpy(model.logits(native)).argmax(axis=1)
        free = DeepFool(norm="l2")(model, native, answered, image_keys(self.name(), "free", names, seed)).distance
        bands = dct_margins(model, native).distance
        return [{"free": np.array(free[at]), "bands": bands[at]} for at in range(len(names))]

    def _margins(self, evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
        """(N,) free and (N, B) in bands, images in order of their names."""
        looks = [evidence.looks[image] for image in sorted(evidence.looks)]
        return np.array([look["free"].item() for look in looks]), np.array([look["bands"] for look in looks])

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """The median margin, and the slope of margins over frequencies."""
        titles = {"median": "Margin, median over images", "slope": "Whether margins grow with frequency"}
        free, bands = self._margins(evidence)
        if len(free) < 2:
            return [nothing(f"margin.{n}", t, "fewer than two images were looked at", evidence.dataset) for n, t in titles.items()]
        return [self._median(titles["median"], free, evidence), self._slope(titles["slope"], bands, evidence)]

    def _median(self, title: str, free: np.ndarray, evidence: Evidence) -> Finding:
        median, lost = float(np.median(free)), int(np.isinf(free).sum())
        if not np.isfinite(median):
            reason = f"no other answer was found for {lost} of {len(free)} images"
            return nothing("margin.median", title, reason, evidence.dataset, headline=True)
        draws = np.median(_resampled(free, evidence.seed), axis=1)
        interval = _interval(draws, len(free))
        return Finding(
            "margin.median",
            title,
            f"Half of {len(free):,} images get another answer for a change of length {median:.3g}{span(interval, as_percent=False)}"
            + (f"; none was found for {lost}." if lost else "."),
            value=median,
            interval=interval,
            unit="length",
            n=len(free),
            limits=(
                "An upper bound: nearer answers may lie where DeepFool does not look. Lengths grow with the size of the image.",
            ),
            dataset=evidence.dataset,
            headline=True,
        )

    def _slope(self, title: str, bands: np.ndarray, evidence: Evidence) -> Finding:
        place = np.arange(bands.shape[1], dtype=float)
        value = float(rank_correlation(np.median(bands, axis=0), place))
        if not np.isfinite(value):
            return nothing("margin.slope", title, "all bands have the same margin", evidence.dataset)
        draws = rank_correlation(np.median(_resampled(bands, evidence.seed), axis=1), place)
        interval = _interval(draws, len(bands))
        return Finding(
            "margin.slope",
            title,
            f"The rank correlation of frequency with the median margin is {value:.2f}{span(interval, as_percent=False)}: "
            + ("it is most easily swayed by low frequencies." if value > 0 else "it is most easily swayed by high frequencies."),
            value=value,
            interval=interval,
            unit="correlation",
            n=len(bands),
            chance=0.0,
            limits=(f"Over {bands.shape[1]} bands along the diagonal of the transform; {_lost(bands)}",),
            dataset=evidence.dataset,
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Median margin against frequency."""
        _, bands = self._margins(evidence)
        if len(bands) < 2:
            return []
        ends = np.where(np.isinf(bands), bands[np.isfinite(bands)].max(initial=0), bands)
        quarters = np.quantile(ends, (0.25, 0.5, 0.75), axis=0)
        x = tuple(float(at) for at in range(bands.shape[1]))
        low, middle, high = (tuple(float(v) for v in row) for row in quarters)
        ticks = ((0.0, "lowest"), (x[-1], "highest"))
        alt = "Median margin from the lowest band to the highest: " + ", ".join(f"{value:.2f}" for value in middle)
        one = Series(f"median and middle half of {len(bands)} images", x, middle, low, high)
        return [Lines("Margin along frequencies", alt, "band of frequencies", "length of the change", (one,), ticks, y_range=None)]


def _resampled(values: np.ndarray, seed: int) -> np.ndarray:
    """(R, N, ...) of (N, ...), images drawn with replacement."""
    rng = np.random.Generator(np.random.PCG64(seed))
    return values[rng.integers(len(values), size=(RESAMPLES, len(values)))]


def _interval(draws: np.ndarray, n: int) -> Interval | None:
    """None where so many resamples have no margin that they reach into the interval."""
    finite = draws[np.isfinite(draws)]
    if len(finite) < 0.975 * RESAMPLES:
        return None
    return percentiles(finite, f"bootstrap percentiles over {n:,} images, {RESAMPLES:,} resamples")


def _lost(bands: np.ndarray) -> str:
    lost = int(np.isinf(bands).sum())
    return f"no other answer was found for {lost} of {bands.size} pairs of image and band." if lost else "all searches ended."
