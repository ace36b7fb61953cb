"""The five published severities of a corruption."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def severities(first: T, second: T, third: T, fourth: T, fifth: T) -> dict[str, T]:
    """The levels "1" to "5", weakest first (hendrycks-2019)."""
    return {"1": first, "2": second, "3": third, "4": fourth, "5": fifth}
