"""Reading weight files without running what may be hidden in them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from snellen.core import SnellenError

if TYPE_CHECKING:
    from torch import Tensor

PICKLES = (".pth", ".pt", ".bin", ".ckpt", ".tar")


def read(path: Path, trust: bool = False) -> dict[str, Tensor]:
    """The state dict in a .safetensors file, or in one that PyTorch saved, on the CPU.

    Pickles are read with `weights_only=True`, which builds tensors and nothing else; `trust` lifts that.

    Raises:
        SnellenError: there is no such file, it is of another kind, or it holds more than weights and is not trusted.
    """
    if not path.is_file():
        raise SnellenError(f"got the weights {path}; expected a file that exists: check the path after the @")
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(path)
        except SafetensorError as error:
            raise SnellenError(f"{path} is not a whole safetensors file ({error}): save it again") from error
    if path.suffix not in PICKLES:
        raise SnellenError(
            f"got the weights {path}; expected .safetensors or one of {', '.join(PICKLES)}: save the state dict as one of these"
        )
    return _state(_unpickled(path, trust), path)


def _unpickled(path: Path, trust: bool) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=not trust)
    except pickle.UnpicklingError as error:
        if trust:
            raise SnellenError(f"{path} is not a whole file of weights: save it again") from error
        raise SnellenError(
            f"{path} is a pickle that holds more than weights, and loading it could run any code: save its state dict as "
            ".safetensors (safetensors.torch.save_file), or pass trust=True (--trust) if you trust whoever made it"
        ) from error
    except (RuntimeError, EOFError, ValueError, OSError) as error:
        raise SnellenError(f"{path} is not a whole file of weights: save it again ({error})") from error


def _state(content: Any, path: Path) -> dict[str, Tensor]:
    """The state dict itself, where a training script wrapped it; the prefix of a data-parallel wrapper is dropped."""
    for key in ("state_dict", "model_state_dict", "model", "model_ema"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if isinstance(content, torch.nn.Module):
        content = content.state_dict()
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise SnellenError(f"{path} holds {type(content).__name__}; expected a state dict of tensors: save model.state_dict()")
    return {str(key).removeprefix("module."): value for key, value in content.items()}


def fill(network: torch.nn.Module, state: dict[str, Tensor], source: object) -> None:
    """Load a state dict whole.

    Raises:
        SnellenError: names or shapes do not match.
    """
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise SnellenError(
            f"the weights in {source} do not fit {type(network).__name__}; expected those of the same architecture ({reason})"
        ) from error


def read_array_pickle(path: Path) -> Any:
    """A pickle of containers and NumPy arrays; whatever else it names is refused before it is called.

    Raises:
        SnellenError: the pickle names anything that is no part of an array.
    """
    with path.open("rb") as file:
        return _ArraysOnly(file).load()


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        match module.replace("numpy.core", "numpy._core"), name:
            case "numpy", "ndarray":
                return np.ndarray
            case "numpy", "dtype":
                return np.dtype
            case "numpy._core.multiarray", "_reconstruct":
                return np.zeros(0).__reduce__()[0]  # the public way to NumPy's own function
        raise SnellenError(f"a pickle of weights names {module}.{name}; expected NumPy arrays only: do not load this file")
