"""Reading options that several forms share: TOML files, probe settings, batch sizes."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from snellen.core import SnellenError

KEYS = (
    "model",
    "images",
    "people",
    "probes",
    "labels",
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
