"""What a user may say about a model beyond its name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snellen.core import SnellenError

if TYPE_CHECKING:
    from snellen.core import Labels, Preprocessing


@dataclass(frozen=True)
class Options:
    """None leaves a choice to the source: a checkpoint usually knows its own labels and preprocessing.

    `device` is "auto" or what the framework calls a device; `trust` allows pickles and code that comes with weights; `id`
    stands in for the fingerprint of a function whose answers cannot be told from its code.
    """

    name: str | None = None
    labels: Labels | None = None
    preprocessing: Preprocessing | None = None
    device: str = "auto"
    trust: bool = False
    id: str | None = None


def need(module: str, extra: str) -> Any:
    """An optional package's module.

    Raises:
        SnellenError: it is not installed, or its installation is broken.
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ImportError as error:
        raise SnellenError(
            f"got a model that needs the package {package}, which cannot be imported ({error}); run pip install 'snellen[{extra}]'"
        ) from error
    except RuntimeError as error:  # how torchvision fails beside a PyTorch it was not built for
        raise SnellenError(
            f"{package} is installed but fails to import ({error}); install the build that goes with PyTorch"
        ) from error


def at_file(text: str) -> tuple[str, Path | None]:
    """`NAME@weights.safetensors` → the name and the file; what follows an @ and is no file of weights stays in the name."""
    name, at, file = text.rpartition("@")
    return (name, Path(file)) if at and Path(file).suffix else (text, None)
