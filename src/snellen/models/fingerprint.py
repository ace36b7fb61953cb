"""What a callable computes, as a hash: its code, the values that code can reach, and the weights behind them."""

from __future__ import annotations

import copyreg
import dis
import functools
import hashlib
import logging
import secrets
import sys
import types
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from snellen.models.installed import installed, version

if TYPE_CHECKING:
    from snellen.core import Labels, Preprocessing

_SIMPLE = (type(None), bool, int, float, complex, str, bytes, type(...), Path)
_CONTAINERS = (list, tuple, set, frozenset, dict, types.MappingProxyType)
_CODE = (types.FunctionType, staticmethod, classmethod, property)


@dataclass(frozen=True)
class Fingerprint:
    """`digest` is a SHA-256 in hexadecimal; `unknown` names what could not be identified and so is not part of it."""

    digest: str
    unknown: tuple[str, ...] = ()


def fingerprint(*things: object) -> Fingerprint:
    """Hash values, arrays, modules and functions, with whatever their code reaches.

    What belongs to Python or to an installed package counts by its name and that package's version. Files that a function
    opens do not count.
    """
    walk = _Walk()
    try:
        walk.all(things)
    except RecursionError:
        walk.unknown.append("values nested too deeply")
    return Fingerprint(walk.sha.hexdigest(), tuple(dict.fromkeys(walk.unknown)))


def identity(thing: object, given: str | None, preprocessing: Preprocessing, labels: Labels | None) -> tuple[str, dict[str, str]]:
    """The id of a model, 64 hexadecimal digits, and the facts to print about it.

    `given` stands in for the fingerprint of `thing`. Where that leaves anything unknown, the id is new each time.
    """
    found = fingerprint(thing if given is None else given, preprocessing, labels)
    if not found.unknown:
        return found.digest, {}
    return hashlib.sha256((found.digest + secrets.token_hex()).encode()).hexdigest(), {
        "identity": f"unknown, so that earlier results are never reused: the model depends on {', '.join(found.unknown)}, whose "
        "contents cannot be told from outside; name its version with id= to reuse results"
    }


@final
class _Walk:
    def __init__(self) -> None:
        self.sha = hashlib.sha256()
        self.unknown: list[str] = []
        self._seen: dict[int, tuple[int, object]] = {}

    def text(self, *words: object) -> None:
        for word in words:
            raw = str(word).encode("utf-8", "surrogatepass")
            self.sha.update(f"{len(raw)}:".encode() + raw)

    def all(self, things: Iterable[object]) -> None:
        for thing in things:
            self.one(thing)
        self.text("end")

    def one(self, thing: Any) -> None:
        if isinstance(thing, _SIMPLE):
            return self.text(type(thing).__name__, repr(thing))
        if _is_value(thing):
            return self.all(("tuple", *thing))  # a value: whether two are one object says nothing
        if id(thing) in self._seen:
            return self.text("seen", self._seen[id(thing)][0])
        self._seen[id(thing)] = (len(self._seen), thing)  # keeps `thing` alive, so that its id stays its own
        self.text(type(thing).__qualname__)
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(thing, torch.nn.Module):
            from snellen.models.network import walk_network

            return walk_network(thing, self)
        if torch is not None and isinstance(thing, torch.Tensor):
            return self._tensor(thing, torch)
        if isinstance(thing, _CONTAINERS):
            return self._container(thing)
        return self._python(thing)

    def _container(self, thing: Any) -> None:
        if type(thing) not in _CONTAINERS:
            self.all((type(thing), getattr(thing, "__dict__", None)))
        if isinstance(thing, set | frozenset):
            parts = [fingerprint(item) for item in thing]
            self.all(sorted(part.digest for part in parts))
            self.unknown += [name for part in parts for name in part.unknown]
        else:
            self.all(thing.items() if hasattr(thing, "items") else thing)

    def _python(self, thing: Any) -> None:
        match thing:
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
                self.all((thing.fget, thing.fset))
            case functools.cached_property():
                self.one(thing.func)
            case types.ModuleType():
                self.text(thing.__name__, version(thing.__name__))
            case types.BuiltinFunctionType():
                self.text(thing.__qualname__)
                self.one(None if isinstance(thing.__self__, types.ModuleType) else thing.__self__)
            case logging.Logger():
                self.text(thing.name)
            case type():
                self._class(thing)
            case _:
                self._object(thing)

    def _object(self, thing: Any) -> None:
        kind, named = type(thing), _named(thing)
        if named is not None:
            self.text(*named)
        elif isinstance(thing, np.ufunc):
            self.unknown.append(f"the NumPy function {thing.__name__}")
        elif hasattr(thing, "__array__") and hasattr(thing, "dtype") and installed(kind.__module__):
            self._array(thing)
        elif hasattr(kind, "inlined_graph"):
            self.text(thing.inlined_graph)
        elif _plain(kind):
            self.all(
                (kind, {**getattr(thing, "__dict__", {}), **{k: getattr(thing, k) for k in _slots(kind) if hasattr(thing, k)}})
            )
        else:
            self._reduced(thing)

    def _array(self, thing: Any) -> None:
        try:
            array = np.asarray(thing)
        except (TypeError, ValueError):  # such as a key of JAX's random numbers
            self.unknown.append(f"{type(thing).__module__}.{type(thing).__qualname__}")
            return
        self.text(array.dtype, array.shape)
        if array.dtype == object:
            self.all(array.ravel().tolist())
        else:
            self.sha.update(array.tobytes())

    def _reduced(self, thing: Any) -> None:
        """By what pickle would keep of it."""
        try:
            kept = copyreg.dispatch_table.get(type(thing))
            made: Any = kept(thing) if kept else thing.__reduce_ex__(4)
        except Exception:  # noqa: BLE001 (whatever stands in the way of pickling it)
            self.unknown.append(f"{type(thing).__module__}.{type(thing).__qualname__}")
            return
        self.all((type(thing).__module__, made) if isinstance(made, str) else (*made[:3], *(list(x or ()) for x in made[3:5])))

    def _function(self, function: types.FunctionType) -> None:
        named = _named(function)
        self.text(*(named or (function.__module__, function.__qualname__)))
        self.one(function.__code__)
        if named is not None:
            return None
        self.all((function.__defaults__, function.__kwdefaults__, [_content(cell) for cell in function.__closure__ or ()]))
        if installed(function.__globals__.get("__name__")):
            return self.text(version(function.__globals__["__name__"]))
        names = sorted(_names(function.__code__))
        reached = {name: function.__globals__[name] for name in names if name in function.__globals__}
        for name in sorted(_imports(function.__code__)):
            reached[name] = sys.modules.get(name, sys.modules.get(f"{function.__globals__.get('__package__')}.{name}"))
            if reached[name] is None and not installed(name):
                self.unknown.append(f"the module {name or '.'}")
        for name, value in reached.items():
            self.text(name)
            self._reach(value, names, set())
        return None

    def _reach(self, value: object, names: list[str], passed: set[str]) -> None:
        """A value; of a module that is the user's own, whatever has one of the names."""
        self.one(value)
        if isinstance(value, types.ModuleType) and not installed(value.__name__) and value.__name__ not in passed:
            for name in names:
                if hasattr(value, name):
                    self.text(name)
                    self._reach(getattr(value, name), names, passed | {value.__name__})

    def _class(self, kind: type) -> None:
        self.text(kind.__module__, kind.__qualname__)
        if installed(kind.__module__):
            return self.text(version(kind.__module__))
        self.all(kind.__bases__)
        hidden = (types.MemberDescriptorType, types.GetSetDescriptorType)
        for name, value in vars(kind).items():
            if isinstance(value, _CODE) or not (name.startswith("__") or name == "_abc_impl" or isinstance(value, hidden)):
                self.text(name)
                self.one(value)
        return None

    def _tensor(self, tensor: Any, torch: Any) -> None:
        self.text(tensor.dtype, tuple(tensor.shape))
        if tensor.is_meta or tensor.layout != torch.strided or tensor.is_quantized:
            self.unknown.append(f"a tensor on {tensor.device} of layout {tensor.layout} and type {tensor.dtype}")
            return
        self.sha.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)


def _is_value(thing: object) -> bool:
    return type(thing) is tuple and all(isinstance(part, _SIMPLE) for part in thing)


def _named(thing: Any) -> tuple[str, ...] | None:
    """Module, name and version of something callable that an installed package keeps under that name."""
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None)
    for module in (getattr(thing, "__module__", None), *(("numpy", "scipy.special") if isinstance(thing, np.ufunc) else ())):
        if callable(thing) and isinstance(name, str) and isinstance(module, str) and installed(module):
            found: Any = sys.modules.get(module)
            for part in name.split("."):
                found = getattr(found, part, None)
            if found is thing:
                return module, name, version(module)
    return None


def _slots(kind: type) -> list[str]:
    return [name for base in kind.__mro__ for name, value in vars(base).items() if isinstance(value, types.MemberDescriptorType)]


def _plain(kind: type) -> bool:
    """Whether all that its instances hold lies in attributes, and nothing in C."""
    pointers = len(_slots(kind)) + (kind.__dictoffset__ != 0) + (kind.__weakrefoffset__ != 0)
    return kind.__itemsize__ == 0 and kind.__basicsize__ <= object.__basicsize__ + 8 * pointers


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return "nothing yet"


def _inner(code: types.CodeType) -> list[types.CodeType]:
    return [code, *(part for const in code.co_consts if isinstance(const, types.CodeType) for part in _inner(const))]


def _names(code: types.CodeType) -> set[str]:
    return {name for part in _inner(code) for name in part.co_names}


def _imports(code: types.CodeType) -> set[str]:
    return {str(step.argval) for part in _inner(code) for step in dis.get_instructions(part) if step.opname == "IMPORT_NAME"}
