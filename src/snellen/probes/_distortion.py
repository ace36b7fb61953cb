"""One of the distortions that people were shown, and its levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from snellen.core import Condition
from snellen.methods.perturb.registry import Perturbation, get
from snellen.probes._curve import Curve
from snellen.probes._levels import Levels

AXES: Mapping[str, tuple[str, str]] = {
    "colour": ("colour taken away", ""),
    "false-colour": ("opponent colours swapped", ""),
    "contrast": ("contrast, per cent", "contrast"),
    "uniform-noise": ("width of the noise", "uniform-noise"),
    "salt-and-pepper": ("share of pixels replaced", ""),
    "low-pass": ("standard deviation, pixels", "low-pass"),
    "high-pass": ("standard deviation, pixels", "high-pass"),
    "phase-noise": ("width of the noise, degrees", "phase-scrambling"),
    "power-equalisation": ("power spectrum made equal", "power-equalisation"),
    "rotation": ("degrees, counter-clockwise", "rotation"),
    "eidolon-1": ("reach, pixels; coherence 1", "eidolonI"),
    "eidolon-2": ("reach, pixels; coherence 0.3", "eidolonII"),
    "eidolon-3": ("reach, pixels; coherence 0", "eidolonIII"),
}
"""Each distortion's axis, and the data set of people's trials on it in the benchmark of 2021."""


@dataclass(frozen=True)
class Distortion(Levels):
    """A subclass names the `distortion`, and what share of their accuracy people kept under it, and who they were."""

    distortion: ClassVar[str]
    human: ClassVar[tuple[float, str]]

    def conditions(self) -> tuple[Condition, ...]:
        """One a level: the same that other probes show."""
        made = self._made()
        return tuple(made.condition(level) for level in made.levels)

    @property
    def curve(self) -> Curve:
        """The distortion and its levels, called as the probe is."""
        made, (axis, published) = self._made(), AXES[self.distortion]
        return Curve(made.name, self.name(), tuple(made.levels), axis, published or None, self.human)

    def _made(self) -> Perturbation:
        return get(f"distortions/{self.distortion}")
