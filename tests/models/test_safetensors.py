"""Model files: what is saved comes back, and nothing that is damaged, odd or hostile gets further than a sentence."""

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from snellen.core import Preprocessing, SnellenError
from snellen.labels import custom, sixteen
from snellen.methods.train.seeds import seeded
from snellen.models import load
from snellen.models.architectures import make
from snellen.models.safetensors import KEY, Architecture, Card, read, read_card, save
from snellen.models.torch import TorchModel

CARD = Card(
    Architecture("small", {"classes": 16, "width": 4}),
    sixteen(),
    Preprocessing((64, 64), 64),
    {"command": "snellen train", "note": "ö"},
)


def network(seed: int = 0) -> torch.nn.Module:
    with seeded(seed):
        made = make("small", CARD.architecture.arguments)
        made(torch.rand(4, 3, 64, 64))
    return made.eval()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save(tmp_path / "m.safetensors", network(), CARD)
    return tmp_path / "m.safetensors"


def test_round_trip(path: Path) -> None:
    model = load(str(path))
    images = torch.rand(3, 3, 64, 64)
    assert isinstance(model, TorchModel)
    assert torch.allclose(model.logits(images), network()(images), atol=1e-5)
    assert (model.name, model.labels, model.preprocessing) == ("m", sixteen(), CARD.preprocessing)
    assert model.facts["architecture"] == "small(classes=16, width=4)"
    assert model.facts["note"] == "ö"
    assert model.abilities == {"gradients", "features", "layers"}
    assert read_card(path) == CARD
    assert [p.name for p in path.parent.iterdir()] == ["m.safetensors"]


def test_options_win(path: Path) -> None:
    names, shape = custom(f"class {at}" for at in range(16)), Preprocessing((32, 32))
    model = load(path, name="patient", labels=names, preprocessing=shape)
    assert (model.name, model.labels, model.preprocessing) == ("patient", names, shape)


def test_the_same_model_gives_the_same_bytes_and_the_same_id(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    save(other, network(), CARD)
    assert other.read_bytes() == path.read_bytes()
    save(other, network(), replace(CARD, facts={"command": "another"}))
    assert load(str(other)).id == load(str(path)).id
    save(other, network(1), CARD)
    assert load(str(other)).id != load(str(path)).id
    save(other, network(), replace(CARD, preprocessing=Preprocessing((32, 32))))
    assert load(str(other)).id != load(str(path)).id


def test_weights_without_our_card_get_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "resnet18.safetensors"
    with pytest.raises(SnellenError, match=r"expected a file that exists.*timm:resnet18@"):
        load(str(file))
    save_file(network().state_dict(), file)
    with pytest.raises(SnellenError, match=r"weights without an architecture; .*timm:resnet18@"):
        load(str(file))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing like it at all",
        b"\x80\x04\x95",
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 99_999_999) + b"{}",
        struct.pack("<Q", 100_000) + b"[" * 100_000,
        b'?\0\0\0\0\0\0\0{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4]}}',
    ],
)
def test_what_is_no_safetensors_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.safetensors").write_bytes(content)
    with pytest.raises(SnellenError, match="is not a whole safetensors file"):
        load(str(tmp_path / "m.safetensors"))


def test_a_file_cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(SnellenError, match="is not a whole safetensors file"):
        load(str(path))


def rewritten(path: Path, card: Any, **weights: torch.Tensor | None) -> Path:
    """The file with another card, and with some weights replaced or left out."""
    with safe_open(path, "pt") as file:
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        old = json.loads(file.metadata()[KEY])
    state = {name: value for name, value in {**state, **weights}.items() if value is not None}
    text = card if isinstance(card, str) else json.dumps({**old, **card})
    save_file(state, path, metadata={KEY: text})
    return path


LABELS = {"name": "custom", "keys": ["a", "b"], "names": ["a", "b"]}
SHAPE = {"size": [64, 64]}


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ("no JSON", "says of its model .*expected what `snellen train` writes"),
        ("[" * 100_000, "says of its model"),
        ("{}", "says of its model architecture: Field required"),
        ({"version": 99}, "version 99, expected 1"),
        ({"architecture": {"name": "huge", "arguments": {}}}, "got the architecture 'huge'; expected one of small"),
        ({"architecture": {"name": "../../os", "arguments": {}}}, "expected one of small"),
        ({"architecture": {"name": "small", "arguments": {"classes": 16, "width": 10**12}}}, "whole numbers from 2 to"),
        ({"architecture": {"name": "small", "arguments": {"classes": 16, "width": 4096}}}, "does not hold the weights of"),
        ({"architecture": {"name": "small", "arguments": {"classes": 16, "width": "4; import os"}}}, "valid integer"),
        ({"architecture": {"name": "bag", "arguments": {"classes": 16, "width": 4}}}, "does not hold the weights of bag"),
        ({"labels": LABELS}, "names 2 classes for small"),
        ({"labels": {**LABELS, "names": ["a"]}}, "2 keys and 1 names"),
        ({"preprocessing": {"size": [10**9, 64]}}, "expected sides from 1 to"),
        ({"preprocessing": {**SHAPE, "resize": -1}}, "expected sides from 1 to"),
        ({"preprocessing": {**SHAPE, "std": [1, 0, 1]}}, "std above 0"),
        ({"preprocessing": {**SHAPE, "mean": [1.0]}}, "three finite numbers"),
        ({"preprocessing": {**SHAPE, "interpolation": "magic"}}, "interpolation"),
        ({"facts": {"note": 3}}, "facts.note"),
    ],
)
def test_hostile_cards(path: Path, card: Any, message: str) -> None:
    rewritten(path, card)
    with pytest.raises(SnellenError, match=message) as error:
        load(str(path))
    assert len(str(error.value)) < 800
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"classifier.bias": torch.full((16,), float("nan"))}, "weights classifier.bias are not all finite"),
        ({"features.0.1.running_var": torch.full((4,), float("inf"))}, "not all finite"),
        ({"classifier.bias": torch.zeros(17)}, r"classifier.bias is \(\(17,\), 'F32'\), expected \(\(16,\), 'F32'\)"),
        ({"classifier.bias": torch.zeros(16, dtype=torch.float64)}, "'F64'"),
        ({"classifier.bias": None}, "classifier.bias is missing"),
        ({"extra": torch.zeros(1)}, "extra is .*expected none"),
    ],
)
def test_odd_weights(path: Path, weights: dict[str, Any], message: str) -> None:
    rewritten(path, {}, **weights)
    with pytest.raises(SnellenError, match=message):
        load(str(path))


def test_no_file_says_of_itself_that_it_is_a_patient(path: Path) -> None:
    hostile = {"planted": "Nothing.", "signs": "accuracy>0", "device": "cuda", "architecture": "huge", "note": "\x1b[2Jgone\nö"}
    rewritten(path, {"facts": hostile})
    facts = load(str(path)).facts
    assert not {"planted", "signs"} & set(facts)
    assert (facts["device"], facts["architecture"]) == ("cpu", "small(classes=16, width=4)")
    assert facts["note"] == "\\x1b[2Jgone\\nö"


def test_a_card_of_megabytes(path: Path) -> None:
    rewritten(path, {"facts": {"note": "a-" * 2**22}})
    with pytest.raises(SnellenError, match="characters of its model; expected at most"):
        load(str(path))


def test_what_cannot_be_loaded_is_not_saved(tmp_path: Path) -> None:
    odd = network()
    torch.nn.init.constant_(odd.get_parameter("classifier.bias"), float("nan"))
    with pytest.raises(SnellenError, match="not all finite"):
        save(tmp_path / "m.safetensors", odd, CARD)
    assert not list(tmp_path.iterdir())


def test_what_is_read_can_be_trained_on(path: Path) -> None:
    _, made, digest = read(path)
    made.train()(torch.rand(2, 3, 64, 64)).sum().backward()
    assert all(parameter.grad is not None for parameter in made.parameters())
    assert len(digest) == 64
