"""Models by name or as they are: one file a source, imported when a model of that source is asked for."""

from __future__ import annotations

import ast
import difflib
import functools
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from snellen.core import Images, Model, SnellenError
from snellen.models.options import Options

if TYPE_CHECKING:
    from snellen.core import Labels, Preprocessing

SOURCES = {"zoo": "zoo", "patient": "patients", "timm": "timm", "torchvision": "torchvision", "hf": "huggingface", "keras": "keras"}
"""Prefix of a name → the file here that loads it, by its function `load(rest, options)`."""
_FILES = {".onnx": "onnx", ".safetensors": "safetensors", ".json": "calibrated"}
_FRAMEWORKS = {"keras": "keras", "tensorflow": "tensorflow", "jaxlib": "jax", "jax": "jax", "flax": "jax"}
"""Package of the class of something callable → the file here that takes it, by its function `wrap(thing, options)`."""
_OTHERS = {
    "PATH.onnx": "onnx",
    "PATH.safetensors": "safetensors",
    "PATH.json": "calibrated",
    "package.module:name, FILE.py:name": "code",
}


def load(
    name_or_object: str | Path | Model | Callable[..., Any],
    *,
    name: str | None = None,
    labels: Labels | None = None,
    preprocessing: Preprocessing | None = None,
    device: str = "auto",
    trust: bool = False,
    readout: Images | tuple[Literal["knn", "linear"], Images] | None = None,
    id: str | None = None,  # noqa: A002
) -> Model:
    """A model, by name or from an object.

    >>> model = load("zoo:efficientnet-lite0")

    Args:
        name_or_object: `zoo:NAME`, `patient:NAME`, `timm:NAME`, `torchvision:NAME`, `hf:NAME`, `keras:FILE`, a path to an .onnx
            file, to a .safetensors file of `snellen train` or to a .json file of `snellen treat calibrate`, `package.module:name`
            or `file.py:name` (a network, a factory without arguments, or a function images → logits), a network of PyTorch,
            Keras, TensorFlow or Flax, such a function itself (under `jax.jit` or `tf.function` it has gradients), or a `Model`,
            which comes back as it is and takes no options.
        name: how reports call it.
        labels: its list of answers, where it does not know them itself.
        preprocessing: what stands between image files and the model, where it does not know that itself.
        device: "auto", "cpu", "cuda" … for models loaded here; an object stays where it is.
        trust: allow pickles and code that come with weights.
        readout: labelled images to fit a k-NN classifier on the model's features, or ("linear", images) for a linear one.
        id: the version of a function whose answers cannot be told from its code.

    Raises:
        SnellenError: the name is unknown, a package or a file is missing, or the weights are not to be trusted.
    """
    options = Options(name, labels, preprocessing, device, trust, id)
    named = isinstance(name_or_object, str | Path)
    model = _by_name(str(name_or_object), options) if named else wrap(name_or_object, options)
    if readout is None:
        return model
    from snellen.models.readout import fit

    kind, images = ("knn", readout) if isinstance(readout, Images) else readout
    return fit(model, images, kind)


def wrap(thing: Any, options: Options) -> Model:
    """A Python object as a model: a `Model`, a network of PyTorch, Keras, TensorFlow or JAX, or a function from images to logits.

    Raises:
        SnellenError: it is none of these, not on the device asked for, or a `Model` with options that would change it.
    """
    if isinstance(thing, Model):
        return _as_it_is(thing, options)
    framework = _framework(thing)
    if framework is not None:
        return _on_device(import_module(f"snellen.models.{framework}").wrap(thing, options), options)
    if "torch" in sys.modules and isinstance(thing, import_module("torch.nn").Module):
        from snellen.models.torch import TorchModel

        model = TorchModel(thing, name=options.name, labels=options.labels, preprocessing=options.preprocessing, id=options.id)
        return _on_device(model, options)
    if callable(thing) and not isinstance(thing, type):
        from snellen.models.function import FunctionModel

        return FunctionModel(thing, name=options.name, labels=options.labels, preprocessing=options.preprocessing, id=options.id)
    raise SnellenError(f"got {type(thing).__name__}; expected the name of a model, a network, or a function from images to logits")


def _framework(thing: Any) -> str | None:
    """The file here for a network of Keras, TensorFlow or JAX, or for a function that one of them has compiled."""
    if not callable(thing) or isinstance(thing, type):
        return None
    kind = type(_inside(thing))
    packages = {base.__module__.partition(".")[0] for base in kind.__mro__}
    return next((file for package, file in _FRAMEWORKS.items() if package in packages), None)


def _inside(thing: Any) -> Any:
    return _inside(thing.func) if isinstance(thing, functools.partial) else thing


def _on_device(model: Model, options: Options) -> Model:
    """The model, if it is on the device asked for: an object stays where it is."""
    where = model.facts["device"]
    if options.device not in ("auto", where, where.partition(":")[0]):
        raise SnellenError(
            f"got a model on {where} and the device {options.device!r}; expected the same: "
            f"move it yourself with .to({options.device!r}) in PyTorch, or make it there in another framework"
        )
    return model


def _as_it_is(model: Model, options: Options) -> Model:
    asked = {"name": options.name, "labels": options.labels, "preprocessing": options.preprocessing, "id": options.id}
    given = [f"{option}=" for option, value in asked.items() if value is not None]
    where = model.facts.get("device", options.device) if hasattr(model, "facts") else options.device
    given += [] if options.device in ("auto", where, where.partition(":")[0]) else [f"device={options.device!r}"]
    if given:
        raise SnellenError(
            f"got a finished model, {model.name}, with {', '.join(given)}; expected the model alone: give that where it is made"
        )
    return model


def sources() -> list[tuple[str, str, str]]:
    """(what a name starts with, one line about it, an example) of every source, without importing any of them."""
    listed = {**{f"{prefix}:NAME": file for prefix, file in SOURCES.items()}, **_OTHERS}
    return [(prefix, *_described(file)) for prefix, file in listed.items()]


def _by_name(text: str, options: Options) -> Model:
    prefix, colon, rest = text.partition(":")
    source = SOURCES.get(prefix) if colon else _FILES.get(Path(text).suffix.lower())
    if source is not None:
        if options.id is not None:
            raise SnellenError(f"got id= with {text}; expected it only with code of your own: the id of a file is taken from it")
        return import_module(f"snellen.models.{source}").load(rest if colon else text, options)
    before, colon, after = text.rpartition(":")
    if colon and after.isidentifier() and (before.endswith(".py") or all(part.isidentifier() for part in before.split("."))):
        from snellen.models import code

        return code.load(text, options)
    raise SnellenError(_unknown(text))


def _unknown(text: str) -> str:
    from snellen.models import zoo

    if Path(text).suffix.lower() in (".pth", ".pt", ".bin"):
        return f"got {text}, which holds weights without an architecture; name one before it, as in timm:resnet18@{text}"
    known = [*zoo.names(), *(f"{prefix}:" for prefix in SOURCES)]
    bare = {name.partition(":")[2]: name for name in known}
    near = difflib.get_close_matches(text, [*known, *filter(None, bare)], n=1, cutoff=0.5)
    hint = f" Did you mean {bare.get(near[0], near[0])}?" if near else ""
    return (
        f"got the model {text!r}; expected one of {', '.join(start for start, _, _ in sources())}.{hint} See `snellen list models`"
    )


def _described(file: str) -> tuple[str, str]:
    """The first line of a file's docstring and the value of its EXAMPLE, read without importing it."""
    home = Path(__file__).with_name(f"{file}.py")
    tree = ast.parse((home if home.is_file() else Path(__file__).parent / file / "__init__.py").read_text("utf-8"))
    summary = (ast.get_docstring(tree) or "").partition("\n")[0]
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "EXAMPLE":
            return summary, ast.literal_eval(node.value)
    return summary, ""
