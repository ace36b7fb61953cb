"""Strips of pictures that each show one side of a world: its shapes, textures, colours, backgrounds, additions, twins, masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from snellen.images.world import exogenous
from snellen.images.world.concepts import BACKGROUNDS, COLOURS, CONCEPTS, GROUND_COLOURS, MARKS, TEXTURES
from snellen.images.world.open import PRESETS
from snellen.images.world.palette import OBJECT
from snellen.images.world.render import draw
from snellen.images.world.scene import LABELS, Scene
from snellen.images.world.world import World
from snellen.labels import SIXTEEN

_PLACED = {"view": "right", "scale": 0.92, "x": 0.0, "y": 0.0, "rotation": 0.0}
_ALONE = {**PRESETS["studio"], **_PLACED, "proportion": 1.0, "texture_scale": 1.0, "texture_contrast": 1.0}
_BEFORE = {**_ALONE, "scale": 0.62, "y": -0.16}
_LIGHT = {
    "lighting": {"lighting": 1.0},
    "exposure": {"exposure": 0.5},
    "contrast": {"texture_contrast": 0.3},
    "plain": {"texture": "plain"},
}
_ADDED = {
    **{mark: {"mark": mark} for mark in MARKS[1:]},
    **{f"clutter {pieces}": {"clutter": pieces} for pieces in "36"},
    **{f"occlusion {share}": {"occlusion": share} for share in (0.2, 0.5)},
}
_GROUNDS = {
    f"{kind}\n{colour}": {"background": kind, "background_colour": colour}
    for shift in (0, 3)
    for kind, colour in zip(BACKGROUNDS, GROUND_COLOURS[shift:] + GROUND_COLOURS[:shift], strict=True)
}
_TWINS = {
    "elephant": ("category", "texture", "colour", "background", "view", "rotation", "mark"),
    "car": ("category", "texture", "colour", "background", "pose", "clutter", "rotation"),
}
_TINTS = np.array(
    [(0.93, 0.92, 0.9), (0.7, 0.7, 0.7), *(np.mean(OBJECT[COLOURS[5 * at % 12]], 0) for at in range(len(LABELS) - 2))]
)


class Strip(NamedTuple):
    """Pictures (n, 3, H, W) uint8 under a title, each with a text of as many `lines` below it."""

    title: str
    pixels: np.ndarray
    below: Sequence[str] = ()
    lines: int = 0


def strips(world: World) -> list[Strip]:
    """All of them, drawn from a few scenes of the world."""

    def strip(title: str, base: Mapping[str, Any], changes: Mapping[str, Mapping[str, Any]], lines: int = 1) -> Strip:
        drawn = _edited(world, 0, [{**base, **change} for change in changes.values()])
        return Strip(title, drawn.pixels, tuple(changes) if lines else (), lines)

    shapes = {name: {"category": name} for name in SIXTEEN}
    textures = {name: {"texture": name, "colour": COLOURS[at % len(COLOURS)]} for at, name in enumerate(TEXTURES)}
    colours = {name: {"colour": name} for name in COLOURS}
    return [
        strip("Silhouettes", {**PRESETS["silhouettes"], **_PLACED}, shapes, lines=0),
        strip("Textures", {**_ALONE, "category": "elephant"}, textures),
        strip("Colours and light", {**_ALONE, "category": "bird"}, {**colours, **_LIGHT}),
        strip("Backgrounds", {**_BEFORE, "category": "bear", "texture": "fur", "colour": "brown"}, _GROUNDS, lines=2),
        strip(
            "Marks, clutter, occlusion", {**_BEFORE, "category": "boat", "background": "water", "background_colour": "sky"}, _ADDED
        ),
        _twins(world),
        _masks(world),
    ]


def _twins(world: World) -> Strip:
    """Two scenes, each beside its twins under an intervention on one concept."""
    worlds, below = [], []
    for row, (category, concepts) in enumerate(_TWINS.items(), 1):
        scene = world.chosen([row % len(world)]).twins("category", category)
        twins = [scene.twins(concept) for concept in concepts]
        worlds += [scene, *twins]
        below += [
            f"one scene\n{category}",
            *(f"do({name})\n{_told(twin.facts[name][0])}" for name, twin in zip(concepts, twins, strict=True)),
        ]
    pixels = np.concatenate([one.draw().pixels for one in worlds])
    return Strip("Counterfactual twins: the same scene and noise, one concept changed", pixels, below, 2)


def _masks(world: World) -> Strip:
    scene = _edited(world, 3, [{"category": name} for name in ("airplane", "cat", "clock", "truck")], detail=True)
    maps = (_TINTS[scene.labels] * 255).astype(np.uint8).transpose(0, 3, 1, 2)
    pairs = np.stack([scene.pixels, maps], axis=1)
    return Strip("Exact masks of the object and its parts", pairs.reshape(-1, *maps.shape[1:]))


def _edited(world: World, row: int, changes: Sequence[Mapping[str, Any]], detail: bool = False) -> Scene:
    """One image of a world, drawn with each of several changes."""
    facts = world.facts.row(row % len(world), named=True)
    concepts = {name: np.array([{**facts, **change}[name] for change in changes]) for name in CONCEPTS}
    return draw(concepts, exogenous.image_keys(world.seed, np.repeat(facts["index"], len(changes))), world.size, detail)


def _told(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2g}"
