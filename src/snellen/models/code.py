"""Your own code: a network, a factory that makes one, or a function from images to logits."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from snellen import extensions
from snellen.core import Model, SnellenError
from snellen.nearest import did_you_mean

if TYPE_CHECKING:
    from snellen.models.options import Options

EXAMPLE = "package.module:name"


def load(text: str, options: Options) -> Model:
    """The attribute of a module or file. What can be called without arguments is, and its result is the model.

    Raises:
        SnellenError: there is no such module, file or attribute, or it is no model.
    """
    from snellen.models import wrap

    where, _, name = text.rpartition(":")
    with extensions.importable(Path.cwd()):
        module = extensions.from_file(Path(where), "a model") if where.endswith(".py") else _module(where, text)
        if not hasattr(module, name):
            hint = did_you_mean(name, (known for known in vars(module) if not known.startswith("_")), f"{where}:")
            raise SnellenError(f"{where} has no {name!r}; expected a network, a factory or a function of that name.{hint}")
        thing = getattr(module, name)
        called = replace(options, name=options.name or f"{Path(where).name if where.endswith('.py') else where}:{name}")
        made = _made(thing, text)
        return wrap(made, options if isinstance(made, Model) else called)


def _made(thing: Any, text: str) -> Any:
    if not _is_factory(thing):
        return thing
    try:
        return thing()
    except SnellenError:
        raise
    except Exception as error:
        raise SnellenError(f"{text}() failed: {type(error).__name__}: {error}; expected a network, or a factory of one") from error


def _is_factory(thing: Any) -> bool:
    """Whether it is made to be called without arguments: a function or class all of whose parameters have defaults."""
    if not (inspect.isfunction(thing) or inspect.isclass(thing)):
        return False
    try:
        parameters = inspect.signature(thing).parameters.values()
    except ValueError:  # some classes written in C have none
        return False
    return all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)


def _module(where: str, text: str) -> ModuleType:
    try:
        return importlib.import_module(where)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{where}.".startswith(f"{error.name}."):
            raise SnellenError(f"{text}: importing {where} failed, as it needs {error.name}; install that package") from error
        raise SnellenError(
            f"got {text}, but there is no module {where}; expected one that can be imported from {Path.cwd()}"
        ) from error
    except Exception as error:
        raise SnellenError(f"{text}: importing {where} failed: {type(error).__name__}: {error}") from error
