"""One call for every source, and its mistakes named."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snellen import models
from snellen.core import SnellenError
from snellen.labels import custom
from snellen.models import SOURCES, load, sources
from snellen.models.function import FunctionModel
from snellen.models.torch import TorchModel

from .nets import PLAIN, conv_net

CODE = """
import numpy as np
from torch import nn

net = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))

def factory(classes=4):
    return nn.Sequential(nn.Flatten(), nn.Linear(12, classes))

class Own(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(12, 4))

def predict(images):
    return images.mean((2, 3))

number = 3

def finished():
    from snellen.models.function import FunctionModel
    return FunctionModel(predict)
"""


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shed"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "tools.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "shed", raising=False)
    monkeypatch.delitem(sys.modules, "shed.tools", raising=False)
    return folder / "tools.py"


@pytest.mark.parametrize("where", ["shed.tools", "shed/tools.py"])
@pytest.mark.parametrize(
    ("name", "kind"), [("net", TorchModel), ("factory", TorchModel), ("Own", TorchModel), ("predict", FunctionModel)]
)
@pytest.mark.usefixtures("code")
def test_own_code(where: str, name: str, kind: type) -> None:
    path = list(sys.path)
    model = load(f"{where}:{name}")
    assert type(model) is kind
    assert model.logits(model.asarray(np.zeros((2, 3, 2, 2), np.uint8))).shape == (2, 3 if name == "predict" else 4)
    assert sys.path == path


def test_objects() -> None:
    net = conv_net()
    model = load(net, name="mine")
    assert isinstance(model, TorchModel)
    assert model.module is net
    assert model.name == "mine"
    assert load(model) is model
    assert isinstance(load(lambda images: images.mean((2, 3))), FunctionModel)


@pytest.mark.parametrize("option", [{"labels": custom("abc")}, {"preprocessing": PLAIN}, {"name": "other"}, {"id": "v1"}])
@pytest.mark.usefixtures("code")
def test_a_finished_model_takes_no_options(option: dict[str, Any]) -> None:
    assert load("shed.tools:finished").name == "predict"
    for thing in (load(conv_net()), "shed.tools:finished"):
        with pytest.raises(SnellenError, match=f"with {next(iter(option))}=; expected the model alone"):
            load(thing, **option)


def test_a_finished_model_stays_on_its_device() -> None:
    model = load(conv_net())
    assert load(model, device="cpu") is model
    with pytest.raises(SnellenError, match="with device='cuda'; expected the model alone"):
        load(model, device="cuda")


def test_an_id_is_for_code_alone() -> None:
    with pytest.raises(SnellenError, match="got id= with zoo:efficientnet-lite0"):
        load("zoo:efficientnet-lite0", id="v1")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("efficientnet-lite0", "Did you mean zoo:efficientnet-lite0"),
        ("zoo:eficientnet-lite0", "Did you mean zoo:efficientnet-lite0"),
        ("zo:efficientnet-lite0", "Did you mean zoo:efficientnet-lite0|there is no module zo"),
        ("resnet18.safetensors", "name one before it, as in timm:resnet18@resnet18.safetensors"),
        ("nothing like it", "expected one of zoo:NAME"),
        ("no.such.module:net", "there is no module no.such.module"),
        ("none.py:net", "expected a Python file with a model in it, and there is no such file"),
        ("shed.tools:factori", "Did you mean shed.tools:factory"),
        ("shed.tools:number", "got int; expected"),
    ],
)
@pytest.mark.usefixtures("code")
def test_mistakes(name: str, message: str) -> None:
    with pytest.raises(SnellenError, match=message):
        load(name)


def test_a_package_that_own_code_lacks_is_named(code: Path) -> None:
    code.write_text("import a_package_that_is_not_there")
    with pytest.raises(SnellenError, match="needs a_package_that_is_not_there"):
        load("shed.tools:net")


def test_a_module_is_not_moved() -> None:
    with pytest.raises(SnellenError, match=r"move it yourself with \.to\('cuda'\)"):
        load(conv_net(), device="cuda")


@pytest.mark.parametrize("source", [source for source in SOURCES if source not in ("zoo", "patient")])
def test_missing_packages_say_what_to_install(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("timm", "torchvision", "transformers", "keras"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SnellenError, match=r"pip install 'snellen\[(timm|torchvision|huggingface|keras)\]'"):
        load(f"{source}:resnet18")


def test_sources_are_described() -> None:
    listed = sources()
    assert [start for start, _, _ in listed][: len(SOURCES)] == [f"{prefix}:NAME" for prefix in SOURCES]
    assert all(summary.endswith(".") and example for _, summary, example in listed)
    files = {path.stem for path in Path(models.__file__).parent.iterdir()}
    assert set(SOURCES.values()) <= files


def test_listing_imports_no_framework() -> None:
    program = (
        "import sys; from snellen.models import sources, zoo; sources(); zoo.names();"
        "print([name for name in ('torch', 'timm', 'onnxruntime', 'matplotlib', 'scipy') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("failing.py:factory", "NameError: name 'nothing' is not defined"),
        ("failing:factory", "NameError: name 'nothing' is not defined"),
        ("broken_at_import:net", "importing broken_at_import failed: ZeroDivisionError"),
        ("builtins:type", "got type; expected"),
    ],
)
def test_code_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "failing.py").write_text("def factory():\n    return nothing\n")
    (tmp_path / "broken_at_import.py").write_text("1 / 0\n")
    with pytest.raises(SnellenError, match=says):
        load(text)
