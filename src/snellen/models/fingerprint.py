"""What a callable computes, as a hash: its code, the values that code can reach, and the weights behind them."""

from __future__ import annotations

import functools
import hashlib
import sys
import sysconfig
import types
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

_SIMPLE = (type(None), bool, int, float, complex, str, bytes, type(...), Path)
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


@dataclass(frozen=True)
class Fingerprint:
    """`digest` is a SHA-256 in hexadecimal; `unknown` names what could not be identified and so is not part of it."""

    digest: str
    unknown: tuple[str, ...] = ()


def fingerprint(*things: object) -> Fingerprint:
    """Hash values, arrays, modules and functions, with whatever their code reaches.

    Functions of installed packages count by their name alone: package versions are recorded elsewhere, not hashed. In an
    `nn.Module`, attributes that are neither numbers, text, arrays nor functions do not count.
    """
    walk = _Walk()
    walk.all(things)
    return Fingerprint(walk.sha.hexdigest(), tuple(walk.unknown))


@final
class _Walk:
    def __init__(self) -> None:
        self.sha = hashlib.sha256()
        self.unknown: list[str] = []
        self._seen: dict[int, tuple[int, object]] = {}

    def text(self, *words: object) -> None:
        for word in words:
            raw = str(word).encode()
            self.sha.update(f"{len(raw)}:".encode() + raw)

    def all(self, things: Iterable[object]) -> None:
        for thing in things:
            self.one(thing)
        self.text("end")

    def one(self, thing: Any) -> None:
        if isinstance(thing, _SIMPLE):
            return self.text(type(thing).__name__, repr(thing))
        if id(thing) in self._seen:
            return self.text("seen", self._seen[id(thing)][0])
        self._seen[id(thing)] = (len(self._seen), thing)  # keeps `thing` alive, so that its id stays its own
        self.text(type(thing).__qualname__)
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(thing, torch.nn.Module):
            return self._network(thing, torch)
        if torch is not None and isinstance(thing, torch.Tensor):
            return self._tensor(thing, torch)
        return self._python(thing)

    def _python(self, thing: Any) -> None:
        match thing:
            case list() | tuple():
                self.all(thing)
            case set() | frozenset():
                self.all(sorted(fingerprint(item).digest for item in thing))
            case dict():
                self.all(thing.items())
            case types.CodeType():
                self.text(thing.co_code.hex(), thing.co_names, thing.co_varnames, thing.co_freevars)
                self.all(thing.co_consts)
            case types.FunctionType():
                self._function(thing)
            case types.MethodType():
                self.all((thing.__func__, thing.__self__))
            case functools.partial():
                self.all((thing.func, thing.args, thing.keywords))
            case staticmethod() | classmethod():
                self.one(thing.__func__)
            case property():
                self.one(thing.fget)
            case types.ModuleType():
                self.text(thing.__name__)
            case types.BuiltinFunctionType():
                self.text(thing.__qualname__)
                self.one(None if isinstance(thing.__self__, types.ModuleType) else thing.__self__)
            case type():
                self._class(thing)
            case _:
                self._object(thing)

    def _object(self, thing: Any) -> None:
        if hasattr(thing, "__wrapped__"):
            self.one(thing.__wrapped__)
        elif hasattr(thing, "__array__") and hasattr(thing, "dtype"):
            array = np.asarray(thing)
            self.text(array.dtype, array.shape)
            if array.dtype == object:
                self.all(array.ravel().tolist())
            else:
                self.sha.update(array.tobytes())
        elif hasattr(thing, "__dict__"):
            self.all((type(thing), vars(thing)))
        elif _installed(type(thing).__module__) and callable(thing) and hasattr(thing, "__name__"):
            self.text(type(thing).__module__, thing.__name__)
        else:
            self.unknown.append(f"{type(thing).__module__}.{type(thing).__qualname__}")

    def _function(self, function: types.FunctionType) -> None:
        self.text(function.__module__, function.__qualname__)
        if _installed(function.__module__):
            return
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        self.all((function.__code__, function.__defaults__, function.__kwdefaults__, cells))
        names = sorted(_names(function.__code__))
        reached = {name: function.__globals__[name] for name in names if name in function.__globals__}
        for name, value in reached.items():
            self.text(name)
            self.one(value)
            if isinstance(value, types.ModuleType) and not _installed(value.__name__):
                self.all(getattr(value, other) for other in names if hasattr(value, other))

    def _class(self, kind: type) -> None:
        self.text(kind.__module__, kind.__qualname__)
        if not _installed(kind.__module__):
            self.all(kind.__bases__)
            code = (types.FunctionType, staticmethod, classmethod, property, *_SIMPLE)
            self.all(item for item in vars(kind).items() if isinstance(item[1], code) and item[0] not in {"__module__", "__doc__"})

    def _network(self, network: Any, torch: Any) -> None:
        if isinstance(network, torch.jit.ScriptModule):
            self.text(network.inlined_graph)
        blank = set(vars(torch.nn.Module()))
        for name, part in network.named_modules():
            self.text(name)
            self.one(type(part))
            attributes = {key: value for key, value in vars(part).items() if key not in blank}
            hooks = [*part._forward_pre_hooks.values(), *part._forward_hooks.values()]
            for key, value in [*attributes.items(), *(("hook", hook) for hook in hooks)]:
                if isinstance(value, (*_SIMPLE, list, tuple, dict, np.ndarray, torch.Tensor, types.FunctionType)):
                    before = len(self.unknown)
                    self.text(key)
                    self.one(value)
                    del self.unknown[before:]
        for name, value in network.state_dict().items():
            self.text(name)
            self.one(value)

    def _tensor(self, tensor: Any, torch: Any) -> None:
        self.text(tensor.dtype, tuple(tensor.shape))
        if tensor.is_meta or tensor.layout != torch.strided:
            self.unknown.append(f"a tensor on {tensor.device} of layout {tensor.layout}")
            return
        self.sha.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)


def _names(code: types.CodeType) -> set[str]:
    inner = (const for const in code.co_consts if isinstance(const, types.CodeType))
    return set(code.co_names).union(*(_names(const) for const in inner))


@functools.cache
def _installed(module: str | None) -> bool:
    """Whether a module belongs to Python or to an installed package, and not to the user."""
    top = (module or "").partition(".")[0]
    if top in sys.stdlib_module_names or top == "snellen":
        return top != "__main__"
    file = getattr(sys.modules.get(module or ""), "__file__", None)
    return file is not None and file.startswith(_LIBRARIES)
