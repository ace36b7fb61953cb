"""ONNX files of the shapes exporters make."""

from pathlib import Path

import numpy as np
import pytest

from snellen.core import Preprocessing, SnellenError, Unsupported
from snellen.labels import custom
from snellen.models import load
from snellen.models.onnx import OnnxModel

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 3, 16, 16), dtype=np.uint8)
RAW = Preprocessing((16, 16))
FLOAT, HALF, INT = 1, 10, 6


def write(path: Path, shape: list[object], kind: int = FLOAT, axes: tuple[int, int] = (2, 3), inputs: int = 1) -> Path:
    """A graph that answers with the mean of each channel, times one, two and three."""
    helper = onnx.helper
    given = [helper.make_tensor_value_info(f"images{i or ''}", kind, shape) for i in range(inputs)]
    answer = helper.make_tensor_value_info("logits", kind, [shape[0], 3])
    scale = helper.make_tensor("scale", kind, [3], np.array([1, 2, 3]))
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=axes, keepdims=0),
        helper.make_node("Mul", ["mean", "scale"], ["logits"]),
    ]
    graph = helper.make_graph(nodes, "means", given, [answer], [scale])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


EXPECTED = PIXELS.mean((2, 3)) / 255 * [1, 2, 3]


@pytest.mark.parametrize(
    ("shape", "axes", "kind"),
    [
        (["n", 3, 16, 16], (2, 3), FLOAT),
        (["n", 3, "h", "w"], (2, 3), FLOAT),
        (["n", 16, 16, 3], (1, 2), FLOAT),
        ([1, 3, 16, 16], (2, 3), FLOAT),
        ([2, 3, 16, 16], (2, 3), FLOAT),
        ([8, 3, 16, 16], (2, 3), FLOAT),
        (["n", 3, 16, 16], (2, 3), HALF),
    ],
    ids=["nchw", "any size", "nhwc", "one at a time", "two at a time", "eight at a time", "half"],
)
def test_shapes(tmp_path: Path, shape: list[object], axes: tuple[int, int], kind: int) -> None:
    model = OnnxModel(write(tmp_path / "m.onnx", shape, kind, axes), preprocessing=RAW)
    logits = model.logits(model.asarray(PIXELS))
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, EXPECTED, rtol=2e-3 if kind == HALF else 1e-5)


def test_preprocessing_is_assumed_and_said_so(tmp_path: Path) -> None:
    path = write(tmp_path / "m.onnx", ["n", 3, 16, 16])
    model = load(path)
    assert model.preprocessing.size == (16, 16)
    assert "assumed" in model.facts["preprocessing"]
    mean, std = np.array(model.preprocessing.mean), np.array(model.preprocessing.std)
    expected = (PIXELS.mean((2, 3)) / 255 - mean) / std * [1, 2, 3]
    np.testing.assert_allclose(model.logits(model.asarray(PIXELS)), expected, atol=1e-4)
    swapped = load(path, preprocessing=Preprocessing((16, 16), channels="BGR"))
    np.testing.assert_allclose(swapped.logits(swapped.asarray(PIXELS)), PIXELS.mean((2, 3))[:, ::-1] / 255 * [1, 2, 3], atol=1e-4)


def test_a_black_box(tmp_path: Path) -> None:
    model = load(str(write(tmp_path / "m.onnx", ["n", 3, 16, 16])))
    assert model.abilities == frozenset()
    with pytest.raises(Unsupported):
        model.vjp(PIXELS)


def test_id_is_of_the_contents(tmp_path: Path) -> None:
    one = OnnxModel(write(tmp_path / "a.onnx", ["n", 3, 16, 16]))
    copy = OnnxModel(write(tmp_path / "b.onnx", ["n", 3, 16, 16]))
    other = OnnxModel(write(tmp_path / "c.onnx", ["m", 3, 16, 16]))
    assert one.id == copy.id
    assert len({one.id, other.id, OnnxModel(tmp_path / "a.onnx", preprocessing=RAW).id}) == 3
    assert one.facts["device"] in ("cpu", "cuda")


@pytest.mark.parametrize("location", ["weights.bin", "m.onnx.data", "parts/w" + "x" * 150])
def test_id_is_of_the_weights_outside_too(tmp_path: Path, location: str) -> None:
    path, weights = write(tmp_path / "m.onnx", ["n", 3, 16, 16]), tmp_path / location
    weights.parent.mkdir(exist_ok=True)
    graph = onnx.load(path)
    scale = graph.graph.initializer[0]
    values = np.array(scale.float_data, np.float32)
    scale.ClearField("float_data")
    scale.raw_data = values.tobytes()
    onnx.external_data_helper.set_external_data(scale, location=location)
    weights.write_bytes(scale.raw_data)
    scale.ClearField("raw_data")
    path.write_bytes(graph.SerializeToString())
    before = OnnxModel(path, preprocessing=RAW)
    np.testing.assert_allclose(before.logits(before.asarray(PIXELS)), EXPECTED, rtol=1e-5)
    weights.write_bytes((2 * values).tobytes())
    after = OnnxModel(path, preprocessing=RAW)
    np.testing.assert_allclose(after.logits(after.asarray(PIXELS)), 2 * EXPECTED, rtol=1e-5)
    assert before.id != after.id


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": 2}, "has 2 inputs"),
        ({"shape": ["n", 1, 16, 16]}, "expected floats of shape"),
        ({"shape": ["n", 3, 16, 16], "kind": INT}, "expected floats of shape"),
    ],
)
def test_graphs_that_take_no_images(tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(SnellenError, match=message):
        OnnxModel(write(tmp_path / "m.onnx", **{"shape": ["n", 3, 16, 16], **change}))  # type: ignore[arg-type]


def test_other_mistakes(tmp_path: Path) -> None:
    with pytest.raises(SnellenError, match="expected an ONNX file that exists"):
        load(str(tmp_path / "none.onnx"))
    (tmp_path / "broken.onnx").write_bytes(b"not a graph")
    with pytest.raises(SnellenError, match="cannot be run by ONNX Runtime"):
        load(str(tmp_path / "broken.onnx"))
    path = write(tmp_path / "m.onnx", ["n", 3, 16, 16])
    with pytest.raises(SnellenError, match="takes images of 16x16"):
        load(path, preprocessing=Preprocessing((32, 32)))
    with pytest.raises(SnellenError, match="returned 3 logits an image; expected 2"):
        load(path, labels=custom("ab")).logits(PIXELS / np.float32(255))
