"""What methods that are data share: fields that are settings, and a name."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import ClassVar

from snellen.core import SnellenError


@dataclass(frozen=True)
class Method:
    """Abstract: an attack or an explanation; the fields are its settings."""

    black_box: ClassVar[bool] = False
    """Whether answers are enough; else gradients are needed."""
    version: ClassVar[int] = 1
    """Rises when the same settings and keys would give other results."""

    def __post_init__(self) -> None:
        """Settings are numbers: NaN passes most comparisons, and what comes of it looks like a result.

        Raises:
            SnellenError: one is NaN or infinite.
        """
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if isinstance(value, float) and not math.isfinite(value):
                raise SnellenError(f"got {name} {value} for {self.name}; expected a finite number")

    @property
    def name(self) -> str:
        """The registry name: the file's name with hyphens."""
        return type(self).__module__.rpartition(".")[2].replace("_", "-")
