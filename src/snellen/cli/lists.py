"""`snellen list` and `snellen show`: what there is, read without importing it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from snellen.core import Model
    from snellen.methods.perturb.registry import Perturbation


def list_(what: Literal["models", "images", "probes", "perturbations", "attacks", "explainers", "methods"] | None = None, /) -> int:
    """List models, images, probes, perturbations, attacks, explainers or methods; all of them unless one is named.

    Example: `snellen list probes`
    """
    from snellen.cli.console import console

    screen = console()
    for kind in [what] if what else ["models", "images", "probes", "perturbations", "attacks", "explainers", "methods"]:
        screen.print(f"[bold]{kind}[/bold]")
        for name, text in _rows(kind):
            screen.print(f"  {name:<30} {text}", markup=False, highlight=False, soft_wrap=True)
    return 0


def show(name: str, /, *, sheet: Path | None = None, size: int | None = None, seed: int | None = None) -> int:
    """Show one probe, perturbation, model, method or world: what it asks, its levels, its settings, its sources.

    - A question: `snellen show shape-bias`
    - A perturbation: `snellen show fog`
    - A patient's card: `snellen show patient:texture-biased`
    - The concepts of a world: `snellen show world`
    - A world's contact sheet: `snellen show "world:texture|category=1" --sheet sheet.png`

    Parameters:
        name: as in `snellen list`.
        sheet: of a world: write a contact sheet to this picture file.
        size: of a contact sheet: side of each image in pixels, 16 to 512. Default: 96.
        seed: of a contact sheet: of the world. Default: the world's own.
    """
    from snellen import models, probes
    from snellen.cli.console import console
    from snellen.core import SnellenError

    if name.partition(":")[0] == "world":
        from snellen.cli.world import show_world

        show_world(name, sheet, size, seed)
        return 0
    if (sheet, size, seed) != (None, None, None):
        raise SnellenError(
            f"got {name} with options of a contact sheet; expected them with a world only: snellen show world --sheet sheet.png"
        )
    screen = console()
    if ":" in name or name.endswith((".onnx", ".safetensors")):
        _card(models.load(name))
        return 0
    found = dict(_rows("methods")).get(name)
    if found is not None and name.replace("_", "-") not in probes.names():
        screen.print(f"{name}: {found}", markup=False)
        return 0
    if name.replace("_", "-") not in probes.names() and (perturbation := _perturbation(name)) is not None:
        _levels(perturbation)
        return 0
    try:
        kind = probes.get(name)
    except SnellenError as error:
        raise SnellenError(f"{error}. `snellen list` shows models, images, perturbations and methods too") from error
    probe = kind()
    screen.print(f"{kind.name()}: {kind.question}\n\n{kind.about}\n", markup=False)
    for field, value in probe.settings().items():
        screen.print(f"  --set {kind.name()}.{field}={value}", markup=False)
    screen.print(f"\n{(kind.__doc__ or '').strip()}\n\nSources: {', '.join(kind.cites)}", markup=False)
    return 0


def _perturbation(name: str) -> Perturbation | None:
    """The perturbation that a name means, where it means one."""
    from snellen.methods.perturb import registry

    plain = name.replace("_", "-")
    known = any(plain in (full, full.partition("/")[2]) for full in registry.names())
    return registry.get(name) if known or (name.endswith(".py") and _holds_levels(Path(name))) else None


def _holds_levels(path: Path) -> bool:
    return path.is_file() and "LEVELS" in path.read_text("utf-8", errors="replace")


def _levels(perturbation: Perturbation) -> None:
    """A perturbation with its levels and what they amount to."""
    from rich.table import Table
    from rich.text import Text

    from snellen.cli.console import console

    sides = {"": perturbation.levels, **{f"at {side} px": levels for side, levels in perturbation.small.items()}}
    table = Table("level", *(f"amount {side}".strip() for side in sides))
    for level in perturbation.levels:
        table.add_row(Text(level), *(Text(_amount(levels.get(level, "–"))) for levels in sides.values()))
    screen = console()
    screen.print(f"{perturbation.name}: {perturbation.summary}\n", markup=False, highlight=False, soft_wrap=True)
    screen.print(table)
    chance = "random, by seed and image" if perturbation.random else "not random"
    told = f"\nSource: {perturbation.source or 'none given'}; version {perturbation.version}; {chance}"
    screen.print(told, markup=False, highlight=False)
    screen.print(f"A picture of it: snellen perturb {perturbation.name} photos:all --limit 4", markup=False, highlight=False)


def _amount(amount: object) -> str:
    return f"{amount:.4g}" if isinstance(amount, float) else str(amount)


def _card(model: Model) -> None:
    """A model with its facts, long ones wrapped below themselves."""
    from rich.table import Table
    from rich.text import Text

    from snellen.cli.console import console

    classes = f"{len(model.labels)} ({model.labels.name})" if model.labels else "as many as it returns"
    facts = {
        **model.facts,
        "classes": classes,
        "abilities": ", ".join(sorted(model.abilities)) or "answers only",
        "preprocessing": model.preprocessing.describe(),
        "id": model.id,
    }
    grid = Table.grid(padding=(0, 2))
    for key, value in facts.items():
        grid.add_row(Text(f"  {key}"), Text(value))
    screen = console()
    screen.print(model.name, markup=False)
    screen.print(grid)


def _rows(kind: str) -> Iterable[tuple[str, str]]:
    if kind == "models":
        from snellen.models import sources
        from snellen.models.patients import PATIENTS, PREFIX
        from snellen.models.zoo import ENTRIES

        zoo = [(f"zoo:{name}", f"{entry.about} ({entry.package}, {entry.licence})") for name, entry in ENTRIES.items()]
        patients = [(f"{PREFIX}{name}", recipe.planted) for name, recipe in PATIENTS.items()]
        return [*zoo, *patients, *((form, f"{text} For example {example or form}") for form, text, example in sources())]
    if kind == "images":
        from snellen.images import sources

        presets = "A world by name: world:silhouettes, black on white; world:studio, objects alone; world:hard, half hidden."
        return [*sources().items(), ("world:PRESET", presets)]
    if kind == "probes":
        from snellen.probes import summaries

        return summaries().items()
    if kind == "perturbations":
        from snellen.methods.perturb import registry

        return registry.summaries().items()
    if kind == "attacks":
        from snellen.methods.attack import registry as attacks

        return attacks.summaries().items()
    if kind == "explainers":
        from snellen.methods.explain import registry as explainers

        return explainers.summaries().items()
    from snellen.methods import summaries as methods

    return methods().items()
