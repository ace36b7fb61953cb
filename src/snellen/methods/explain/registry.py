"""The methods of explanation by name: every file of this folder that holds one, and files of one's own."""

from __future__ import annotations

from snellen.methods.catalogue import Catalogue, code
from snellen.methods.explain.explanation import Explainer

_INSTEAD = "use integrated-gradients, which says how much is missing from its sum"
_LRP = (
    "its relevances sum to the logit only under rules written for the architecture, and not across skip additions, batch "
    f"normalisation, attention or modules used twice that no rule was written for; {_INSTEAD}"
)
_DEEPLIFT = (
    "its contributions sum to the change of the logit only where every non-linearity is a module used once with a rule of its own, "
    f"and not across functions, attention or modules used twice; {_INSTEAD}"
)
EXPLAINERS = Catalogue(
    Explainer,
    "explainer",
    frozenset({"Explainer", "BlackBox", "Scored", "Superpixels", "Layered", "Backwards", "Noisy"}),
    short={"ig": "integrated-gradients", "guided-backprop": "guided-backpropagation", "deconvnet": "deconvolution"},
    refused={"lrp": _LRP, "layer-wise-relevance-propagation": _LRP, "deeplift": _DEEPLIFT},
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
