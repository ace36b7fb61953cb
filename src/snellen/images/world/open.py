"""Opening a world, from arguments or from a line such as `world:silhouettes,images=320,texture|category=0.9`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from snellen.core import SnellenError
from snellen.images.sample import stratified
from snellen.images.world.values import whole
from snellen.images.world.world import LAST, World
from snellen.images.world.world import sample as draw_facts
from snellen.labels import printable
from snellen.nearest import did_you_mean

PREFIX = "world"
IMAGES, SIZE = 512, 64
SMALLEST, LARGEST, MOST = 16, 512, 1_000_000  # pixels, pixels, images
LONGEST = 10_000
"""Characters of a line that names a world; larger tables are given in Python."""
_QUIET = {"clutter": "0", "occlusion": 0.0, "mark": "none", "lighting": 0.0, "exposure": 1.0}
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "silhouettes": {
        **_QUIET,
        "texture": "plain",
        "texture_contrast": 0.0,
        "colour": "ink",
        "background": "plain",
        "background_colour": "white",
    },
    "studio": {**_QUIET, "background": "plain", "background_colour": "white", "x": 0.0, "y": 0.0, "rotation": 0.0},
    "hard": {
        "scale": (0.4, 0.7),
        "x": (-0.3, 0.3),
        "y": (-0.3, 0.3),
        "occlusion": (0.1, 0.4),
        "clutter": {"2": 0.25, "3": 0.25, "4": 0.25, "5": 0.25},
        "lighting": (0.2, 0.8),
        "exposure": (0.5, 1.3),
    },
}
"""Mechanisms under a name: black on white; the object alone before white; small, dim, half hidden objects."""
_INTEGERS = ("images", "size", "seed", "start")


def open_world(
    mechanisms: Mapping[str, Any] | str | None = None,
    *,
    images: int = IMAGES,
    size: int = SIZE,
    seed: int = 0,
    start: int = 0,
    name: str | None = None,
    sample: int | None = None,
) -> World:
    """Images drawn from the causal model.

    >>> world = open_world({"texture | category": 0.9}, images=320, seed=3)

    Args:
        mechanisms: what differs from the default, in which no concept depends on another: "concept" → a value, (low, high) or
            {value: share}; "concept | cause" → a share of images in which it goes with its cause, or a table
            {value of the cause: any of these}. Or the name of one of `PRESETS`.
        images: how many.
        size: side of the images, pixels, 16 to 512.
        seed: of all noise. An image depends on (seed, its index, its mechanisms) alone.
        start: index of the first image.
        name: shown in reports; "world" unless given.
        sample: keep so many of the images, with categories as equal as possible.

    Raises:
        SnellenError: something in it cannot be; the message says what could.
    """
    given = _given(mechanisms)
    count = whole("images", images, 1, MOST)
    first = whole("start", start, 0, LAST + 1 - count)
    side, noise = whole("size", size, SMALLEST, LARGEST), whole("seed", seed, 0, 2**63 - 1)
    facts = draw_facts(given, noise, np.arange(first, first + count))
    told = {"concepts": "; ".join(f"{key} = {value}" for key, value in given.items())} if given else {}
    origin = {"drawn by": "snellen.images.world", "seed": str(noise), "indices": f"{first} to {first + count - 1}", **told}
    world = World.of(facts, side, noise, given, printable(str(name or PREFIX)), origin)
    if sample is None:
        return world
    return world.chosen(stratified(world.facts["category"].to_list(), whole("sample", sample, 1, MOST), noise))


def parse(source: str) -> dict[str, Any]:
    """The arguments of `open_world` in a line: `world`, or `world:` and presets, `key=value`, `concept|cause=value`, with commas.

    A value is a text, a number, a range `low..high`, or JSON.

    Raises:
        SnellenError: an item has another form, or the line is too long.
    """
    if len(source) > LONGEST:
        raise SnellenError(
            f"got a world named by {len(source):,} characters; expected at most {LONGEST:,}: give large tables in Python"
        )
    rest = source.removeprefix(PREFIX).removeprefix(":")
    arguments: dict[str, Any] = {}
    given: dict[str, Any] = {}
    differing: list[str] = []
    for item in _items(rest):
        key, equals, text = (part.strip() for part in item.partition("="))
        differing += [] if key in (*_INTEGERS, "name") else [item]
        if not equals:
            given |= _preset(key)
        elif key in _INTEGERS:
            arguments[key] = whole(key, text, 0, 2**63 - 1)
        elif key == "name":
            arguments[key] = text
        else:
            given[key] = _value(text)
    named = {"name": f"{PREFIX}:{','.join(differing)}"} if differing else {}
    return {"mechanisms": given, **named, **arguments}


def _items(text: str) -> Iterator[str]:
    """The parts between commas that stand outside brackets."""
    depth, start = 0, 0
    for place, letter in enumerate(text + ","):
        depth += (letter in "{[(") - (letter in "}])")
        if letter == "," and depth <= 0:
            if text[start:place].strip():
                yield text[start:place].strip()
            start = place + 1
    if text[start:].strip():
        raise SnellenError(f"got {text[start:]!r}; expected as many closing brackets as opening ones")


def _value(text: str) -> Any:
    low, dots, high = text.partition("..")
    if dots:
        return (low, high)
    if text[:1] in "{[":
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SnellenError(f'got {text}; expected JSON such as {{"bear": {{"tube": 0.9, "none": 0.1}}}} ({error})') from error
    return text


def _given(mechanisms: Any) -> dict[str, Any]:
    if isinstance(mechanisms, str):
        return _preset(mechanisms)
    if not isinstance(mechanisms, Mapping | None):
        raise SnellenError(f"got mechanisms = {mechanisms!r}; expected {{concept: value}}, or one of {', '.join(PRESETS)}")
    return dict(mechanisms or {})


def _preset(name: str) -> dict[str, Any]:
    if name not in PRESETS:
        hint = did_you_mean(name, PRESETS)
        raise SnellenError(f"got the world {name!r}; expected one of {', '.join(PRESETS)}, or key=value.{hint}")
    return dict(PRESETS[name])
