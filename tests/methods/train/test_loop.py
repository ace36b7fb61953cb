"""The training loop learns, repeats itself bit for bit, survives being killed, and says what is wrong."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen.core import SnellenError
from snellen.methods.train.augment import AUGMENTATIONS
from snellen.methods.train.evaluate import evaluate
from snellen.methods.train.history import Epoch, History
from snellen.methods.train.loop import train
from snellen.methods.train.pgd import Pgd
from snellen.methods.train.settings import Training

from .blobs import blobs, net, same

QUICK = Training(epochs=4, batch_size=16, learning_rate=0.02)
IMAGES = blobs()
HELD_OUT = blobs(seed=1)


def fixed(epoch: int) -> tuple[np.ndarray, np.ndarray]:
    return IMAGES


def fresh(epoch: int) -> tuple[np.ndarray, np.ndarray]:
    return blobs(seed=100 + epoch)


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
@pytest.mark.parametrize("schedule", ["one-cycle", "cosine"])
def test_it_learns(optimiser: Any, schedule: Any) -> None:
    network = net()
    settings = replace(QUICK, epochs=10, optimiser=optimiser, schedule=schedule)
    history = train(network, fresh, settings, held_out=HELD_OUT)
    assert history.epochs[0].loss > history.final.loss
    assert history.final.held_out_accuracy is not None
    assert history.final.held_out_accuracy > 0.9
    assert not network.training
    assert evaluate(network, *HELD_OUT)[1] / 64 == history.final.held_out_accuracy


def test_the_same_seed_gives_the_same_weights_and_another_does_not() -> None:
    networks = [net(dropout=0.3) for _ in range(3)]
    hooks = {"augment": [kind(share=0.3) for kind in AUGMENTATIONS.values()], "adversary": Pgd(steps=2)}
    histories = [train(n, fresh, replace(QUICK, seed=seed), **hooks) for n, seed in zip(networks, (3, 3, 4), strict=True)]
    assert same(networks[0], networks[1])
    assert histories[0] == histories[1]
    assert not same(networks[0], networks[2])


def test_global_generators_are_left_as_found() -> None:
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    before = torch.get_rng_state()
    train(net(dropout=0.3), fixed, QUICK, adversary=Pgd(steps=1))
    assert torch.equal(torch.get_rng_state(), before)
    assert np.random.random() == np.random.RandomState(5).random()  # noqa: NPY002


class Killed(Exception):
    """Stands for a power cut."""


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
@pytest.mark.parametrize("epoch", [0, 1, 3])
def test_a_killed_training_ends_as_if_it_had_not_been(tmp_path: Path, epoch: int, optimiser: Any) -> None:
    path = tmp_path / "training"
    settings = replace(QUICK, optimiser=optimiser, patience=3)
    hooks: dict[str, Any] = {"held_out": HELD_OUT, "augment": [AUGMENTATIONS["noise"]()]}
    whole = net(dropout=0.3)
    expected = train(whole, fresh, settings, **hooks)

    def cut(at: int) -> tuple[np.ndarray, np.ndarray]:
        if at == epoch:
            raise Killed
        return fresh(at)

    with pytest.raises(Killed):
        train(net(dropout=0.3), cut, settings, **hooks, checkpoint=path)
    seen: list[int] = []
    again = net(seed=9, dropout=0.3) if epoch else net(dropout=0.3)
    history = train(again, fresh, settings, **hooks, checkpoint=path, progress=seen.append)
    assert same(again, whole)
    assert history == expected
    assert sum(seen) == 64 * 4
    assert [p.name for p in tmp_path.iterdir()] == ["training"]


def test_a_finished_training_is_not_trained_again(tmp_path: Path) -> None:
    first, second = net(), net(seed=1)
    history = train(first, fixed, QUICK, checkpoint=tmp_path / "c")
    assert train(second, lambda epoch: pytest.fail("trained again"), QUICK, checkpoint=tmp_path / "c") == history
    assert same(first, second)


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c"
    train(net(), fixed, QUICK, checkpoint=path, recipe="a")
    for settings, recipe in ((replace(QUICK, learning_rate=0.01), "a"), (QUICK, "b")):
        with pytest.raises(SnellenError, match="of a training with other settings"):
            train(net(), fixed, settings, checkpoint=path, recipe=recipe)
    with pytest.raises(SnellenError, match="is of another network"):
        train(nn.Sequential(nn.Flatten(), nn.Linear(768, 4)), fixed, QUICK, checkpoint=path, recipe="a")


@pytest.mark.parametrize("content", [b"", b"nothing like it", (8).to_bytes(8, "little") + b"{}      "])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(SnellenError, match=r"is not a whole checkpoint .*delete it"):
        train(net(), fixed, QUICK, checkpoint=tmp_path / "c")


def test_patience_stops_and_brings_back_the_best_weights() -> None:
    network = net()
    kept: dict[int, nn.Module] = {}

    def told(at: int, epoch: Epoch) -> None:
        kept[at] = net()
        kept[at].load_state_dict(network.state_dict())

    wrong = (HELD_OUT[0], (HELD_OUT[1] + 1) % 4)  # the better the training goes, the worse the held-out loss
    history = train(network, fixed, replace(QUICK, epochs=30, patience=2), held_out=wrong, told=told)
    losses = [epoch.held_out_loss for epoch in history.epochs]
    assert len(losses) < 30
    assert history.kept == losses.index(min(x for x in losses if x is not None)) == len(losses) - 3
    assert same(network, kept[history.kept])
    assert not same(network, kept[len(losses) - 1])


def test_further_losses_count() -> None:
    def small(network: nn.Module, images: Tensor, targets: Tensor, logits: Tensor) -> Tensor:
        return 10 * logits.square().mean()

    plain, tame = net(), net()
    train(plain, fixed, QUICK)
    train(tame, fixed, QUICK, losses=[small])
    x = torch.from_numpy(HELD_OUT[0]).float() / 255
    assert tame(x).abs().mean() < 0.5 * plain(x).abs().mean()


def test_label_smoothing_tames_confidence() -> None:
    sure, humble = net(), net()
    train(sure, fixed, replace(QUICK, epochs=20))
    train(humble, fixed, replace(QUICK, epochs=20, label_smoothing=0.5))
    x = torch.from_numpy(HELD_OUT[0]).float() / 255
    assert humble(x).softmax(1).amax(1).mean() < 0.8 < sure(x).softmax(1).amax(1).mean()


def test_every_image_is_seen_once_an_epoch_in_even_steps() -> None:
    sizes: list[int] = []
    images, targets = blobs(50)
    seen: list[Tensor] = []

    def watch(batch: Tensor, generator: torch.Generator) -> Tensor:
        sizes.append(len(batch))
        seen.append(batch)
        return batch

    train(net(), lambda epoch: (images, targets), replace(QUICK, epochs=1), augment=[watch])
    assert sizes == [17, 17, 16]
    shown = {image.numpy().tobytes() for batch in seen for image in (batch * 255).round().to(torch.uint8).contiguous()}
    assert shown == {image.tobytes() for image in images}


def broken(batch: Tensor, generator: torch.Generator) -> Tensor:
    return batch * float("nan")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"supply": lambda epoch: (IMAGES[0].astype(np.float32), IMAGES[1])}, "got images float32"),
        ({"supply": lambda epoch: (IMAGES[0][:0], IMAGES[1][:0])}, "at least one"),
        ({"supply": lambda epoch: (IMAGES[0], IMAGES[1][:5])}, "index of a class for each"),
        ({"supply": lambda epoch: (IMAGES[0], IMAGES[1] - 1)}, "index of a class for each"),
        ({"supply": lambda epoch: (IMAGES[0], IMAGES[1] + 1)}, "got the target 4; expected less than 4"),
        ({"augment": [broken]}, "the loss became nan in epoch 1, step 1 of 4.*lower the learning rate"),
        ({"settings": replace(QUICK, patience=2)}, "no held-out images"),
        ({"network": nn.Identity()}, "no parameters to train"),
    ],
)
def test_mistakes_are_sentences(change: dict[str, Any], message: str) -> None:
    given = {"network": net(), "supply": fixed, "settings": QUICK} | change
    with pytest.raises(SnellenError, match=message):
        train(**given)


@pytest.mark.parametrize(
    "wrong",
    [
        ("epochs", 0),
        ("batch_size", 0),
        ("learning_rate", float("nan")),
        ("label_smoothing", 1.0),
        ("optimiser", "lion"),
        ("amp", "on"),
    ],
)
def test_settings_out_of_range(wrong: tuple[str, Any]) -> None:
    settings = Training()
    object.__setattr__(settings, *wrong)
    with pytest.raises(SnellenError, match=f"got {wrong[0]} = "):
        settings.__post_init__()


def test_the_rate_rises_and_falls() -> None:
    for schedule in ("one-cycle", "cosine"):
        settings = Training(schedule=schedule, learning_rate=2.0, warm_up=0.25)
        rates = [settings.rate(at / 100) for at in range(101)]
        assert max(rates) == rates[25] == 2.0
        assert rates == sorted(rates[:26]) + sorted(rates[26:], reverse=True)
        assert rates[100] < 1e-12
    assert Training(warm_up=0.0).rate(0.0) == Training().learning_rate


def test_the_history_adds_up() -> None:
    epochs = (Epoch(10, 1.0, 0.5, seconds=2.0), Epoch(10, 0.5, 0.7, seconds=3.0))
    history = History(epochs, kept=0)
    assert history.final is epochs[0]
    assert history.seconds == 5.0
