"""The image set: a table of concepts that is the complete cause of its pixels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import polars as pl

from snellen.core import Images, Labels, SnellenError, Unreadable
from snellen.images.world import exogenous
from snellen.images.world.concepts import CONCEPTS, TEXTURE_OF, Concept, Continuous, Discrete
from snellen.images.world.mechanisms import mechanisms
from snellen.images.world.render import VERSION, draw
from snellen.images.world.scene import Scene
from snellen.images.world.values import checked, find, places, whole
from snellen.labels import sixteen

LAST = 2**53
"""The largest index of an image."""


@final
@dataclass(frozen=True, eq=False)
class World(Images):
    """Images drawn from concepts. `facts` has a column for every concept, and `index`, on which all other noise depends.

    A world is made by `snellen.images.world.open_world`; its methods make others from it.
    """

    name: str
    id: str
    labels: Labels | None
    facts: pl.DataFrame
    origin: Mapping[str, str]
    size: int
    seed: int
    given: Mapping[str, Any] = field(default_factory=dict)
    """The mechanisms that differ from those of the concepts themselves."""
    together = 128

    @classmethod
    def of(cls, facts: pl.DataFrame, size: int, seed: int, given: Mapping[str, Any], name: str, origin: Mapping[str, str]) -> World:
        """The world of these facts; `index` and all concepts are there, the rest is filled in."""
        digests = _digests(facts, size, seed)
        owners = {texture: category for category, texture in TEXTURE_OF.items()}
        full = facts.select(
            pl.col("index").cast(pl.String).str.zfill(7).alias("image"),
            "category",
            pl.lit(name).alias("source"),
            pl.Series("digest", digests, pl.String),
            "index",
            *(pl.col(concept) for concept in CONCEPTS if concept != "category"),
            pl.col("texture").replace_strict(owners, default=None, return_dtype=pl.String).alias("texture_category"),
        )
        return cls(name, hashlib.sha256(json.dumps(digests).encode()).hexdigest(), sixteen(), full, origin, size, seed, given)

    def fetch(self, rows: Sequence[int]) -> list[bytes | np.ndarray | Unreadable]:
        """The pixels of each row, (3, H, W) uint8."""
        return list(self.draw(rows).pixels)

    def regions(self, rows: Sequence[int]) -> list[np.ndarray | Unreadable]:
        """Where each row shows its object: (H, W) float32 in [0, 1]."""
        return list(self.draw(rows).object)

    def draw(self, rows: Sequence[int] | None = None, detail: bool = False) -> Scene:
        """Pixels and exact masks of some rows, or of all; with `detail` also label maps and the masks of the parts."""
        facts = self.facts if rows is None else self.facts[list(rows)]
        keys = exogenous.image_keys(self.seed, facts["index"].to_numpy())
        return draw({name: facts[name].to_numpy() for name in CONCEPTS}, keys, self.size, detail)

    def shifted(self, images: int) -> World:
        """As many other images of the same world: those so many indices further on."""
        index = self.facts["index"].to_numpy()
        first, last = (int(index.min()), int(index.max())) if len(index) else (0, 0)
        facts = sample(self.given, self.seed, index + whole("images", images, -first, LAST - last))
        return World.of(facts, self.size, self.seed, self.given, self.name, self.origin)

    def do(self, **values: Any) -> World:
        """The world in which these concepts were set from outside (pearl-2009): their effects follow, their causes are cut off.

        Args:
            values: concept → a value, (low, high), or {value: share}, the same noise deciding.

        Raises:
            SnellenError: an unknown concept or value.
        """
        names = {find(name).name for name in values}
        kept = {key: value for key, value in self.given.items() if key.partition("|")[0].strip() not in names}
        given = {**kept, **values}
        facts = sample(given, self.seed, self.facts["index"].to_numpy())
        return World.of(facts, self.size, self.seed, given, self.name, {**self.origin, "intervention": _told(values)})

    def twins(self, concept: str, values: Any = None) -> World:
        """The counterfactual twin of each image: the same noise and concepts, save one; those that depend on it stay as they are.

        Args:
            concept: which is changed.
            values: what to, one value for all or one an image; unless given, another value for each image by its own noise.

        Raises:
            SnellenError: an unknown concept or value, or not one value an image.
        """
        known = find(concept)
        if values is None:
            other = _another(known, self.facts[concept].to_numpy(), exogenous.image_keys(self.seed, self.facts["index"].to_numpy()))
        else:
            each = [values] * len(self) if isinstance(values, str) or not np.iterable(values) else list(values)
            if len(each) != len(self):
                got = f"got {len(each)} values of {concept} for {len(self)} images"
                raise SnellenError(f"{got}; expected one for all, or one an image")
            other = checked(known, each)
        return self._of(self.facts.with_columns(pl.Series(concept, other)), f"{concept} changed")

    def redrawn(self, facts: pl.DataFrame) -> World:
        """The images of other facts, for example edited ones: the columns `index` and of all concepts are read.

        Raises:
            SnellenError: a column is missing, or holds a value its concept cannot take.
        """
        if not isinstance(facts, pl.DataFrame):
            raise SnellenError(f"got {type(facts).__name__} for facts; expected a polars.DataFrame such as World.facts")
        missing = [name for name in ("index", *CONCEPTS) if name not in facts.columns]
        if missing:
            raise SnellenError(f"got facts without {', '.join(missing)}; expected a column for `index` and for every concept")
        index = pl.Series("index", [whole("index", at, 0, LAST) for at in facts["index"]], pl.Int64)
        if index.n_unique() < len(index):
            raise SnellenError("got facts with an index twice; expected each image once")
        clean = facts.with_columns(index, *(_column(concept, facts[name]) for name, concept in CONCEPTS.items()))
        return self._of(clean, "facts changed")

    def _of(self, facts: pl.DataFrame, intervention: str) -> World:
        return World.of(facts, self.size, self.seed, self.given, self.name, {**self.origin, "intervention": intervention})

    def chosen(self, rows: Sequence[int]) -> World:
        """Some of the images, each at most once.

        Raises:
            SnellenError: there is no such row, or one comes twice.
        """
        return World.of(self.facts[places(rows, len(self))], self.size, self.seed, self.given, self.name, self.origin)


def sample(given: Mapping[str, Any], seed: int, index: np.ndarray) -> pl.DataFrame:
    """The column `index` and one for every concept, drawn by the mechanisms."""
    keys = exogenous.image_keys(seed, index)

    def noise(purpose: str) -> np.ndarray:
        if purpose == "category":
            return exogenous.balanced(seed, index, keys, purpose, len(sixteen()))
        return exogenous.uniform(keys, purpose)

    drawn: dict[str, np.ndarray] = {}
    for name, mechanism in mechanisms(given).items():
        drawn[name] = mechanism.sample(noise, drawn)
    return pl.DataFrame({"index": index.astype(np.int64), **{name: drawn[name] for name in CONCEPTS}})


def _digests(facts: pl.DataFrame, size: int, seed: int) -> list[str]:
    """Of all that an image is made of, one for each row: 16 hexadecimal digits."""
    columns = [np.full(facts.height, VERSION), facts["index"].to_numpy()]
    for name, concept in CONCEPTS.items():
        values = facts[name].to_numpy()
        columns.append(_places(concept, values) if isinstance(concept, Discrete) else values)
    start = hashlib.sha256(json.dumps([size, seed]).encode())
    out = []
    for row in np.stack(columns, axis=1).astype("<f8"):
        sha = start.copy()
        sha.update(row.tobytes())
        out.append(sha.hexdigest()[:16])
    return out


def _another(concept: Concept, now: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """A value for each image that it does not have: any other drawn value, or half a range away."""
    u = exogenous.uniform(keys, f"{concept.name} twin")
    if isinstance(concept, Continuous):
        low, high = (concept.low, concept.high) if concept.low < concept.high else (concept.least, concept.most)
        span = high - low
        return np.round(low + np.mod(now - low + span * (0.25 + 0.5 * u), span), 6)
    drawn = sum(weight > 0 for weight in concept.weights)
    place = np.minimum(_places(concept, now), drawn)
    others = drawn - (place < drawn)
    return np.array(concept.values)[(place + 1 + (u * others).astype(np.int64)) % (others + 1)]


def _column(concept: Concept, values: pl.Series) -> pl.Series:
    dtype = pl.String if isinstance(concept, Discrete) else pl.Float64
    return pl.Series(concept.name, checked(concept, values), dtype)


def _places(concept: Discrete, values: np.ndarray) -> np.ndarray:
    """The number of each value in the list of the concept's."""
    order = np.argsort(concept.values)
    return order[np.searchsorted(np.array(concept.values)[order], values)]


def _told(values: Mapping[str, Any]) -> str:
    return ", ".join(f"do({name} = {value})" for name, value in values.items())
