"""Which units are meant: texts such as `features.5:0-7`, classes by name, and what layers there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from snellen.core import Labels, Model, SnellenError
from snellen.errors import blaming
from snellen.methods.visualize._maps import check_torch, maps_of
from snellen.nearest import did_you_mean
from snellen.run.classes import class_index

CLASSES = 8
"""Classes that are shown where neither units nor classes are asked for, evenly spaced in the list."""
_NUMBERS = re.compile(r"\d+(-\d+)?(,\d+(-\d+)?)*")


@final
@dataclass(frozen=True)
class Layer:
    """What a layer gives for one image: the shape as the network has it, rows and columns of places, and channels."""

    name: str
    shape: tuple[int, ...]
    grid: tuple[int, int]
    units: int


@final
@dataclass(frozen=True)
class Target:
    """A channel of a layer, or where `layer` is None a class; `name` is what a reader sees."""

    layer: str | None
    unit: int
    name: str


def find_layer(model: Model, name: str, size: tuple[int, int]) -> Layer:
    """What a layer gives for images of this size.

    Raises:
        SnellenError: there is no such layer, no pass comes by it, or what it gives has neither places nor channels.
        Unsupported: the model is no PyTorch network.
    """
    check_torch(model)
    height, width = size
    grey = model.asarray(np.full((1, 3, height, width), 0.5, np.float32))
    with blaming(model.name, tuple(grey.shape)):
        output = model.activations(grey, name)
    maps = maps_of(output, height, width, name)
    return Layer(name, tuple(output.shape[1:]), (maps.shape[2], maps.shape[3]), maps.shape[1])


def find_layers(model: Model, size: tuple[int, int], advance: Callable[[int], None] = lambda n: None) -> list[Layer]:
    """All layers whose channels can be visualised, in the network's order; `advance` is told of layers.

    Raises:
        Unsupported: the model shows no layers.
    """
    check_torch(model)
    found = []
    for name in model.layers():
        try:
            found.append(find_layer(model, name, size))
        except SnellenError:
            continue  # no pass comes by it, or it gives no maps: not a layer of units
        finally:
            advance(1)
    return found


def read_units(texts: Sequence[str], model: Model, size: tuple[int, int]) -> list[Target]:
    """`layer:channel`, `layer:first-last` or `layer:3,7,10-12` → the channels named, in order, each once.

    Raises:
        SnellenError: a text of another form, no such layer, or a channel that it does not have.
        Unsupported: the model is no PyTorch network.
    """
    found: dict[Target, None] = {}
    for text in texts:
        name, colon, numbers = text.rpartition(":")
        if not (colon and name and _NUMBERS.fullmatch(numbers)):
            near = did_you_mean(name or text, known) if (known := _layers(model)) and text not in known else ""
            raise SnellenError(
                f"got the unit {text!r}; expected LAYER:CHANNEL, LAYER:FIRST-LAST or LAYER:3,7,10-12.{near} "
                "`snellen visualize MODEL --layers` lists the layers"
            )
        layer = find_layer(model, name, size)
        for channel in _channels(numbers):
            if channel >= layer.units:
                raise SnellenError(f"got the unit {text!r}; expected channels from 0 to {layer.units - 1}, which {name} has")
            found[Target(name, channel, f"{name}:{channel}")] = None
    return list(found)


def read_classes(wanted: Sequence[str | int], classes: Labels) -> list[Target]:
    """Classes by name, key or number, each once.

    Raises:
        SnellenError: there is no such class.
    """
    places = dict.fromkeys(class_index(one, classes) for one in wanted)
    return [Target(None, place, classes.names[place]) for place in places]


def some_classes(classes: Labels) -> list[Target]:
    """A few classes from all over the list."""
    places = np.unique(np.linspace(0, len(classes) - 1, CLASSES).round().astype(int)).tolist()
    return [Target(None, place, classes.names[place]) for place in places]


def _layers(model: Model) -> tuple[str, ...]:
    return model.layers() if "layers" in model.abilities else ()


def _channels(numbers: str) -> list[int]:
    out: list[int] = []
    for part in numbers.split(","):
        first, _, last = part.partition("-")
        if int(last or first) - int(first) > 99_999:
            raise SnellenError(f"got the channels {part}; expected fewer")
        out += range(int(first), int(last or first) + 1)
    return out
