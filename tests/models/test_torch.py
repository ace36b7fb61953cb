"""Modules are examined as they stand, and left as they were."""

import functools
import threading

import numpy as np
import pytest
import torch
from torch import nn

from snellen.core import Preprocessing, SnellenError, Unsupported
from snellen.labels import custom, imagenet, integers
from snellen.models.devices import best_device
from snellen.models.torch import TorchModel

from .nets import PLAIN, SCALED, InPlace, Noisy, NoLayers, Scaled, Squeeze, Viewing, WithLogits, conv_net

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 3, 16, 16), dtype=np.uint8)


def model_of(net: nn.Module, preprocessing: Preprocessing = PLAIN) -> TorchModel:
    return TorchModel(net, preprocessing=preprocessing)


def snapshot(net: nn.Module) -> dict[str, object]:
    return {
        "modes": [m.training for m in net.modules()],
        "frozen": [p.requires_grad for p in net.parameters()],
        "grads": [None if p.grad is None else p.grad.clone() for p in net.parameters()],
        "state": {k: v.clone() for k, v in net.state_dict().items()},
        "hooks": [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in net.modules()],
        "rng": torch.get_rng_state(),
    }


def same(a: object, b: object) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.parametrize("act", ["logits", "vjp", "features", "a failing pass"])
def test_module_is_left_as_found(act: str) -> None:
    net = conv_net()
    net[1].eval()
    net[0].weight.requires_grad_(False)
    net(torch.rand(2, 3, 16, 16)).sum().backward()
    model = model_of(net)
    before = snapshot(net)
    images = model.asarray(PIXELS)
    match act:
        case "logits":
            model.logits(images)
        case "vjp":
            logits, pull = model.vjp(images)
            pull(torch.ones_like(logits))
        case "features":
            model.features(images)
        case _:
            with pytest.raises(RuntimeError):
                model.logits(images[:, :2])
    assert same(before, snapshot(net))


def test_logits_are_those_of_the_module_in_eval_mode() -> None:
    net = conv_net()
    logits = model_of(net, SCALED).logits(torch.from_numpy(PIXELS).float() / 255)
    x = torch.from_numpy(PIXELS).double() / 255
    x = (x - torch.tensor(SCALED.mean).double()[:, None, None]) / torch.tensor(SCALED.std).double()[:, None, None]
    with torch.no_grad():
        expected = net.double().eval()(x)
    torch.testing.assert_close(logits, expected.float(), atol=1e-5, rtol=1e-5)


def test_pixels_that_may_not_be_written_to() -> None:
    model = model_of(conv_net())
    locked = PIXELS.copy()
    locked.flags.writeable = False
    assert torch.equal(model.asarray(locked), model.asarray(PIXELS))


def test_bgr_reverses_channels_after_normalising() -> None:
    swap = Preprocessing((16, 16), mean=(0.1, 0.2, 0.3), std=(1.0, 2.0, 3.0), channels="BGR")
    seen = model_of(NoLayers(), swap).logits(torch.full((1, 3, 16, 16), 0.5))
    torch.testing.assert_close(seen[0], torch.tensor([(0.5 - 0.3) / 3, (0.5 - 0.2) / 2, 0.5 - 0.1]))


def test_uint8_and_float_pixels_agree() -> None:
    model = model_of(conv_net())
    assert torch.equal(model.asarray(PIXELS), model.asarray(PIXELS.astype(np.float32) / np.float32(255)))


with torch.random.fork_rng():  # kinks of other weights may lie between the finite differences
    torch.manual_seed(0)
    NETS = [conv_net(), Viewing(), InPlace(), Squeeze(), WithLogits()]


@pytest.mark.parametrize("net", NETS, ids=lambda net: type(net).__name__)
def test_gradients_match_finite_differences_in_pixel_space(net: nn.Module) -> None:
    model = model_of(net, SCALED)
    images = model.asarray(PIXELS[:2])
    kept = images.clone()
    logits, pull = model.vjp(images)
    torch.testing.assert_close(logits, model.logits(images))
    cotangent = torch.randn(logits.shape, generator=torch.Generator().manual_seed(1))
    gradient = pull(cotangent)
    direction = torch.randn(images.shape, generator=torch.Generator().manual_seed(2))
    step = 1e-3
    ahead, behind = ((model.logits(images + sign * step * direction) * cotangent).sum() for sign in (1, -1))
    assert float((gradient * direction).sum()) == pytest.approx(float((ahead - behind) / (2 * step)), rel=0.02, abs=1e-2)
    assert gradient.shape == images.shape
    assert torch.equal(images, kept)


def test_pull_can_be_called_many_times_and_is_linear() -> None:
    model = model_of(conv_net())
    logits, pull = model.vjp(model.asarray(PIXELS))
    one = torch.nn.functional.one_hot(torch.arange(6) % 5, 5).float()
    torch.testing.assert_close(pull(one) + pull(1 - one), pull(torch.ones_like(logits)))


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_gradients_under_the_callers_own_modes(mode: type) -> None:
    model = model_of(conv_net())
    logits, pull = model.vjp(model.asarray(PIXELS))
    expected = pull(torch.ones_like(logits))
    with mode():
        again, pull = model.vjp(model.asarray(PIXELS))
        assert torch.equal(pull(torch.ones_like(again)), expected)


def test_gradients_of_a_detached_network_are_unsupported() -> None:
    class Detached(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.detach().mean((2, 3))

    with pytest.raises(Unsupported, match="gives no gradients"):
        model_of(Detached()).vjp(torch.rand(2, 3, 16, 16))


def test_noise_is_the_same_in_every_pass() -> None:
    model = model_of(Noisy())
    torch.rand(3)
    first = model.logits(model.asarray(PIXELS))
    torch.rand(3)
    assert torch.equal(first, model.logits(model.asarray(PIXELS)))


def test_half_precision_takes_and_gives_float32() -> None:
    net = conv_net()
    full = model_of(net).logits(torch.from_numpy(PIXELS).float() / 255)
    half = model_of(net.to(torch.bfloat16))
    logits, pull = half.vjp(half.asarray(PIXELS))
    assert logits.dtype == torch.float32
    assert pull(torch.ones_like(logits)).dtype == torch.float32
    torch.testing.assert_close(logits, full, atol=0.05, rtol=0.05)


def test_features_are_the_input_of_the_last_layer() -> None:
    net = conv_net()
    model = model_of(net)
    features = model.features(model.asarray(PIXELS))
    with torch.no_grad():
        torch.testing.assert_close(net[6](features), model.logits(model.asarray(PIXELS)))


def test_features_of_a_convolutional_classifier_are_averaged_over_space() -> None:
    net = Squeeze()
    model = model_of(net)
    features = model.features(model.asarray(PIXELS))
    with torch.no_grad():
        torch.testing.assert_close(net.head(features[:, :, None, None])[:, :, 0, 0], model.logits(model.asarray(PIXELS)))


def test_features_that_cannot_be_found_are_unsupported() -> None:
    model = model_of(NoLayers())
    assert model.abilities == {"gradients", "layers"}
    assert model_of(conv_net()).abilities == {"gradients", "features", "layers"}
    with pytest.raises(Unsupported, match="does not show its features"):
        model.features(model.asarray(PIXELS))


def test_id_changes_with_whatever_changes_the_answers() -> None:
    net = conv_net()
    base = model_of(net).id
    assert base == model_of(conv_net()).id
    assert base == model_of(conv_net().eval()).id
    other = conv_net()
    with torch.no_grad():
        other[6].bias[0] += 1e-6
    different = [
        model_of(other).id,
        model_of(net, SCALED).id,
        model_of(conv_net().half()).id,
        TorchModel(net, preprocessing=PLAIN, labels=custom("abcde")).id,
        model_of(nn.Sequential(*net, nn.Identity())).id,
    ]
    assert len({base, *different}) == 6
    assert model_of(Scaled(1.0)).id != model_of(Scaled(2.0)).id


class HeadFirst(nn.Module):
    """Registers its head before its body, whose last layer has another width."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(32, 3)
        self.body = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 32))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x))


def test_labels_are_given_or_found_at_the_first_answer() -> None:
    assert TorchModel(conv_net(2), preprocessing=PLAIN, labels=custom("ab")).labels == custom("ab")
    for net, classes in [(conv_net(1000), 1000), (conv_net(5), 5), (NoLayers(), 3), (HeadFirst(), 3)]:
        model = model_of(net)
        assert model.labels is None
        model.logits(model.asarray(PIXELS))
        assert model.labels == (imagenet() if classes == 1000 else integers(classes))
    assert model_of(HeadFirst()).features(torch.rand(2, 3, 16, 16)).shape == (2, 32)


class Holding(nn.Module):
    """What it computes depends on something it holds that is neither a parameter nor a part."""

    def __init__(self, held: object, buffer: float = 0.0) -> None:
        super().__init__()
        self.held = held
        self.register_buffer("shift", torch.tensor(buffer), persistent=False)


class Config:
    def __init__(self, gain: float) -> None:
        self.gain = gain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Holding(torch.tanh), Holding(torch.relu)),
        (Holding(functools.partial(torch.clamp, min=0)), Holding(functools.partial(torch.clamp, min=1))),
        (Holding(Config(1)), Holding(Config(2))),
        (Holding(None, 1.0), Holding(None, 2.0)),
        (Holding([nn.Linear(2, 2, bias=False)]), Holding([nn.Linear(2, 2)])),
        (torch.compile(Holding(1), backend="eager"), torch.compile(Holding(2), backend="eager")),
        (torch.fx.symbolic_trace(Scaled(1)), torch.fx.symbolic_trace(Scaled(2))),
    ],
    ids=["builtin", "partial", "config", "buffer", "hidden part", "compiled", "traced"],
)
def test_id_changes_with_what_a_module_holds(one: nn.Module, other: nn.Module) -> None:
    assert model_of(one).id == model_of(one).id != model_of(other).id
    assert "identity" not in model_of(one).facts


def test_what_a_module_holds_and_nobody_can_read_is_never_reused() -> None:
    model = model_of(Holding(threading.Lock()))
    assert model.id != model_of(model.module).id
    assert "_thread.lock" in model.facts["identity"]


def test_a_given_id_does_not_hide_preprocessing() -> None:
    net = conv_net()
    assert TorchModel(net, preprocessing=PLAIN, id="v1").id != TorchModel(net, preprocessing=SCALED, id="v1").id


def test_the_device_is_a_fact() -> None:
    assert model_of(conv_net()).facts["device"] == "cpu"


def test_wrong_outputs_are_named() -> None:
    images = torch.rand(2, 3, 16, 16)
    with pytest.raises(SnellenError, match=r"returned 5 logits an image; expected 2"):
        TorchModel(conv_net(5), preprocessing=PLAIN, labels=custom("ab")).logits(images)
    with pytest.raises(SnellenError, match=r"shape \(2, 3, 16, 16\) for 2 images; expected \(2, classes\)"):
        model_of(nn.Identity()).logits(images)
    with pytest.raises(SnellenError, match="returned tuple; expected a tensor"):
        model_of(Tupled()).logits(images)


class Tupled(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (x, x)


def test_devices_that_are_not_there() -> None:
    assert best_device("cpu") == torch.device("cpu")
    with pytest.raises(SnellenError, match="expected one that PyTorch has here"):
        best_device("abacus")


def test_layers_that_were_never_run_are_refused():
    with pytest.raises(SnellenError, match="pass an image through it first"):
        TorchModel(nn.Sequential(nn.Flatten(), nn.LazyLinear(3)))


def test_modules_that_flatten_by_view_are_handed_what_they_bear() -> None:
    class Flattening(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4 * 62 * 62, 3)
            self.layouts: list[bool] = []

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            self.layouts.append(images.is_contiguous(memory_format=torch.channels_last))
            planes = self.conv(images)
            return self.fc(planes.view(len(planes), -1))

    module = Flattening()
    model = TorchModel(module, preprocessing=Preprocessing((64, 64)))
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with pytest.raises(RuntimeError):
        model.logits(images[..., :32])
    assert module.layouts == [True, False]
    with torch.no_grad():
        np.testing.assert_allclose(model.logits(images), module(images), rtol=1e-5, atol=1e-6)
    assert module.layouts[2:4] == [True, False]
    logits, pull = model.vjp(images)
    assert pull(torch.ones_like(logits)).shape == images.shape
    assert module.layouts[5:] == [False]


def test_unwrapped_and_wrapped_again_it_is_the_model_of_another_network() -> None:
    net, other = conv_net(), conv_net(seed=1)
    model = TorchModel(net, name="mine", preprocessing=SCALED, labels=custom("abcde"))
    inside, wrap = model.unwrapped()
    assert inside is net
    images = model.asarray(PIXELS)
    assert torch.equal(wrap(net).logits(images), model.logits(images))
    again = wrap(other)
    assert (again.name, again.labels, again.preprocessing) == (model.name, model.labels, model.preprocessing)
    assert again.id != model.id
    assert torch.equal(again.logits(images), TorchModel(other, preprocessing=SCALED).logits(images))
    assert not torch.equal(again.logits(images), model.logits(images))
