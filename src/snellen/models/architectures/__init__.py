"""Networks written from their papers, for weights that ship inside packages, and small ones to be trained here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from snellen.core import SnellenError
from snellen.nearest import did_you_mean

if TYPE_CHECKING:
    from torch import nn

LARGEST = 4096
"""Of any argument."""


@dataclass(frozen=True)
class Trainable:
    """A class in the file of the same name, which takes `classes` and `width`; `width` here is the one to use for small images."""

    kind: str
    width: int
    about: str


ARCHITECTURES: Mapping[str, Trainable] = {
    "small": Trainable("Small", 16, "a convolutional network that knows what is where"),
    "bag": Trainable("Bag", 48, "a bag of local features: evidence from 9x9 pixels, averaged over the image"),
    "residual": Trainable("Residual", 24, "a residual network for images of 32x32 pixels"),
}
"""Those that can be trained."""


def make(name: str, arguments: Mapping[str, int]) -> nn.Module:
    """A network with random weights; `arguments` are those of its class, such as classes=16.

    Raises:
        SnellenError: there is no such architecture, or it does not take these arguments.
    """
    if name not in ARCHITECTURES:
        hint = did_you_mean(name, ARCHITECTURES)
        raise SnellenError(f"got the architecture {name!r}; expected one of {', '.join(ARCHITECTURES)}.{hint}")
    if not set(arguments) <= {"classes", "width"} or not all(type(v) is int and 1 < v <= LARGEST for v in arguments.values()):
        raise SnellenError(
            f"got {dict(arguments)} for the architecture {name}; expected classes and width, whole numbers from 2 to {LARGEST}"
        )
    return getattr(import_module(f"snellen.models.architectures.{name}"), ARCHITECTURES[name].kind)(**arguments)
