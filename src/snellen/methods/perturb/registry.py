"""The perturbations by name: every file of the sub-folders that has LEVELS, and files of one's own."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias, final

import numpy as np

from snellen import extensions
from snellen.arrays import like, to_numpy
from snellen.core import Array, Condition, SnellenError
from snellen.nearest import did_you_mean

if TYPE_CHECKING:
    from torch import Tensor

    Change: TypeAlias = Callable[[Tensor, Any, Sequence[int]], Tensor]

HOME = Path(__file__).parent
_NUMPY_TYPES = (np.uint8, np.float16, np.float32, np.float64)
_TYPES = ("torch.uint8", "torch.float16", "torch.bfloat16", "torch.float32", "torch.float64")
SIDES = (32, 64)
"""Sides of small images for which some perturbations have levels of their own, as published."""


@final
@dataclass(frozen=True)
class Perturbation:
    """One way to change images, at its levels; `change(images, amount, keys)` is the function of its file.

    Attributes:
        name: family/name, such as corruptions/fog.
        summary: what it does, in one line.
        source: citation key, or "" for one's own.
        levels: text → amount, weakest first, for images of about 224 pixels.
        small: side → levels published for images that small.
        change: float32 (N, 3, H, W) in [0, 1], an amount and N integers that seed whatever is random → the same shape.
        random: whether keys matter.
        version: rises when the same (image, level, key) would give other pixels.
        code: the hash of a file of one's own; empty for built-in ones.
        change_8bit: the same for uint8 → uint8 on the CPU, pixel by pixel what `change` would give: a quicker way, if there is one.
    """

    name: str
    summary: str
    source: str
    levels: Mapping[str, Any]
    small: Mapping[int, Mapping[str, Any]]
    change: Change = field(repr=False)
    random: bool = True
    version: int = 1
    code: str = ""
    change_8bit: Change | None = field(default=None, repr=False)

    def amount(self, level: str, side: int) -> Any:
        """What `level` means for images of this shorter side: the levels published for the nearest side, in ratio.

        Raises:
            SnellenError: there is no such level.
        """
        if level not in self.levels:
            hint = did_you_mean(level, self.levels)
            raise SnellenError(f"got level {level!r} of {self.name}; expected one of {', '.join(self.levels)}.{hint}")
        nearest = min((*self.small, 224), key=lambda published: abs(np.log(published / side)))
        return self.small.get(nearest, self.levels)[level]

    def __call__(self, images: Array, level: str, keys: Sequence[int]) -> Array:
        """Images of any framework, float in [0, 1] or uint8, (N, 3, H, W), as they are at `level`, in the type they came in.

        `keys` are N integers that seed whatever is random, one an image: the same key gives the same, in any batch. What is
        returned as uint8 is truncated, not rounded, as the published image files are.

        Raises:
            SnellenError: there is no such level, or the images are not what is expected.
        """
        return self._finished(_clipped, images, level, keys)

    def _finished(self, finish: Callable[[Tensor], Tensor], images: Array, level: str, keys: Sequence[int]) -> Array:
        """What `finish` makes of the changed images if these are floats; it must not write to them."""
        import torch

        if not isinstance(images, torch.Tensor):
            changed = self._finished(finish, torch.from_numpy(_known(images)), level, keys).numpy()
            return changed if isinstance(images, np.ndarray) else like(changed, images)
        _check(images.detach())
        seeds = _seeds(keys, len(images))
        with torch.no_grad():
            if images.dtype != torch.uint8:
                return finish(self._changed(self.change, images.float(), level, seeds)).to(images.dtype)
            if self.change_8bit is not None and images.device.type == "cpu":
                return self._changed(self.change_8bit, images, level, seeds)
            return _truncated(self._changed(self.change, images.float().div_(255), level, seeds))

    def _changed(self, change: Change, pixels: Tensor, level: str, keys: Sequence[int]) -> Tensor:
        """What the file's function returns, once it is known to be images; mistakes in a file of one's own become sentences."""
        import torch

        amount = self.amount(level, min(pixels.shape[2:]))
        try:
            changed = change(pixels, amount, keys)
        except SnellenError:
            raise
        except Exception as error:
            if not self.code:
                raise
            raise SnellenError(f"{self.name} failed at level {level}: {type(error).__name__}: {error}") from error
        if not isinstance(changed, torch.Tensor) or changed.shape != pixels.shape:
            got = f"a tensor of shape {tuple(changed.shape)}" if isinstance(changed, torch.Tensor) else type(changed).__name__
            raise SnellenError(f"{self.name} returned {got}; expected a tensor of the shape it was given, {tuple(pixels.shape)}")
        if change is self.change_8bit and changed.dtype != torch.uint8:
            raise SnellenError(f"{self.name} returned {changed.dtype} for 8-bit images; expected torch.uint8")
        if self.code and bool(changed.amin().isnan()):
            raise SnellenError(f"{self.name} returned values that are not numbers at level {level}; expected values in [0, 1]")
        return changed

    def condition(self, level: str, after: Callable[[Array], Array] | None = None, recipe: str = "") -> Condition:
        """A condition to show a model: 8-bit values, then `after`, such as a JPEG file; `recipe` says what that is."""
        said = json.dumps([self.code, recipe]) if self.code or recipe else ""
        return Condition(self.name, level, self.version, said, partial(self._shown, level, after))

    def _shown(self, level: str, after: Callable[[Array], Array] | None, images: Array, keys: Sequence[int]) -> Array:
        from snellen.methods.perturb.grey import as_shown

        shown = self._finished(as_shown, images, level, keys)
        return shown if after is None else after(shown)


def names() -> tuple[str, ...]:
    """family/name of every built-in perturbation, in order of families."""
    return tuple(_facts())


def summaries() -> dict[str, str]:
    """family/name → first line of its file's docstring, read without importing."""
    return dict(_facts())


def get(name: str) -> Perturbation:
    """A perturbation: `corruptions/fog`, `fog` where no other family has one, `plugin:name`, or a path `./mine.py`.

    A file of one's own has a docstring, a mapping LEVELS (text → amount, weakest first) and one function named as the file,
    `mine(images, amount)` or `mine(images, amount, keys)`. It may have a second one, `mine_8bit`, that gives the same for uint8
    images on the CPU without a detour over floats.

    Raises:
        SnellenError: there is none of that name, or its file lacks something.
    """
    if name.endswith(".py"):
        path = Path(name)
        module = extensions.from_file(path, "LEVELS and a function")
        return _made(module, path.stem, path.stem, extensions.fingerprint(path))
    if name.startswith("plugin:"):
        return _made(extensions.from_plugin(name, "snellen.perturbations"), name[7:], name[7:], name)
    plain = name.replace("_", "-")
    known = [full for full in names() if plain in (full, full.partition("/")[2])]
    if len(known) > 1:
        raise SnellenError(f"got {name}, which may be any of {', '.join(known)}: say which")
    if not known:
        shorts = [full.partition("/")[2] for full in names()]
        hint = did_you_mean(plain.rpartition("/")[2], shorts)
        raise SnellenError(f"there is no perturbation {name!r}.{hint or ' Known are ' + ', '.join(shorts)}")
    family, _, stem = known[0].replace("-", "_").partition("/")
    return _made(importlib.import_module(f"snellen.methods.perturb.{family}.{stem}"), known[0], stem)


@cache
def _facts() -> Mapping[str, str]:
    found = {}
    for path in sorted(HOME.glob("*/[!_]*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        assigned = {t.id for node in tree.body if isinstance(node, ast.Assign) for t in node.targets if isinstance(t, ast.Name)}
        if "LEVELS" in assigned:
            name = f"{path.parent.name}/{path.stem}".replace("_", "-")
            found[name] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def _made(module: ModuleType, name: str, function: str, code: str = "") -> Perturbation:
    levels: Any = getattr(module, "LEVELS", None)
    change: Callable[..., Any] | None = getattr(module, function.replace("-", "_"), None)
    change_8bit: Callable[..., Any] | None = getattr(module, f"{function}_8bit".replace("-", "_"), None)
    if not isinstance(levels, Mapping) or not levels or not all(isinstance(level, str) for level in levels):
        raise SnellenError(f"{name} has LEVELS = {levels!r}; expected a mapping of texts to amounts, weakest first")
    if wrong := [level for level in levels if not level or {"/", "\\"} & set(level) or set(level) == {"."}]:
        raise SnellenError(f"{name} has a level {wrong[0]!r}; expected texts that can name a folder")
    if not callable(change):
        raise SnellenError(f"{name} has no function {function}; expected {function}(images, amount) in it")
    return Perturbation(
        name,
        (inspect.getdoc(module) or "").partition("\n")[0],
        getattr(module, "SOURCE", ""),
        levels,
        {side: getattr(module, f"LEVELS_{side}") for side in SIDES if hasattr(module, f"LEVELS_{side}")},
        _keyed(change),
        _takes_keys(change),
        getattr(module, "VERSION", 1),
        code,
        change_8bit and _keyed(change_8bit),
    )


def _takes_keys(change: Callable[..., Any]) -> bool:
    return len(inspect.signature(change).parameters) > 2


def _keyed(change: Callable[..., Any]) -> Change:
    return change if _takes_keys(change) else partial(_without_keys, change)


def _without_keys(change: Callable[[Tensor, Any], Tensor], images: Tensor, amount: Any, keys: Sequence[int]) -> Tensor:
    return change(images, amount)


def _known(images: Array) -> np.ndarray:
    """An array that PyTorch can hold: contiguous, and a copy if it must not be written to.

    Raises:
        SnellenError: it is no array, or neither uint8 nor float.
    """
    array = images if isinstance(images, np.ndarray) else to_numpy(images)
    kind = getattr(images, "dtype", type(images).__name__)
    if not hasattr(images, "dtype") or array.dtype not in _NUMPY_TYPES:
        raise SnellenError(f"got images of shape {array.shape} and type {kind}; expected (N, 3, H, W), uint8 or float in [0, 1]")
    return np.require(array, requirements=["C", "W"])


def _seeds(keys: Sequence[int], n: int) -> list[int]:
    try:
        seeds = [operator.index(key) % 2**64 for key in keys]
    except TypeError as error:
        raise SnellenError(f"got keys that are not whole numbers ({error}); expected one an image, as seeds") from error
    if len(seeds) != n:
        raise SnellenError(f"got {len(seeds)} keys for {n} images; expected one an image")
    return seeds


def _check(images: Tensor) -> None:
    if images.ndim != 4 or images.shape[1] != 3 or 0 in images.shape or str(images.dtype) not in _TYPES:
        raise SnellenError(
            f"got images of shape {tuple(images.shape)} and type {images.dtype}; expected (N, 3, H, W), uint8 or float in [0, 1]"
        )
    if images.is_floating_point():
        low, high = map(float, images.aminmax())
        if not 0 <= low <= high <= 1:
            raise SnellenError(f"got values from {low:.4g} to {high:.4g}; expected float images in [0, 1], without NaN")


def _clipped(images: Tensor) -> Tensor:
    return images.clamp(0, 1)


def _truncated(images: Tensor) -> Tensor:
    """Values in [0, 1], clipped to it, as 8-bit files hold them; NumPy converts in half the time that PyTorch takes."""
    import torch

    scaled = (images * 255).add_(1e-4).clamp_(0, 255)
    return torch.from_numpy(scaled.numpy().astype(np.uint8)) if scaled.device.type == "cpu" else scaled.to(torch.uint8)
