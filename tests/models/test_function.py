"""Plain functions are black boxes with an identity."""

import functools
import io
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from snellen.core import Preprocessing, SnellenError, Unsupported
from snellen.labels import custom
from snellen.models.fingerprint import fingerprint
from snellen.models.function import FunctionModel
from snellen.models.installed import version

from .nets import conv_net

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 3, 8, 8), dtype=np.uint8)
NET = conv_net().eval()


def colours(images: np.ndarray) -> np.ndarray:
    return images.mean((2, 3))


@pytest.mark.parametrize("convert", [np.asarray, torch.from_numpy, np.ndarray.tolist], ids=["array", "tensor", "lists"])
def test_whatever_holds_numbers_is_taken(convert) -> None:
    model = FunctionModel(lambda images: convert(colours(images)))
    logits = model.logits(model.asarray(PIXELS))
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, PIXELS.mean((2, 3)) / 255, rtol=1e-5)


def test_pixels_arrive_in_the_unit_range_unless_scaled() -> None:
    seen: list[np.ndarray] = []
    model = FunctionModel(lambda images: (seen.append(images), colours(images))[1])
    model.logits(model.asarray(PIXELS))
    assert seen[0].dtype == np.float32
    assert 0 <= seen[0].min() <= seen[0].max() <= 1
    scaled = FunctionModel(colours, preprocessing=Preprocessing((8, 8), mean=(0.5,) * 3, std=(0.5,) * 3))
    np.testing.assert_allclose(scaled.logits(scaled.asarray(PIXELS)), 2 * colours(PIXELS / 255) - 1, atol=1e-5)


def test_a_black_box_says_what_it_lacks() -> None:
    model = FunctionModel(colours)
    assert model.abilities == frozenset()
    with pytest.raises(Unsupported, match="gives no gradients"):
        model.vjp(PIXELS)
    with pytest.raises(Unsupported, match="does not show its features"):
        model.features(PIXELS)


def test_a_function_of_tensors_is_told_how_to_take_arrays() -> None:
    model = FunctionModel(lambda images: NET(images))
    with pytest.raises(SnellenError, match=r"torch\.from_numpy.*or pass the nn.Module"):
        model.logits(model.asarray(PIXELS))


def test_other_errors_of_the_function_come_out_as_they_are() -> None:
    def broken(images: np.ndarray) -> np.ndarray:
        raise AttributeError("the database is away")

    with pytest.raises(AttributeError, match="the database is away"):
        FunctionModel(broken).logits(PIXELS)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (np.zeros(4), r"shape \(4,\) for 4 images; expected \(4, classes\)"),
        (np.zeros((3, 2)), r"shape \(3, 2\) for 4 images"),
        ("cat", "returned str, which is no array"),
        ([[1, 2], [3]], "returned list, which is no array"),
    ],
)
def test_wrong_returns_are_named(returned: object, message: str) -> None:
    with pytest.raises(SnellenError, match=message):
        FunctionModel(lambda images: returned).logits(PIXELS)


def test_too_few_labels() -> None:
    with pytest.raises(SnellenError, match="returned 3 logits an image; expected 2"):
        FunctionModel(colours, labels=custom("ab")).logits(PIXELS)


def made_with(value: object):
    return lambda images: (value, colours(images))[1]


def through_global(images: np.ndarray) -> np.ndarray:
    return NET(torch.from_numpy(images)).detach()


class Counter:
    def __init__(self, step: float) -> None:
        self.step = step

    def __call__(self, images: np.ndarray) -> np.ndarray:
        return self.step * colours(images)

    def predict(self, images: np.ndarray) -> np.ndarray:
        return self(images)


def digest(thing: object) -> str:
    found = fingerprint(thing)
    assert not found.unknown
    return found.digest


def test_fingerprints_tell_functions_apart_by_what_they_reach() -> None:
    things = [
        colours,
        lambda images: images.max((2, 3)),
        made_with(1.0),
        made_with(2.0),
        made_with("1.0"),
        made_with(np.zeros(3)),
        made_with(np.ones(3)),
        made_with(conv_net(seed=1)),
        made_with(conv_net(seed=2)),
        functools.partial(colours),
        functools.partial(made_with(1), 2),
        Counter(1),
        Counter(2),
        Counter(1).predict,
    ]
    assert len({digest(thing) for thing in things}) == len(things)


def test_fingerprints_are_stable() -> None:
    assert digest(made_with(np.arange(3))) == digest(made_with(np.arange(3)))
    assert digest(made_with(conv_net(seed=3))) == digest(made_with(conv_net(seed=3)))
    assert digest(Counter(1).predict) == digest(Counter(1).predict)
    assert digest({"a": {1, 2, 3}}) == digest({"a": {3, 2, 1}})


@torch.no_grad()
def decorated(images: np.ndarray) -> np.ndarray:
    return NET(torch.from_numpy(images)).numpy()


PROGRAM = """
from tests.models.test_function import Counter, decorated, digest, made_with
from tests.models.nets import Scaled, conv_net
print([digest(x) for x in (decorated, Counter(1).predict, made_with({"a", "b", "c"}), conv_net(), Scaled(2))])
"""


def test_fingerprints_are_the_same_in_every_process() -> None:
    root = Path(__file__).parents[2]
    seen = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            capture_output=True, text=True, check=True, cwd=root, env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(seen) == 1
    assert seen.pop().count("'") == 10


def test_weights_behind_a_global_count() -> None:
    before = digest(through_global)
    with torch.no_grad():
        NET[6].bias += 1
    changed = digest(through_global)
    with torch.no_grad():
        NET[6].bias -= 1
    assert before != changed


def test_equal_tuples_count_alike_whether_they_are_one_object_or_two() -> None:
    one = ("cat", "dog")
    assert fingerprint([one, one]) == fingerprint([one, (*one,)])
    assert fingerprint(("a", "b"), "c") != fingerprint(("a",), "b", "c")


def test_a_cycle_ends() -> None:
    loop: list[object] = [1]
    loop.append(loop)
    assert digest(loop) == digest(loop)


def test_what_cannot_be_identified_is_never_reused_unless_named() -> None:
    lock = threading.Lock()
    function = made_with(lock)
    first, second = FunctionModel(function), FunctionModel(function)
    assert first.id != second.id
    assert "_thread.lock" in first.facts["identity"]
    assert "id=" in first.facts["identity"]
    named = FunctionModel(function, id="version 3")
    assert named.id == FunctionModel(function, id="version 3").id != FunctionModel(function, id="version 4").id
    assert "identity" not in named.facts


def test_a_given_id_does_not_hide_preprocessing_and_labels() -> None:
    given = [
        FunctionModel(colours, id="v1"),
        FunctionModel(colours, id="v1", preprocessing=Preprocessing((8, 8))),
        FunctionModel(colours, id="v1", preprocessing=Preprocessing((8, 8), mean=(0.5,) * 3)),
        FunctionModel(colours, id="v1", labels=custom("abc")),
    ]
    assert len({model.id for model in given}) == 4


class Settings:
    scale = np.ones(3)

    def __init__(self, gain: float) -> None:
        self.gain = gain


class Slotted:
    __slots__ = ("gain",)

    def __init__(self, gain: float) -> None:
        self.gain = gain


def importing(images: np.ndarray) -> np.ndarray:
    from tests.models import nets

    return nets.PLAIN.size[0] * colours(images)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Settings(1), Settings(2)),
        (Slotted(1), Slotted(2)),
        (torch.tanh, torch.relu),
        (torch.float32, torch.float16),
        (np.tanh, np.sin),
        (re.compile("a"), re.compile("b")),
        (functools.partial(torch.clamp, min=0), functools.partial(torch.clamp, min=1)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_of_every_kind_are_told_apart(one: object, other: object) -> None:
    assert digest(made_with(one)) == digest(made_with(one)) != digest(made_with(other))


def test_attributes_of_classes_count(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(Settings(1))
    monkeypatch.setattr(Settings, "scale", np.zeros(3))
    assert digest(Settings(1)) != before


def test_what_a_function_imports_for_itself_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    from . import nets

    before = digest(importing)
    monkeypatch.setattr(nets, "PLAIN", Preprocessing((4, 4)))
    assert digest(importing) != before


def test_versions_of_packages_count(monkeypatch: pytest.MonkeyPatch) -> None:
    functions = [np.mean, lambda images: np.mean(images, (2, 3)), made_with(np.random.default_rng(0))]
    before = [digest(function) for function in functions]
    version.cache_clear()
    monkeypatch.setattr(np, "__version__", "99")
    after = [digest(function) for function in functions]
    version.cache_clear()
    assert all(old != new for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize("thing", [np.frompyfunc(abs, 1, 1), threading.local(), threading.Lock(), io.TextIOWrapper(io.BytesIO())])
def test_hidden_contents_are_unknown(thing: object) -> None:
    assert fingerprint(thing).unknown
    assert fingerprint({thing}).unknown


def test_names_that_are_no_text_can_be_written() -> None:
    FunctionModel(colours, name="caf\udce9").name.encode()
