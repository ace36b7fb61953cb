"""Where is the object, according to the explanation?"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from snellen.arrays import image_keys, to_numpy
from snellen.charts import Chart
from snellen.core import Evidence, Finding, Images, Model, Probe, Unsupported
from snellen.methods.trust.localization import Localized, localization
from snellen.probes._changes import share_interval
from snellen.probes._object_location_charts import CENTRE, EDGES, bars, gallery
from snellen.probes._panel import BESIDE, explained, flat, in_part, outlines, panel, passes
from snellen.probes._sample import drawn
from snellen.probes._shared import clean, nothing, percent, span
from snellen.stats import Estimate, bootstrap, mean_estimate

MASS = "What the maps show lies on the object"
REFUSED = "the model cannot be explained by it: it needs gradients or layers that this model does not show"
UNSEEN = "of none of the images looked at is it known where the object is, or it fills none or all of what the model sees"


@dataclass(frozen=True)
class ObjectLocation(Probe):
    """How much of what a map shows lies on the object, and whether its highest point does, by several methods of explanation.

    `methods` as in `snellen explain`, separated by semicolons; occlusion hides squares of which `grid` fit side by side, unless it
    has settings of its own. `count` images are drawn at random. `tolerance` is how many pixels beside the object the highest point
    may lie. `pictures` is how many images are shown that maps find best, and how many that they miss most.
    """

    question = "Where is the object, according to the explanation?"
    about = (
        "Masks or boxes say where the object is. For a random sample of images, several methods of explanation map what the "
        "answer given depends on. Mass is the share of a map's positive values that lies on the object (arras-2022); in the "
        "pointing game the highest point has to lie on it (zhang-2016). Random numbers would score the area of the object as a "
        "share of the image: that is chance. Beside it stand an edge map and a spot in the middle of the image, which know "
        "nothing of the model: objects have edges, and photographers centre them. Where no method finds the object, the answer "
        "may hang on something else; where only one does not, that method may be at fault."
    )
    cites = ("zhang-2016", "arras-2022", "simonyan-2013", "selvaraju-2017", "zeiler-2014", "efron-1993", "clopper-1934")
    located: ClassVar[bool] = True

    ranges: ClassVar = {"count": (1, math.inf), "grid": (1, 100), "tolerance": (0, math.inf), "pictures": (0, math.inf)}

    methods: str = "gradient;grad-cam;occlusion"
    count: int = 16
    grid: int = 7
    tolerance: float = 0.0
    pictures: int = 2

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs categories, and masks or boxes of what they name."""
        panel(self.methods, self.grid, model.preprocessing.size)
        reason = super().applies(model, images, people)
        if reason is None:
            try:
                images.regions([0])
            except Unsupported as error:
                return str(error)
        return reason

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(panel(self.methods, self.grid, (1, 1)))

    def pick(self, evidence: Evidence) -> Sequence[str]:
        """A random sample of the images with a category."""
        known = clean(evidence).filter(pl.col("category").is_not_null())
        return drawn(self.name(), known["image"].to_list(), self.count, evidence.seed)

    def closer_passes(self, model: Model) -> int:
        """What each method costs, an image."""
        size = model.preprocessing.size
        return self.count * (1 + sum(passes(method, size) for method in panel(self.methods, self.grid, size).values()))

    def look(self, model: Model, images: np.ndarray, rows: pl.DataFrame, seed: int) -> list[dict[str, np.ndarray]]:
        """A map (H, W) of each image by every method that the model can be explained by, and its edges."""
        native, names = model.asarray(images), rows["image"].to_list()
        classes = explained(to_numpy(model.logits(native)), rows["response"].to_list())
        maps = {EDGES: outlines(images)}
        for name, method in panel(self.methods, self.grid, (images.shape[2], images.shape[3])).items():
            with contextlib.suppress(Unsupported):
                maps[name] = flat(method, method(model, native, classes, image_keys(self.name(), name, names, seed)))
        return [{name: values[at] for name, values in maps.items()} for at in range(len(images))]

    def _found(self, evidence: Evidence) -> tuple[np.ndarray, Mapping[str, Localized]]:
        """Images whose object is known and in view, and by method or control how well it is found in each of them."""
        looks = {image: look for image, look in sorted(evidence.looks.items()) if _usable(look)}
        if not looks:
            return np.array([]), {}
        regions = np.stack([look["region"] for look in looks.values()])
        maps = {
            name: np.stack([look[name] for look in looks.values()])
            for name in (*self._names, EDGES)
            if all(name in look for look in looks.values())
        }
        maps[CENTRE] = np.repeat(_spot(*regions.shape[1:])[None], len(regions), axis=0)
        return np.array(list(looks)), {name: localization(values, regions, self.tolerance) for name, values in maps.items()}

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """mass: what lies on the object, mean over methods; of each method the same, and the share of images that it points at."""
        images, found = self._found(evidence)
        own = {name: one for name, one in found.items() if name in self._names}
        if not own:
            return {}
        out = {"mass": mean_estimate(images, np.mean([one.mass for one in own.values()], axis=0))}
        for name, one in own.items():
            out[name] = mean_estimate(images, one.mass)
            out[f"{name}-pointing"] = mean_estimate(images, one.pointing >= 0.5)
        return out

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """What lies on the object by all methods together, then by each, and whether each points at it."""
        _, found = self._found(evidence)
        estimates, own = self.estimates(evidence), [name for name in self._names if name in found]
        if not own:
            return [nothing("object-location.mass", MASS, REFUSED if found else UNSEEN, evidence.dataset, headline=True)]
        subject = f"the maps of {len(own)} methods show" if len(own) > 1 else f"{own[0]} shows"
        whole = self._mass("mass", subject, estimates["mass"], found, evidence)
        left = len(evidence.looks) - len(found[EDGES].mass)
        limit = f"Left out: {left:,} images of which it is not known where the object is, or in which it is not in view."
        findings = [replace(whole, title=MASS, headline=True, limits=(*whole.limits, *((limit,) if left else ())))]
        for name in self._names:
            if name in found:
                findings.append(self._mass(name, f"{name} shows", estimates[name], found, evidence))
                findings.append(self._pointing(name, found[name], evidence))
            else:
                findings.append(
                    nothing(f"object-location.{name}", f"What {name} shows lies on the object", REFUSED, evidence.dataset)
                )
        return findings

    def _mass(self, name: str, shows: str, estimate: Estimate, found: Mapping[str, Localized], evidence: Evidence) -> Finding:
        value, interval, chance = estimate.point() or 0.0, bootstrap(estimate, evidence.seed), found[EDGES].mass_chance
        beyond = bootstrap(mean_estimate(estimate.images, estimate.sums[:, 0] - chance), evidence.seed)
        edge, middle = (percent(float(found[control].mass.mean())) for control in (EDGES, CENTRE))
        return Finding(
            f"object-location.{name}",
            f"What {shows} lies on the object",
            f"Of what {shows}, {percent(value)}{span(interval)} lies on the object, which covers "
            f"{percent(float(chance.mean()))} of the image. Of an edge map {edge} does, of a spot in the middle {middle}.",
            value=value,
            interval=interval,
            unit="share",
            n=len(chance),
            chance=float(chance.mean()),
            verdict="caution" if beyond is not None and beyond.low <= 0 else "note",
            thresholds=BESIDE,
            limits=(
                "A map is of the answer given, right or wrong, and says what it depends on in the way of its method.",
                "That a map lies on the object does not say what of it is used: its texture lies there too.",
            ),
            dataset=evidence.dataset,
        )

    def _pointing(self, name: str, one: Localized, evidence: Evidence) -> Finding:
        flags, chance = one.pointing >= 0.5, float(one.pointing_chance.mean())
        interval = share_interval(flags, evidence.seed)
        near = f" or at most {self.tolerance:g} pixels beside it" if self.tolerance else ""
        return Finding(
            f"object-location.{name}-pointing",
            f"The highest point of {name} lies on the object",
            f"In {int(flags.sum()):,} of {len(flags):,} images the highest point lies on the object{near}: "
            f"{percent(float(flags.mean()))}{span(interval)} (at random: {percent(chance)}).",
            value=float(flags.mean()),
            interval=interval,
            unit="share",
            n=len(flags),
            chance=chance,
            dataset=evidence.dataset,
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Mass and pointing by method beside the controls, and the maps of images that were found best and worst."""
        images, found = self._found(evidence)
        own = {name: method.signed for name, method in panel(self.methods, self.grid, (1, 1)).items() if name in found}
        if not own:
            return []
        mass = np.mean([found[name].mass for name in own], axis=0)
        order = images[np.argsort(-mass, kind="stable")].tolist()
        best, worst = order[: self.pictures], order[self.pictures :][::-1][: self.pictures]
        shown = [("Most on the object", image) for image in best] + [("Least on the object", image) for image in worst]
        return [*bars(images, {name: found[name] for name in (*own, EDGES, CENTRE)}, evidence.seed), gallery(evidence, shown, own)]


def _usable(look: Mapping[str, np.ndarray]) -> bool:
    """Whether the object is known and in view, with something beside it, and all maps are finite."""
    region = look.get("region")
    return region is not None and in_part(region) and all(np.isfinite(values).all() for values in look.values())


def _spot(height: int, width: int) -> np.ndarray:
    """(H, W), a Gaussian about the middle, with deviations of a quarter of the sides."""
    rows, columns = (((np.arange(side) + 0.5) / side - 0.5) / 0.25 for side in (height, width))
    return np.exp(-(rows[:, None] ** 2 + columns**2) / 2).astype(np.float32)
