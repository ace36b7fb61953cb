"""The methods of explanation by name: every file of this folder that holds one, and files of one's own."""

from __future__ import annotations

from snellen.methods.catalogue import Catalogue, code
from snellen.methods.explain.explanation import Explainer

EXPLAINERS = Catalogue(
    Explainer,
    "explainer",
    frozenset({"Explainer", "BlackBox", "Scored", "Superpixels", "Layered", "Backwards", "Noisy"}),
    short={"ig": "integrated-gradients", "guided-backprop": "guided-backpropagation", "deconvnet": "deconvolution"},
)


def names() -> tuple[str, ...]:
    """Every built-in method, in alphabetical order."""
    return EXPLAINERS.names()


def summaries() -> dict[str, str]:
    """Name → what it does, in one line, read without importing."""
    return EXPLAINERS.summaries()


def make(text: str) -> Explainer:
    """A method from `grad-cam`, `occlusion:patch=16,stride=8`, `./mine.py` or `plugin:name`.

    Raises:
        SnellenError: there is none of that name or no such setting.
    """
    kind, values = EXPLAINERS.parse(text)
    return kind(**values)


def identity(method: Explainer) -> str:
    """What a store knows a method by: its class, its version and its settings; of one's own file, also its code."""
    kind = type(method)
    return f"{method!r} version {kind.version} {code(kind)}".rstrip()
