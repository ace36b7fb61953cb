"""`snellen list` and `snellen show`: what there is, read without importing it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal


def list_(what: Literal["models", "images", "probes", "methods"] | None = None, /) -> int:
    """List models, images, probes or methods; all of them unless one is named.

    Example: `snellen list probes`
    """
    from snellen.cli.console import console

    screen = console()
    for kind in [what] if what else ["models", "images", "probes", "methods"]:
        screen.print(f"[bold]{kind}[/bold]")
        for name, text in _rows(kind):
            screen.print(f"  {name:<28} {text}", markup=False, highlight=False, soft_wrap=True)
    return 0


def show(name: str, /) -> int:
    """Show one probe, model or method: what it asks, its settings, its sources.

    Example: `snellen show shape-bias`
    """
    from snellen import models, probes
    from snellen.cli.console import console
    from snellen.core import SnellenError

    screen = console()
    if ":" in name or name.endswith(".onnx"):
        model = models.load(name)
        screen.print(f"{model.name}\n  id: {model.id}\n  preprocessing: {model.preprocessing.describe()}", markup=False)
        screen.print(
            f"  classes: {len(model.labels) if model.labels else 'as many as it returns'}; abilities: "
            f"{', '.join(sorted(model.abilities)) or 'answers only'}",
            markup=False,
        )
        for key, value in model.facts.items():
            screen.print(f"  {key}: {value}", markup=False)
        return 0
    found = dict(_rows("methods")).get(name)
    if found is not None and name.replace("_", "-") not in probes.names():
        screen.print(f"{name}: {found}", markup=False)
        return 0
    try:
        kind = probes.get(name)
    except SnellenError as error:
        raise SnellenError(f"{error}. `snellen list` shows models, images and methods too") from error
    probe = kind()
    screen.print(f"{kind.name()}: {kind.question}\n\n{kind.about}\n", markup=False)
    for field, value in probe.settings().items():
        screen.print(f"  --set {kind.name()}.{field}={value}", markup=False)
    screen.print(f"\n{(kind.__doc__ or '').strip()}\n\nSources: {', '.join(kind.cites)}", markup=False)
    return 0


def _rows(kind: str) -> Iterable[tuple[str, str]]:
    if kind == "models":
        from snellen.models import sources
        from snellen.models.zoo import ENTRIES

        zoo = [(f"zoo:{name}", f"{entry.about} ({entry.package}, {entry.licence})") for name, entry in ENTRIES.items()]
        return [*zoo, *((form, f"{text} For example {example or form}") for form, text, example in sources())]
    if kind == "images":
        from snellen.images import sources

        return sources().items()
    if kind == "probes":
        from snellen.probes import summaries

        return summaries().items()
    from snellen.methods import summaries as methods

    return methods().items()
