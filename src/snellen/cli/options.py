"""Reading options that several forms share: TOML files, probe settings, batch sizes."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from snellen.core import Preprocessing, SnellenError

KEYS = (
    "model",
    "images",
    "people",
    "probes",
    "labels",
    "categories",
    "preprocess",
    "readout",
    "sample",
    "seed",
    "out",
    "device",
    "batch-size",
    "require",
    "trust",
)


def read_exam(path: Path) -> dict[str, Any]:
    """An exam file: the keys of the options; `probes` is a list of names, and a table [settings.PROBE] holds a probe's settings.

    Raises:
        SnellenError: no such file, no TOML, or an unknown key.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SnellenError(f"got --exam {path}; expected a TOML file, and it cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise SnellenError(f"{path} is not TOML: {error}") from error
    unknown = sorted(set(content) - {*KEYS, "settings"})
    if unknown:
        raise SnellenError(f"{path} has {', '.join(unknown)}; expected only {', '.join(KEYS)} and tables [settings.PROBE]")
    names = content.pop("probes", None)
    if names is not None:
        content["ask"] = [names] if isinstance(names, str) else list(names)
    return content


def settings(given: Sequence[str], file: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
    """`probe.field=value` texts over the tables of an exam file. Values are read as JSON, else as text.

    Raises:
        SnellenError: a text of another form.
    """
    out = {name.replace("_", "-"): dict(table) for name, table in file.items()}
    for text in given:
        target, equals, value = text.partition("=")
        probe, dot, field = target.strip().rpartition(".")
        if not (equals and dot and probe and field):
            raise SnellenError(f"got --set {text!r}; expected PROBE.FIELD=VALUE, such as calibration.bins=10")
        try:
            parsed: object = json.loads(value)
        except json.JSONDecodeError:
            parsed = value
        out.setdefault(probe.replace("_", "-"), {})[field.replace("-", "_")] = parsed
    return out


def preprocessing(given: Sequence[str] | Mapping[str, object]) -> Preprocessing | None:
    """`key=value` texts, or a table of an exam file, as what stands between image files and a model; None when nothing is given.

    Raises:
        SnellenError: an unknown key, or a value of another form.
    """
    if not given:
        return None
    pairs = given.items() if isinstance(given, Mapping) else [text.partition("=")[::2] for text in given]
    try:
        return Preprocessing(**{"size": (224, 224), **{key: _READERS[key](value) for key, value in pairs}})  # type: ignore[arg-type]
    except (KeyError, ValueError, TypeError) as error:
        raise SnellenError(
            f"got --preprocess {given}; expected KEY=VALUE of size=224, resize=256, interpolation=bilinear, mean=0.5,0.5,0.5, "
            f"std=0.5,0.5,0.5, channels=RGB ({type(error).__name__}: {error})"
        ) from error


def _size(value: object) -> tuple[int, int]:
    sides = [int(side) for side in (value if isinstance(value, list) else str(value).replace("x", ",").split(","))]
    if len(sides) not in (1, 2) or min(sides) < 1:
        raise ValueError("a size is one side or HEIGHTxWIDTH")
    return sides[0], sides[-1]


def _triple(value: object) -> tuple[float, ...]:
    numbers = tuple(float(number) for number in (value if isinstance(value, list) else str(value).split(",")))
    if len(numbers) not in (1, 3):
        raise ValueError("one number, or three")
    return numbers * 3 if len(numbers) == 1 else numbers


def _one_of(*known: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in known:
            raise ValueError(f"expected one of {', '.join(known)}")
        return str(value)

    return read


_READERS: Mapping[str, Callable[[object], object]] = {
    "size": _size,
    "resize": lambda value: None if value == "none" else int(str(value)),
    "interpolation": _one_of("nearest", "bilinear", "bicubic", "lanczos", "box"),
    "mean": _triple,
    "std": _triple,
    "channels": _one_of("RGB", "BGR"),
}


def batch(value: object) -> int | None:
    """A positive number, or None for `auto`.

    Raises:
        SnellenError: anything else.
    """
    if value == "auto":
        return None
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if number < 1:
        raise SnellenError(f"got --batch-size {value}; expected a positive number or auto")
    return number
