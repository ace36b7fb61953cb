"""How the places of a layer lie over an image: maps with channels first or last, or tokens, some of which stand for no place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

from snellen.arrays import namespace
from snellen.core import Array

_LEADING = 16
"""Tokens at most that stand for no place: of the class, of distillation, registers."""


@final
@dataclass(frozen=True)
class Grid:
    """Rows and columns of places, and how a layer's output holds them; `leading` tokens come before those of the places."""

    height: int
    width: int
    holds: Literal["maps", "maps, channels last", "tokens"]
    leading: int = 0

    @property
    def cells(self) -> int:
        """How many places there are."""
        return self.height * self.width

    def __str__(self) -> str:
        what = f"tokens after {self.leading}" if self.leading else self.holds
        return f"{self.height} x {self.width} {what}"


def grid(shape: tuple[int, ...], height: int, width: int) -> Grid | None:
    """The grid in an output (N, C, h, w), (N, h, w, C) or (N, T, D) for images of this size; None where it holds none."""
    if len(shape) == 4:
        if _fits(shape[2], shape[3], height, width):
            return Grid(shape[2], shape[3], "maps")
        if _fits(shape[1], shape[2], height, width):
            return Grid(shape[1], shape[2], "maps, channels last")
    if len(shape) == 3:
        for leading in range(min(_LEADING, shape[1])):
            for rows in _divisors(shape[1] - leading):
                if _fits(rows, (shape[1] - leading) // rows, height, width):
                    return Grid(rows, (shape[1] - leading) // rows, "tokens", leading)
    return None


def places(output: Array, shape: Grid) -> Array:
    """A layer's output, as maps (N, C, h, w); tokens that stand for no place are left out."""
    xp = namespace(output)
    if shape.holds == "maps":
        return output
    if shape.holds == "tokens":
        output = xp.reshape(output[:, shape.leading :], (output.shape[0], shape.height, shape.width, output.shape[2]))
    return xp.permute_dims(output, (0, 3, 1, 2))


def _fits(rows: int, columns: int, height: int, width: int) -> bool:
    """Whether such a grid could lie over the image: more than one place, and cells that are squares but for what borders take."""
    if not (1 <= rows <= height and 1 <= columns <= width and rows * columns > 1):
        return False
    return abs(rows * width - columns * height) < max(height, width)


def _divisors(count: int) -> list[int]:
    return [rows for rows in range(1, count + 1) if count % rows == 0]
