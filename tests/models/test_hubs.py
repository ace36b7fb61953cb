"""Models of timm, torchvision and transformers answer as they do in their own libraries; weights are random and local."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

from snellen.core import Preprocessing, SnellenError
from snellen.images.fit import fit
from snellen.labels import imagenet
from snellen.models import load

pytestmark = [pytest.mark.hub, pytest.mark.filterwarnings("default")]

PHOTOGRAPH = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)).resize((300, 225))
"""Of a shape whose crops all libraries place alike: transformers rounds half pixels down, the others to even."""


@pytest.fixture(scope="module", autouse=True)
def _libraries() -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from tests import torchvision_shim  # noqa: F401

    for package in ("timm", "torchvision", "transformers"):
        pytest.importorskip(package)


def pixels(preprocessing: Preprocessing) -> np.ndarray:
    return np.asarray(fit(PHOTOGRAPH, preprocessing)).transpose(2, 0, 1)[None]


def agree(model, expected: Tensor, atol: float = 1e-4) -> None:
    logits = model.logits(model.asarray(pixels(model.preprocessing)))
    torch.testing.assert_close(logits, expected.detach(), atol=atol, rtol=1e-3)


def saved(network: nn.Module, path: Path) -> Path:
    """With batch statistics that make it matter whether they are used."""
    torch.manual_seed(0)
    for name, buffer in network.named_buffers():
        if "running" in name:
            buffer.uniform_(0.5, 1.5)
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path)
    return path


@pytest.mark.parametrize("name", ["resnet18", "convnext_atto", "vit_tiny_patch16_224", "tf_efficientnet_lite0"])
def test_timm(tmp_path: Path, name: str) -> None:
    import timm

    network = timm.create_model(name).eval()
    model = load(f"timm:{name}@{saved(network, tmp_path / 'w.safetensors')}")
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(network), is_training=False)
    agree(model, network(transform(PHOTOGRAPH)[None]))
    assert model.labels == imagenet()
    assert "features" in model.abilities
    model.features(model.asarray(pixels(model.preprocessing)))


def test_timm_with_other_classes_and_from_a_folder(tmp_path: Path) -> None:
    import timm
    from timm.models import save_for_hf

    network = timm.create_model("resnet18", num_classes=7).eval()
    file = saved(network, tmp_path / "w.safetensors")
    assert len(load(f"timm:resnet18@{file}").labels or ()) == 7
    save_for_hf(network, tmp_path / "folder", model_config={"label_names": list("abcdefg")})
    model = load(f"timm:{tmp_path / 'folder'}")
    assert model.labels is not None
    assert model.labels.keys == tuple("abcdefg")
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(network), is_training=False)
    agree(model, network(transform(PHOTOGRAPH)[None]))


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "squeezenet1_1", "swin_t"])
def test_torchvision(tmp_path: Path, name: str) -> None:
    import torchvision

    network = torchvision.models.get_model(name, weights=None).eval()
    model = load(f"torchvision:{name}@{saved(network, tmp_path / 'w.safetensors')}")
    transform = torchvision.models.get_model_weights(name).DEFAULT.transforms()
    agree(model, network(transform(PHOTOGRAPH)[None]))
    assert model.labels == imagenet()
    other = torchvision.models.get_model(name, weights=None, num_classes=7)
    assert len(load(f"torchvision:{name}@{saved(other, tmp_path / 'seven.safetensors')}").labels or ()) == 7


def hugging_face(folder: Path, safe: bool = True) -> nn.Module:
    import transformers

    config = transformers.ViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, image_size=32, patch_size=8,
        id2label={0: "cat", 1: "dog", 2: "owl"},
    )  # fmt: skip
    network = transformers.ViTForImageClassification(config).eval()
    network.save_pretrained(folder)
    if not safe:
        (folder / "model.safetensors").unlink()
        torch.save(network.state_dict(), folder / "pytorch_model.bin")
    return network


def test_hugging_face_squashing_vit(tmp_path: Path) -> None:
    import transformers

    network = hugging_face(tmp_path)
    processor = transformers.ViTImageProcessor(size={"height": 32, "width": 32})
    processor.save_pretrained(tmp_path)
    model = load(f"hf:{tmp_path}")
    agree(model, network(**transformers.AutoImageProcessor.from_pretrained(tmp_path)(PHOTOGRAPH, return_tensors="pt")).logits, 2e-3)
    assert model.labels is not None
    assert model.labels.keys == ("cat", "dog", "owl")
    assert model.preprocessing.resize is None
    assert model.features(model.asarray(pixels(model.preprocessing))).shape == (1, 32)


def test_hugging_face_cropping_convnext(tmp_path: Path) -> None:
    import transformers

    config = transformers.ConvNextConfig(hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1], num_labels=4)
    network = transformers.ConvNextForImageClassification(config).eval()
    network.save_pretrained(tmp_path)
    transformers.ConvNextImageProcessor(size={"shortest_edge": 64}).save_pretrained(tmp_path)
    model = load(f"hf:{tmp_path}")
    agree(model, network(**transformers.AutoImageProcessor.from_pretrained(tmp_path)(PHOTOGRAPH, return_tensors="pt")).logits, 2e-3)
    assert model.preprocessing.size == (64, 64)
    assert model.labels is not None
    assert model.labels.name == "integers"


def test_hugging_face_pickles_and_missing_parts(tmp_path: Path) -> None:
    import transformers

    network = hugging_face(tmp_path, safe=False)
    with pytest.raises(SnellenError, match="cannot be loaded as an image classifier"):
        load(f"hf:{tmp_path}")
    transformers.ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    model = load(f"hf:{tmp_path}")
    torch.testing.assert_close(dict(model.module.named_parameters()), dict(network.named_parameters()))  # type: ignore[attr-defined]
    torch.save({"a": torch.zeros(1), "b": Trap()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(SnellenError, match="a pickle that holds more than weights"):
        load(f"hf:{tmp_path}")


class Trap:
    """No tensor."""


@pytest.mark.parametrize("name", ["timm:resnet1", "torchvision:resnet1", "torchvision:resnet18@NO_SUCH_WEIGHTS"])
def test_unknown_names(name: str) -> None:
    with pytest.raises(SnellenError, match=r"(timm|torchvision) "):
        load(name)


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    import timm

    file = saved(timm.create_model("resnet18"), tmp_path / "w.safetensors")
    for source in ("timm", "torchvision"):
        with pytest.raises(SnellenError, match="do not fit"):
            load(f"{source}:resnet34@{file}")
