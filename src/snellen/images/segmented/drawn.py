"""Concepts of a world, whose masks are exact: objects, parts, textures, colours and what lies behind and before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
from jaxtyping import Int

from snellen.images.segmented.segmented import Segmented
from snellen.images.world.concepts import PLAIN
from snellen.images.world.scene import BACKGROUND, CLUTTER, LABELS, MARK, OCCLUDER
from snellen.images.world.shapes import PARTS
from snellen.images.world.world import World

OF_OBJECT = {"object": "category", "texture": "texture", "colour": "colour"}
OF_GROUND = {"background": "background", "background colour": "background_colour"}
"""Category of concepts → the column of a world's facts that says which of them an image shows."""
BEFORE = ("clutter", "occluder", "mark")
_FIRST_PART = LABELS.index(PARTS[0])


@final
@dataclass(frozen=True)
class Drawn(Segmented):
    """The concepts that occur in a world. An object's texture and colour are where the object is, plain texture nowhere."""

    number: dict[tuple[str, str], int]
    """(category, name) → number of the concept from 1."""
    drawn: dict[int, np.ndarray] = field(default_factory=dict)
    """Label maps of the rows prepared last."""

    @classmethod
    def of(cls, world: World) -> Drawn:
        """The concepts of a world."""
        pairs = [
            (kind, str(value))
            for kind, column in (OF_OBJECT | OF_GROUND).items()
            for value in world.facts[column].unique().sort()
            if (kind, value) != ("texture", PLAIN)
        ]
        pairs += [("part", part) for part in PARTS] + [("thing", thing) for thing in BEFORE]
        number = {pair: at for at, pair in enumerate(pairs, 1)}
        return cls(world, tuple(name for _, name in pairs), tuple(kind for kind, _ in pairs), number)

    def prepare(self, rows: Sequence[int]) -> None:
        """Draw these rows together."""
        world = self.images
        assert isinstance(world, World)  # noqa: S101 (`of` takes nothing else)
        scene = world.draw(rows, detail=True)
        if scene.labels is None:
            return
        facts = world.facts[list(rows)]
        table = np.zeros(len(LABELS), np.int32)
        table[_FIRST_PART:] = [self.number["part", part] for part in PARTS]
        for label, thing in zip((CLUTTER, OCCLUDER, MARK), BEFORE, strict=True):
            table[label] = self.number["thing", thing]
        whole, behind = scene.object > 0.5, scene.labels == BACKGROUND
        layers = [table[scene.labels]]
        for where, columns in ((whole, OF_OBJECT), (behind & ~whole, OF_GROUND)):
            for kind, column in columns.items():
                numbers = np.array([self.number.get((kind, str(value)), 0) for value in facts[column]], np.int32)
                layers.append(where * numbers[:, None, None])
        self.drawn.clear()
        self.drawn.update(zip(rows, np.stack(layers, 1), strict=True))

    def layers(self, row: int) -> Int[np.ndarray, "l h w"]:
        """See `Segmented.layers`."""
        if row not in self.drawn:
            self.prepare([row])
        return self.drawn[row]
