"""Calibrated models: what passes through, and the file that they come from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from snellen import load
from snellen.core import Preprocessing, SnellenError, Unsupported
from snellen.labels import sixteen
from snellen.models.calibrated import Calibrated, read_card, save
from snellen.models.function import FunctionModel
from snellen.scaling import Platt, Temperature, Vector
from tests.patients import NAMES, draw, patient
from tests.validity.toys import write

PIXELS = draw(np.arange(8), np.arange(8))
CODE = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.arange(32.0).reshape(16, 2) / 10)

    def forward(self, x):
        return torch.stack([x.mean((1, 2, 3)), x.amax((1, 2, 3))], 1) @ self.weight.T
"""
RAW = Preprocessing((64, 64))


@pytest.mark.parametrize("scaling", [Temperature(2.0), Platt(0.5, 0.1), Vector((0.5,) * 16, (0.1,) * 16)])
def test_gradients_and_features_pass_through(scaling):
    base = patient(gain=2.0)
    model = Calibrated(base, scaling)
    images = model.asarray(PIXELS)
    given, scaled = base.logits(images), model.logits(images)
    assert isinstance(scaled, torch.Tensor)
    np.testing.assert_allclose(scaled, scaling(given.numpy()), rtol=1e-6)
    logits, pull = model.vjp(images)
    torch.testing.assert_close(logits, scaled)
    cotangent = torch.ones(8, 16)
    _, below = base.vjp(images)
    expected = below(torch.as_tensor(scaling.pull(given.numpy(), cotangent.numpy()), dtype=torch.float32))
    torch.testing.assert_close(pull(cotangent), expected)
    assert model.abilities == base.abilities
    assert model.labels == base.labels


def test_probabilities_are_scaled_as_their_logarithm():
    def shares(images):
        p = np.zeros((len(images), 3))
        p[:, 0], p[:, 1] = 0.8, 0.2
        return p

    model = Calibrated(FunctionModel(shares, name="shares"), Temperature(2.0), probabilities=True)
    logits = model.logits(model.asarray(PIXELS))
    assert np.isneginf(logits[:, 2]).all()
    odds = logits[:, 0] - logits[:, 1]
    np.testing.assert_allclose(odds, np.log(4) / 2, rtol=1e-6)
    with pytest.raises(Unsupported, match="gives no gradients"):
        model.vjp(model.asarray(PIXELS))


def test_the_id_is_of_base_and_scaling():
    base = patient()
    ids = {base.id, Calibrated(base, Temperature(2.0)).id, Calibrated(base, Temperature(3.0)).id}
    ids |= {Calibrated(patient(gain=3.0), Temperature(2.0)).id, Calibrated(base, Platt(1.0, 0.0)).id}
    assert len(ids) == 5
    assert Calibrated(base, Temperature(2.0)).id == Calibrated(base, Temperature(2.0)).id


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(CODE)
    name = f"{tmp_path}/net.py:Net"
    base = load(name, labels=sixteen(), preprocessing=RAW)
    save(tmp_path / "calibrated.json", Calibrated(base, Temperature(2.0), fitted_on=frozenset({"a", "b"})), name, sixteen(), RAW)
    return tmp_path / "calibrated.json"


def test_a_file_gives_the_same_model_again(saved: Path, tmp_path: Path):
    model = load(saved, trust=True)
    base = load(f"{tmp_path}/net.py:Net", labels=sixteen(), preprocessing=RAW)
    assert model.id == Calibrated(base, Temperature(2.0)).id
    assert model.fitted_on == {"a", "b"}
    assert model.labels is not None
    assert model.labels.keys == NAMES
    images = model.asarray(PIXELS)
    torch.testing.assert_close(model.logits(images), base.logits(images) / 2)
    assert load(saved, trust=True, name="mine").name == "mine"


def test_a_file_moves_with_the_file_it_names(tmp_path: Path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    base = write(here / "net.safetensors")
    save(here / "c.json", Calibrated(load(base), Temperature(2.0)), str(base))
    assert read_card(here / "c.json").base == "net.safetensors"
    here.rename(there)
    assert load(there / "c.json").name == "net + temperature"


def test_another_model_below_is_refused(saved: Path, tmp_path: Path):
    (tmp_path / "net.py").write_text(CODE.replace("/ 10", "/ 11"))
    with pytest.raises(SnellenError, match="was fitted for another"):
        load(saved, trust=True)


def test_code_is_not_run_unasked(saved: Path, tmp_path: Path):
    (tmp_path / "net.py").write_text("raise RuntimeError('it ran')")
    with pytest.raises(SnellenError, match=r"names the code net\.py:Net"):
        load(saved)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"scaling": {"method": "temperature", "temperature": -1}}, "above 0"),
        ({"scaling": {"method": "magic"}}, "scaling"),
        ({"scaling": {"method": "platt", "slope": "NaN", "intercept": 0}}, "platt"),
        ({"base": 3}, "base"),
        ({"version": 99}, "version 99"),
        ({"base": "other.json"}, "another calibration"),
    ],
)
def test_a_damaged_file_is_a_sentence(saved: Path, change: dict[str, object], says: str):
    saved.write_text(json.dumps({**json.loads(saved.read_text()), **change}))
    with pytest.raises(SnellenError, match=says):
        load(saved, trust=True)


def test_what_is_no_such_file(tmp_path: Path):
    with pytest.raises(SnellenError, match="a file that exists"):
        load(tmp_path / "none.json")
    (tmp_path / "list.json").write_text("[1, 2")
    with pytest.raises(SnellenError, match="what `snellen treat calibrate` writes"):
        load(tmp_path / "list.json")
    model = Calibrated(patient(), Temperature(2.0))
    with pytest.raises(SnellenError, match="or an older one"):
        save(tmp_path / "list.json", model, "zoo:squeezenet")
    with pytest.raises(SnellenError, match=r"ends in \.json"):
        save(tmp_path / "model.txt", model, "zoo:squeezenet")
    with pytest.raises(SnellenError, match="not calibrated yet"):
        save(tmp_path / "new.json", model, "calibrated.json")
