"""Models whose confidence was calibrated by `snellen treat calibrate`: a small file that names the model below."""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np
from pydantic import TypeAdapter, ValidationError

from snellen import __version__
from snellen.arrays import like, to_numpy
from snellen.core import Array, Labels, Model, Preprocessing, SnellenError
from snellen.images.facts import shown
from snellen.labels import printable
from snellen.scaling import AnyScaling

if TYPE_CHECKING:
    from snellen.models.options import Options

EXAMPLE = "path/calibrated.json"
VERSION = 1
LARGEST = 2**26
"""Bytes of a file; a larger one is refused unread."""
_OURS = ("calibration", "fitted on")


@final
class Calibrated(Model):
    """A model whose logits are scaled. Gradients and features are the model's own, where it has them.

    Args:
        base: the model below; it is not changed.
        scaling: what happens to its logits.
        probabilities: whether `base` returns probabilities, of which the logarithm is scaled.
        fitted_on: digests of the images that the scaling was fitted on.
        facts: further provenance to print.
        name: how reports call it.
    """

    def __init__(
        self,
        base: Model,
        scaling: AnyScaling,
        *,
        probabilities: bool = False,
        fitted_on: frozenset[str] = frozenset(),
        facts: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> None:
        self.base, self.scaling, self.probabilities = base, scaling, probabilities
        self.name = printable(name or f"{base.name} + {scaling.method}")
        what = {"base": base.id, "scaling": repr(scaling), "probabilities": probabilities, "version": VERSION}
        self.id = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
        self.labels, self.preprocessing = base.labels, base.preprocessing
        kept = {key: text for key, text in base.facts.items() if key != "signs"}
        self.facts = {**kept, "calibration": f"{scaling.method}: {scaling.describe()}", **(facts or {})}
        self.fitted_on = base.fitted_on | fitted_on

    @property
    def abilities(self) -> frozenset[str]:
        """Those of the model below."""
        return self.base.abilities

    def asarray(self, images: np.ndarray) -> Array:
        """As the model below takes them."""
        return self.base.asarray(images)

    def logits(self, images: Array) -> Array:
        """(N, 3, H, W) → (N, K) scaled."""
        given = self.base.logits(images)
        self.labels = self.base.labels
        return like(self.scaling(self._logarithm(to_numpy(given))), given)

    def vjp(self, images: Array) -> tuple[Array, Callable[[Array], Array]]:
        """Scaled logits, and `pull`; raises Unsupported where the model below does."""
        return self._scaled(*self.base.vjp(images))

    def features(self, images: Array) -> Array:
        """Those of the model below."""
        return self.base.features(images)

    def layers(self) -> tuple[str, ...]:
        """Those of the model below."""
        return self.base.layers()

    def grid_layer(self, height: int, width: int) -> str:
        """That of the model below."""
        return self.base.grid_layer(height, width)

    def activations(self, images: Array, layer: str) -> Array:
        """Those of the model below."""
        return self.base.activations(images, layer)

    def vjp_to(self, images: Array, layer: str) -> tuple[Array, Callable[[Array], Array]]:
        """As the model below does."""
        return self.base.vjp_to(images, layer)

    def vjp_from(self, images: Array, layer: str) -> tuple[Array, Array, Callable[[Array], Array]]:
        """Scaled logits, and the rest as the model below gives it."""
        given, activations, below = self.base.vjp_from(images, layer)
        logits, pull = self._scaled(given, below)
        return logits, activations, pull

    def affine_from(self, layer: str) -> bool:
        """That of the model below, where scaling is affine too: it is taken not to be."""
        return False

    def resumed(self, images: Array, layer: str, output: Array) -> Array:
        """The model below, scaled."""
        given = self.base.resumed(images, layer, output)
        return like(self.scaling(self._logarithm(to_numpy(given))), given)

    def folded(self) -> Calibrated:
        """The model below folded, scaled alike."""
        return self._over(self.base.folded())

    def rounded(self) -> Calibrated:
        """The model below in bfloat16, scaled alike."""
        return self._over(self.base.rounded())

    def _over(self, base: Model) -> Calibrated:
        other = copy.copy(self)
        other.base = base
        return other

    def footprint(self, height: int, width: int) -> int:
        """That of the model below."""
        return self.base.footprint(height, width)

    def _scaled(self, given: Array, below: Callable[[Array], Array]) -> tuple[Array, Callable[[Array], Array]]:
        self.labels = self.base.labels
        outputs = to_numpy(given)
        logits = self._logarithm(outputs)

        def pull(cotangent: Array) -> Array:
            back = self.scaling.pull(logits, to_numpy(cotangent))
            if self.probabilities:
                back = np.where(outputs > 0, back / np.maximum(outputs, 1e-30), 0.0)
            return below(like(back, given))

        return like(self.scaling(logits), given), pull

    def _logarithm(self, outputs: np.ndarray) -> np.ndarray:
        outputs = np.asarray(outputs, np.float64)
        if not self.probabilities:
            return outputs
        with np.errstate(divide="ignore"):
            return np.log(np.maximum(outputs, 0.0))


@dataclass(frozen=True)
class Card:
    """What a file says. `base` is what `snellen.models.load` takes; a file is found from where the card lies."""

    base: str
    base_id: str
    scaling: AnyScaling
    fitted_on: tuple[str, ...]
    facts: Mapping[str, str] = field(default_factory=dict)
    probabilities: bool = False
    labels: Labels | None = None
    preprocessing: Preprocessing | None = None
    snellen: str = __version__
    version: int = VERSION

    def __post_init__(self) -> None:
        if self.version != VERSION:
            raise SnellenError(f"version {self.version}, expected {VERSION}: this Snellen is older or newer than the file")


def save(
    path: Path, model: Calibrated, base: str, labels: Labels | None = None, preprocessing: Preprocessing | None = None
) -> None:
    """Write what `load` needs; `path` is whole or not there. `base`, `labels` and `preprocessing`: as the base was loaded with.

    Raises:
        SnellenError: as `check`, or the file cannot be written.
    """
    check(path, base)
    own = {key: text for key, text in model.facts.items() if key in _OURS}
    where = _from(base, lambda file: os.path.relpath(file, path.parent) if Path(file).is_file() else file)
    card = Card(
        where,
        model.base.id,
        model.scaling,
        tuple(sorted(model.fitted_on)),
        own,
        model.probabilities,
        labels,
        preprocessing,
    )
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        temporary.write_bytes(TypeAdapter(Card).dump_json(card, indent=1) + b"\n")
        temporary.replace(path)
    except OSError as error:
        raise SnellenError(f"got {path} to write; expected a file that can be written, and it cannot: {error}") from error


def check(path: Path, base: str) -> None:
    """Refuse to write a calibration of `base` to `path`.

    Raises:
        SnellenError: `path` is of another kind, or `base` is calibrated itself.
    """
    if Path(base).suffix == ".json":
        raise SnellenError(f"got the calibrated model {base}; expected one that is not calibrated yet: name the model below it")
    if path.suffix != ".json" or (path.exists() and not _is_card(path)):
        raise SnellenError(
            f"got {path} to write; expected a new file that ends in .json, or an older one of `snellen treat calibrate`"
        )


def load(text: str, options: Options) -> Calibrated:
    """The model in a file that `save` wrote, with the model below it.

    Raises:
        SnellenError: there is no such file, it is damaged, or the model below is not the one it was fitted for.
    """
    from snellen import models

    path = Path(text)
    card = read_card(path)
    if Path(card.base).suffix == ".json":
        raise SnellenError(f"{path} names another calibration, {printable(card.base)[:100]}; expected a model: fit it anew")
    if not options.trust and not _harmless(card.base):
        raise SnellenError(
            f"{path} names the code {printable(card.base)[:200]}, which opening it would run; expected a model by name or by its "
            "file of weights: allow it with --trust (trust=True) if you know it"
        )
    base = models.load(
        _from(card.base, lambda file: str(path.parent / file) if (path.parent / file).is_file() else file),
        labels=options.labels or card.labels,
        preprocessing=options.preprocessing or card.preprocessing,
        device=options.device,
        trust=options.trust,
    )
    if base.id != card.base_id:
        raise SnellenError(
            f"{path} was fitted for another {printable(card.base)[:100]} (id {card.base_id[:12]}…, by Snellen {card.snellen[:20]}; "
            f"here it is {base.id[:12]}…, Snellen {__version__}): fit it anew with `snellen treat calibrate`"
        )
    return Calibrated(
        base,
        card.scaling,
        probabilities=card.probabilities,
        fitted_on=frozenset(card.fitted_on),
        facts={key: shown(card.facts[key]) for key in _OURS if key in card.facts},
        name=options.name or f"{base.name} + {card.scaling.method}",
    )


def read_card(path: Path) -> Card:
    """What a file says.

    Raises:
        SnellenError: there is no such file, or `snellen treat calibrate` did not write it.
    """
    if not path.is_file():
        raise SnellenError(f"got the model {path}; expected a file that exists, written by `snellen treat calibrate`")
    if path.stat().st_size > LARGEST:
        raise SnellenError(f"{path} has {path.stat().st_size:,} bytes; expected at most {LARGEST:,}: fit it anew")
    try:
        return TypeAdapter(Card).validate_json(path.read_bytes())
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise SnellenError(
            f"{path} says {where + ': ' if where else ''}{printable(fault['msg'])[:300]}; "
            "expected what `snellen treat calibrate` writes: fit it anew"
        ) from error


def _is_card(path: Path) -> bool:
    try:
        read_card(path)
    except SnellenError:
        return False
    return True


def _harmless(base: str) -> bool:
    from snellen.models import SOURCES

    prefix, colon, _ = base.partition(":")
    return (bool(colon) and prefix in SOURCES) or Path(base).suffix in (".onnx", ".safetensors")


def _from(base: str, move: Callable[[str], str]) -> str:
    """`base` with the file in it, `PATH` or `PATH.py:NAME`, moved."""
    file, colon, name = base.rpartition(":")
    return f"{move(file)}:{name}" if colon and file.endswith(".py") else move(base)
