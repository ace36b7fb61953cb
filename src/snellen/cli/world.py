"""`snellen show world`: its concepts, or a contact sheet of its images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snellen.images.world.mechanisms import Mechanism

IMAGES, SIZE = 480, 96
"""Of a contact sheet, unless the world says otherwise."""


def show_world(source: str, sheet: Path | None, size: int | None, seed: int | None) -> None:
    """Print the concepts of a world, or write its contact sheet.

    Raises:
        SnellenError: the line names no world, or the picture cannot be written.
    """
    from snellen.core import SnellenError
    from snellen.images.world.open import open_world, parse

    options = {"images": IMAGES, "size": SIZE, **parse(source)}
    options |= {name: value for name, value in (("size", size), ("seed", seed)) if value is not None}
    if sheet is None:
        if (size, seed) != (None, None):
            raise SnellenError("got --size or --seed without --sheet; expected a picture to draw: add --sheet world.png")
        _print(source, dict(options["mechanisms"]))
        return
    from PIL import Image

    from snellen.images.world.sheet import sheet as drawn

    if sheet.suffix.lower() not in Image.registered_extensions():
        raise SnellenError(f"got --sheet {sheet}; expected the name of a picture, such as {sheet.with_suffix('.png')}")
    try:
        drawn(open_world(**options)).save(sheet)
    except OSError as error:
        raise SnellenError(f"got --sheet {sheet}; expected a file that can be written, and it cannot: {error}") from error
    print(f"Contact sheet: {sheet}")


def _print(source: str, given: dict[str, object]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from snellen.cli.console import console
    from snellen.images.world.mechanisms import mechanisms
    from snellen.images.world.open import PRESETS

    screen = console()
    table = Table("concept", "drawn", "may be", "depends on", title=escape(source))
    for mechanism in mechanisms(given).values():
        table.add_row(mechanism.concept.name, *_told(mechanism))
    screen.print(table)
    for name, preset in PRESETS.items():
        changes = ", ".join(concept for concept in preset)
        screen.print(f"world:{name} sets {changes}", markup=False, highlight=False)
    screen.print("A picture of it: snellen show world --sheet world.png", markup=False, highlight=False)


def _told(mechanism: Mechanism) -> tuple[str, str, str]:
    """How a concept is drawn on its own, what it may be set to, and what it depends on how much."""
    from snellen.images.world.concepts import Continuous

    concept, base = mechanism.concept, mechanism.base
    how = f" ({mechanism.strength:.0%})" if mechanism.strength else " (table)" if mechanism.table else ""
    causes = ", ".join(mechanism.parents) + how
    if isinstance(concept, Continuous):
        low, high = base
        drawn = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        return drawn, f"{concept.least:g} to {concept.most:g}{f', {concept.unit}' if concept.unit else ''}", causes
    shares = {value: share for value, share in base.items() if share}
    even = len(set(shares.values())) == 1
    drawn = ", ".join(value if even else f"{value} {share:.3g}" for value, share in shares.items())
    return (f"any of {len(shares)}" if even and len(shares) > 1 else drawn), ", ".join(concept.values), causes
