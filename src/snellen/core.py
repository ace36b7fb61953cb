"""The nouns of Snellen: plain, frozen data and the abstract classes that other rooms make final. No I/O, no framework."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from snellen.errors import SnellenError as SnellenError
from snellen.errors import Unreadable, Unsupported
from snellen.findings import Finding
from snellen.findings import Interval as Interval
from snellen.findings import Reference as Reference
from snellen.findings import Verdict as Verdict
from snellen.preprocessing import Interpolation as Interpolation
from snellen.preprocessing import Preprocessing

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from snellen.charts import Chart
    from snellen.stats import Estimate

Array: TypeAlias = Any
"""A native array of whatever framework the model runs on (NumPy, PyTorch, JAX, TensorFlow)."""


@dataclass(frozen=True)
class Labels:
    """A closed list of answers. `keys` are the canonical texts stored in trials, `names` what a reader sees."""

    name: str
    keys: tuple[str, ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.keys)


class Model(ABC):
    """Images to logits. Owns its preprocessing; `id` changes whenever its answers could.

    Images are float32, RGB, in [0, 1], of shape (N, 3, H, W), in the model's own array type (see `asarray`).
    """

    name: str
    id: str
    labels: Labels | None
    preprocessing: Preprocessing
    facts: Mapping[str, str]
    """Provenance to print: source, licence, parameters, expected accuracy …"""
    fitted_on: frozenset[str] = frozenset()
    """Digests of the images that a read-out or a treatment was fitted on, as in `Images.facts`."""

    @abstractmethod
    def asarray(self, images: np.ndarray) -> Array:
        """(N, 3, H, W) uint8 in 0..255 or float32 in [0, 1] → native float32 array in [0, 1] on the model's device."""

    @abstractmethod
    def logits(self, images: Array) -> Array:
        """(N, 3, H, W) native float32 in [0, 1] → (N, K) native logits."""

    def vjp(self, images: Array) -> tuple[Array, Callable[[Array], Array]]:
        """(N, 3, H, W) → logits (N, K) and `pull`, which brings a cotangent (N, K) back to the pixels (N, 3, H, W).

        Raises:
            Unsupported: the model only predicts.
        """
        raise Unsupported(f"{self.name} gives no gradients: it can only be asked for its answers")

    def differentiable(self) -> AbstractContextManager[Callable[[Array], Array]]:
        """Inside, a function from images (N, 3, H, W) to logits (N, K) that PyTorch can differentiate as often as asked.

        Raises:
            Unsupported: the model is no PyTorch network.
        """
        raise Unsupported(f"{self.name} gives no second derivatives: only PyTorch networks do")

    def features(self, images: Array) -> Array:
        """(N, 3, H, W) → (N, D), the input of the last layer.

        Raises:
            Unsupported: the model does not show its features.
        """
        raise Unsupported(f"{self.name} does not show its features")

    def layers(self) -> tuple[str, ...]:
        """The names of the parts whose outputs can be asked for.

        Raises:
            Unsupported: the model shows none.
        """
        raise self._opaque()

    def grid_layer(self, height: int, width: int) -> str:
        """The name of the last layer that has a grid of places, in images of this size, which logits depend on.

        Raises:
            Unsupported: the model shows no layers, or there is none like that.
        """
        raise self._opaque()

    def activations(self, images: Array, layer: str) -> Array:
        """(N, 3, H, W) → what a layer gives, (N, C, h, w), (N, T, D) or as it is; what comes after it is not run.

        Raises:
            SnellenError: there is no such layer, or no pass comes by it.
            Unsupported: the model shows no layers.
        """
        raise self._opaque()

    def vjp_to(self, images: Array, layer: str) -> tuple[Array, Callable[[Array], Array]]:
        """(N, 3, H, W) → what a layer gives and `pull`, which brings a cotangent of that back to the pixels.

        Raises:
            SnellenError, Unsupported: as `activations`.
        """
        raise self._opaque()

    def vjp_from(self, images: Array, layer: str) -> tuple[Array, Array, Callable[[Array], Array]]:
        """(N, 3, H, W) → logits (N, K), what a layer gives, and `pull`, which brings a cotangent (N, K) back to the latter.

        Raises:
            SnellenError, Unsupported: as `activations`.
        """
        raise self._opaque()

    def affine_from(self, layer: str) -> bool:
        """Whether logits are an affine function of what a layer gives, as where only averages and a linear layer come after it.

        Raises:
            SnellenError, Unsupported: as `activations`.
        """
        raise self._opaque()

    def resumed(self, images: Array, layer: str, output: Array) -> Array:
        """(N, 3, H, W) → the logits (N, K) there would be, had a layer given `output`.

        Raises:
            SnellenError, Unsupported: as `activations`.
        """
        raise self._opaque()

    def patched(self, image: Array, patches: Array, tops: np.ndarray, lefts: np.ndarray, layer: str | None = None) -> Array:
        """An image (3, H, W) with each of P patches (3, h, w) laid over it in turn → logits (P, K), or what a layer gives.

        `tops` and `lefts` are where the patches lie, whole numbers (P,); each lies inside the image.

        Raises:
            Unsupported: the model has no quicker way than to look at P images.
        """
        raise Unsupported(f"{self.name} has no quicker way to look at patched images")

    def folded(self) -> Model:
        """A model with the same answers but for rounding that is quicker to ask, if there is one; else this one."""
        return self

    def rounded(self) -> Model:
        """A copy that computes in bfloat16: quicker where the hardware has it, and about two digits less exact.

        Raises:
            Unsupported: there is no such copy to be had.
        """
        raise Unsupported(f"{self.name} cannot be run in bfloat16: only PyTorch networks can")

    def unwrapped(self) -> tuple[Any, Callable[[Any], Model]]:
        """The PyTorch network inside, and `wrap`, which makes of another of the same architecture the model that it would be.

        Raises:
            Unsupported: there is no PyTorch network inside, or more than a network.
        """
        raise Unsupported(f"{self.name} does not show the network inside: only PyTorch networks do")

    def footprint(self, height: int, width: int) -> int:
        """About how many bytes one image of this size takes in a pass forward and back: of most networks less than this guess."""
        return 400 * 12 * height * width

    def _opaque(self) -> Unsupported:
        return Unsupported(f"{self.name} does not show its layers: only PyTorch networks do")

    @property
    def abilities(self) -> frozenset[str]:
        """Which of {"gradients", "features", "layers"} this model has."""
        kind = type(self)
        has = {
            "gradients": kind.vjp is not Model.vjp,
            "features": kind.features is not Model.features,
            "layers": kind.layers is not Model.layers,
        }
        return frozenset(name for name, able in has.items() if able)


class Images(ABC):
    """A lazily read set of images with one row of facts each.

    `facts` has at least: image (text, unique), category (text or null), source (text), digest (text, of the content).
    `labels` are the categories' labels, or None when unlabelled. `id` hashes contents, names and categories, in order.
    """

    name: str
    id: str
    labels: Labels | None
    facts: pl.DataFrame
    origin: Mapping[str, str]
    """Provenance to print: where from, licence, what was left out …"""
    together: ClassVar[int] = 8
    """Rows worth fetching at once: enough to hide the cost of asking, few enough to share between threads."""

    @abstractmethod
    def fetch(self, rows: Sequence[int]) -> list[bytes | np.ndarray | Unreadable]:
        """The raw payload of each row: encoded bytes, or an array (H, W, 3) or (3, H, W), or why there is none."""

    def regions(self, rows: Sequence[int]) -> list[np.ndarray | Unreadable]:
        """Where each row shows what its category names: (H, W) float32 in [0, 1], of the payload's size, or why it is not known.

        Raises:
            Unsupported: the image set says of no image where that is.
        """
        raise Unsupported(f"{self.name} has no masks or boxes that say where the objects are")

    def __len__(self) -> int:
        return self.facts.height


@dataclass(frozen=True)
class Condition:
    """What is done to an image before the model sees it: a perturbation's name and level, as text.

    `recipe` tells apart conditions of one name and level that are made differently: a probe's settings, a user's own code.
    `perturb(images, keys)` maps native (N, 3, H, W) in [0, 1] to the same; `keys` are N integers that seed whatever is
    random, one an image, so that order and batch size change nothing. `redraw(images)` gives the image set to show instead, row
    for row: what pixels alone cannot tell, such as the same scene before another background.
    """

    name: str = "clean"
    level: str = ""
    version: int = 1
    recipe: str = ""
    perturb: Callable[[Array, Sequence[int]], Array] | None = field(default=None, compare=False, repr=False)
    redraw: Callable[[Images], Images] | None = field(default=None, compare=False, repr=False)


CLEAN = Condition()


@dataclass(frozen=True)
class Evidence:
    """What a probe judges: the trials of one model on one image set, and those of people on the same images.

    `trials` and `people` share their columns (see `snellen.trials`), with the facts of the image set joined on; rows of
    unreadable images are left out. `published` holds all trials of people that were given, also on other images. `labels`
    is the list the model answered from. `looks` maps an image to the arrays that `Probe.look` returned for it. `size`:
    height and width of what the model was shown, where known.
    """

    dataset: str
    subject: str
    trials: pl.DataFrame
    labels: Labels
    people: pl.DataFrame | None = None
    published: pl.DataFrame | None = None
    looks: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    seed: int = 0
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Probe(ABC):
    """A question about a model. Fields are its settings: they make its repr, its cache key, its CLI flags and its page.

    The runner shows the model every image under each of `conditions()` (shared between probes, cached in parts), then asks
    `pick` which images deserve a closer `look`, then `judge` for the findings. Only `look` and the conditions cost passes.
    """

    question: ClassVar[str]
    about: ClassVar[str]
    """The method paragraph of the report."""
    cites: ClassVar[tuple[str, ...]]
    version: ClassVar[int] = 1
    together: ClassVar[int] = 8
    """Images that `look` is given at once."""
    located: ClassVar[bool] = False
    """Whether looks have a `region` besides: of images with a mask or a box, where the object is, as the model sees them."""
    ranges: ClassVar[Mapping[str, tuple[int, float]]] = {}
    """Settings that are numbers → the least and the most that they can be."""

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            SnellenError: one is out of its range.
        """
        for name, (least, most) in self.ranges.items():
            if not least <= getattr(self, name) <= most:
                expected = f"{least} or more" if math.isinf(most) else f"{least} to {most}"
                raise SnellenError(f"got {name} = {getattr(self, name)!r} for the probe {self.name()}; expected {expected}")

    @classmethod
    def name(cls) -> str:
        """The registry name: the file's name with hyphens."""
        return cls.__module__.rpartition(".")[2].replace("_", "-")

    def settings(self) -> dict[str, object]:
        """The fields, as the cache key and the report see them."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def conditions(self) -> tuple[Condition, ...]:
        """What to show the model; the clean images unless overridden."""
        return (CLEAN,)

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Why this probe cannot be asked of them, in one sentence; None when it can."""
        if images.labels is None:
            return f"needs a category for every image, and {images.name} has none: name them by sub-folder or a CSV"
        return None

    def pick(self, evidence: Evidence) -> Sequence[str]:
        """The images that deserve a closer look; none unless overridden."""
        return ()

    def look(self, model: Model, images: np.ndarray, rows: pl.DataFrame, seed: int) -> list[dict[str, np.ndarray]]:
        """Arrays worth keeping for each picked image: (N, 3, H, W) as `Model.asarray` takes it, and their clean trials."""
        return [{} for _ in range(len(images))]

    def survey(
        self, model: Model, images: Images, rows: pl.DataFrame, seed: int, progress: Callable[[int], None]
    ) -> list[dict[str, np.ndarray]] | None:
        """As `look`, of all picked images at once and from the image set, where what is told of one depends on the others.

        `rows` are their clean trials; `progress` is told of passes, out of `closer_passes`. None: each is looked at for itself.
        """
        return None

    def closer_passes(self, model: Model) -> int:
        """About how many forward passes all closer looks together cost, for the plan."""
        return 0

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """The numbers behind the findings as functions of sums over images, so that two models can be compared in pairs."""
        return {}

    @abstractmethod
    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """The findings. Fast, deterministic, needs no model."""

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """What to draw, as plain data."""
        return ()


@dataclass(frozen=True)
class Treatment(ABC):
    """What can be done for a model: a new model made from it with the help of images. Fields are its settings.

    Where images decide what the new model is, its `fitted_on` has their digests: examine it on others.
    """

    about: ClassVar[str]
    """What it does, in a paragraph."""
    cites: ClassVar[tuple[str, ...]]
    version: ClassVar[int] = 1
    """Rises when the same settings, model and images give another model."""

    @classmethod
    def name(cls) -> str:
        """The registry name: the file's name with hyphens."""
        return cls.__module__.rpartition(".")[2].replace("_", "-")

    def settings(self) -> dict[str, object]:
        """The fields, as the id of the new model and its facts see them."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @abstractmethod
    def apply(self, model: Model, images: Images) -> Model:
        """The treated model; `model` itself stays as it is.

        Raises:
            SnellenError: the images do not serve, or the model cannot be treated.
        """
