"""Weight files are read; what hides in them is not run."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from snellen.core import SnellenError
from snellen.models.weights import fill, read, read_array_pickle

STATE = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.ones(2)}
RAN: list[str] = []


def spring() -> None:
    RAN.append("unpickled")


class Trap:
    """Unpickling it leaves a trace."""

    def __reduce__(self) -> tuple[object, ...]:
        return spring, ()


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_safetensors_and_pickles(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "w.safetensors")
    torch.save(STATE, tmp_path / "w.pth")
    torch.save({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in STATE.items()}}, tmp_path / "w.pt")
    assert all(equal(read(tmp_path / name), STATE) for name in ("w.safetensors", "w.pth", "w.pt"))


def test_a_trap_is_refused_and_named_and_only_trust_springs_it(tmp_path: Path) -> None:
    path = tmp_path / "trap.pth"
    torch.save({"state_dict": STATE, "extra": Trap()}, path)
    RAN.clear()
    with pytest.raises(SnellenError, match=r"trap\.pth is a pickle that holds more than weights.*safetensors.*--trust"):
        read(path)
    assert RAN == []
    assert equal(read(path, trust=True), STATE)
    assert RAN == ["unpickled"]


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_damaged_files(tmp_path: Path, name: str) -> None:
    torch.save(STATE, tmp_path / "w.pth")
    save_file(STATE, tmp_path / "w.safetensors")
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(SnellenError, match="save it again"):
        read(path)


@pytest.mark.parametrize(
    ("name", "message"), [("none.pth", "expected a file that exists"), ("w.txt", "expected .safetensors or one of")]
)
def test_other_mistakes(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "w.txt").touch()
    with pytest.raises(SnellenError, match=message):
        read(tmp_path / name)


def test_what_is_no_state_dict(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(SnellenError, match="holds list; expected a state dict"):
        read(tmp_path / "list.pth")


def test_weights_of_another_architecture() -> None:
    with pytest.raises(SnellenError, match="do not fit Linear"):
        fill(torch.nn.Linear(4, 2), STATE, "w.pth")
    layer = torch.nn.Linear(3, 2)
    fill(layer, STATE, "w.pth")
    assert torch.equal(layer.weight, STATE["weight"])


def test_array_pickles_hold_arrays_only(tmp_path: Path) -> None:
    arrays = {"conv": [np.arange(6, dtype=np.float32).reshape(2, 3), np.zeros(2)]}
    path = tmp_path / "w.pkl"
    path.write_bytes(pickle.dumps(arrays, protocol=3))
    found = read_array_pickle(path)
    assert all(np.array_equal(a, b) for a, b in zip(found["conv"], arrays["conv"], strict=True))

    buffer = io.BytesIO()
    pickle.dump({"conv": Trap()}, buffer)
    path.write_bytes(buffer.getvalue())
    RAN.clear()
    with pytest.raises(SnellenError, match=r"names \S+\.spring; expected NumPy arrays only"):
        read_array_pickle(path)
    assert RAN == []
