"""Networks trained by `snellen train`: weights, architecture, classes and preprocessing in one safetensors file."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes

from snellen.core import Labels, Preprocessing, SnellenError
from snellen.images.facts import shown
from snellen.labels import printable
from snellen.models.architectures import make
from snellen.models.devices import best_device
from snellen.models.torch import TorchModel

if TYPE_CHECKING:
    from torch import Tensor, nn

    from snellen.models.options import Options

EXAMPLE = "path/model.safetensors"
KEY = "snellen"
"""Of the file's metadata, which holds a `Card` as JSON."""
VERSION = 1
REVISION = 1
"""Rises when an architecture here changes what a model answers."""
LARGEST_SIDE = 4096
LARGEST_CARD = 2**22
"""Characters of the card; a longer one is refused unread."""
OURS = ("framework", "parameters", "number type", "device", "architecture", "planted", "signs")
"""Facts that no file may state of itself: those taken from the network, and that it is a patient, whom the exam must find out."""
_TYPES = {torch.float32: "F32", torch.int64: "I64"}


@dataclass(frozen=True)
class Architecture:
    """Which network the weights belong to: see `snellen.models.architectures.make`."""

    name: str
    arguments: Mapping[str, int]


@dataclass(frozen=True)
class Card:
    """What a file says beside the weights. `facts` are provenance to print: the command that made it, its accuracy …"""

    architecture: Architecture
    labels: Labels
    preprocessing: Preprocessing
    facts: Mapping[str, str] = field(default_factory=dict)
    version: int = VERSION

    def __post_init__(self) -> None:
        shape, labels = self.preprocessing, self.labels
        if self.version != VERSION:
            raise SnellenError(f"version {self.version}, expected {VERSION}: this Snellen is older or newer than the file")
        if not all(0 < side <= LARGEST_SIDE for side in (*shape.size, shape.resize or 1)):
            raise SnellenError(f"images of {shape.size}, expected sides from 1 to {LARGEST_SIDE}")
        if (
            len(shape.mean) != 3
            or len(shape.std) != 3
            or not all(math.isfinite(v) for v in shape.mean + shape.std)
            or min(shape.std) <= 0
        ):
            raise SnellenError(f"mean {shape.mean} and std {shape.std}, expected three finite numbers each, std above 0")
        if not len(labels.keys) == len(labels.names) == len(set(labels.keys)):
            raise SnellenError(f"{len(labels.keys)} keys and {len(labels.names)} names of classes, expected as many, all different")


def save(path: Path, network: nn.Module, card: Card) -> None:
    """Write a network made by `architectures.make`; the same weights and card give the same bytes. `path` is whole or not there.

    Raises:
        SnellenError: a weight is not a finite number.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    _check_finite(state, path)
    content = to_bytes(state, metadata={KEY: json.dumps(asdict(card), sort_keys=True, ensure_ascii=True)})
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


def load(text: str, options: Options) -> TorchModel:
    """The model in a file that `save` wrote.

    Raises:
        SnellenError: there is no such file, it holds weights alone, or it is damaged or made up.
    """
    path = Path(text)
    card, network, weights = read(path)
    return TorchModel(
        network.to(best_device(options.device)),
        name=options.name or printable(path.stem),
        labels=options.labels or card.labels,
        preprocessing=options.preprocessing or card.preprocessing,
        id=json.dumps({"revision": REVISION, "architecture": asdict(card.architecture), "weights": weights}, sort_keys=True),
        facts={"architecture": _described(card.architecture), **_stated(card.facts)},
    )


def read_card(path: Path) -> Card:
    """What a file says beside the weights.

    Raises:
        SnellenError: as `load`.
    """
    if not path.is_file():
        raise SnellenError(f"got the model {path}; expected a file that exists, written by `snellen train`{_remedy(path)}")
    try:
        with safe_open(path, "pt") as file:
            text = (file.metadata() or {}).get(KEY)
    except (SafetensorError, OSError) as error:
        raise SnellenError(f"{path} is not a whole safetensors file ({_first(error)}): save or copy it again") from error
    if text is None:
        raise SnellenError(f"got {path}, which holds weights without an architecture{_remedy(path)}")
    if len(text) > LARGEST_CARD:
        raise SnellenError(
            f"{path} says {len(text):,} characters of its model; expected at most {LARGEST_CARD:,}, far more than `snellen train` "
            "writes: make it again"
        )
    try:
        return TypeAdapter(Card).validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise SnellenError(
            f"{path} says of its model {where + ': ' if where else ''}{printable(fault['msg'])[:300]}; "
            "expected what `snellen train` writes: make it again"
        ) from error


def read(path: Path) -> tuple[Card, nn.Module, str]:
    """The card, the network in eval mode on the CPU, and the SHA-256 of its weights. No memory is taken before all shapes fit.

    Raises:
        SnellenError: as `load`.
    """
    card = read_card(path)
    try:
        with torch.device("meta"):
            network = make(card.architecture.name, card.architecture.arguments)
    except SnellenError as error:
        raise SnellenError(f"{path}: {error}") from error
    with safe_open(path, "pt") as file:
        names = list(file.keys())
        found = {name: (tuple(part.get_shape()), part.get_dtype()) for name in names for part in [file.get_slice(name)]}
        expected = {name: (tuple(value.shape), _TYPES[value.dtype]) for name, value in network.state_dict().items()}
        if found != expected:
            odd = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
            raise SnellenError(
                f"{path} does not hold the weights of {_described(card.architecture)}: {printable(odd[0])[:100]} is "
                f"{found.get(odd[0], 'missing')}, expected {expected.get(odd[0], 'none')}; make or copy it again"
            )
        state = {name: file.get_tensor(name) for name in sorted(names)}
    if card.architecture.arguments.get("classes") != len(card.labels):
        raise SnellenError(f"{path} names {len(card.labels)} classes for {_described(card.architecture)}: make it again")
    _check_finite(state, path)
    network.load_state_dict(state, assign=True)
    return card, network.eval(), _digest(state)


def _check_finite(state: Mapping[str, Tensor], path: Path) -> None:
    odd = [name for name, value in state.items() if value.is_floating_point() and not bool(value.isfinite().all())]
    if odd:
        raise SnellenError(
            f"{path}: the weights {odd[0]} are not all finite numbers; expected a training that went well: train it anew"
        )


def _digest(state: Mapping[str, Tensor]) -> str:
    sha = hashlib.sha256()
    for name, value in state.items():
        sha.update(f"{name} {tuple(value.shape)} ".encode())
        sha.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return sha.hexdigest()


def _stated(facts: Mapping[str, str]) -> dict[str, str]:
    """What a file says of its model, fit to print, without `OURS`."""
    return {shown(name): shown(text) for name, text in facts.items() if shown(name) not in OURS}


def _described(architecture: Architecture) -> str:
    return f"{architecture.name}({', '.join(f'{key}={value}' for key, value in sorted(architecture.arguments.items()))})"


def _remedy(path: Path) -> str:
    return f"; for weights of another architecture, name one before it, as in timm:resnet18@{path}"


def _first(error: Exception) -> str:
    return printable(str(error).partition("\n")[0])[:200]
