"""Read-outs turn features into answers."""

import numpy as np
import pytest
import torch
from torch import nn

from snellen.core import Images, Preprocessing, SnellenError, Unsupported
from snellen.images.memory import open_array
from snellen.models import load
from snellen.models.function import FunctionModel
from snellen.models.readout import Backbone, NearestNeighbours, fit
from snellen.models.torch import TorchModel

RAW = Preprocessing((4, 4))
NAMES = ("red", "green", "blue")


class Colours(nn.Module):
    """Its features are the mean of each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3, 7)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(x.mean((2, 3)))


def coloured(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 3
    pixels = rng.integers(0, 120, (n, 3, 4, 4))
    pixels[np.arange(n), truth] += 60
    return pixels.astype(np.uint8), truth


def images(n: int = 60, seed: int = 0) -> Images:
    pixels, truth = coloured(n, seed)
    return open_array(pixels, [NAMES[k] for k in truth], name="colours", labels="custom")


@pytest.fixture(scope="module")
def model() -> TorchModel:
    return TorchModel(Colours(), name="colours", preprocessing=RAW)


@pytest.mark.parametrize("kind", ["knn", "linear"])
def test_read_outs_learn_and_answer_with_the_categories_of_the_images(model: TorchModel, kind: str) -> None:
    read = fit(model, images(), kind)  # type: ignore[arg-type]
    pixels, truth = coloured(30, seed=1)
    logits = read.logits(read.asarray(pixels))
    assert read.labels is not None
    answered = [read.labels.keys[k] for k in logits.argmax(1)]
    assert np.mean([a == NAMES[k] for a, k in zip(answered, truth, strict=True)]) > 0.9
    assert "60 images of colours" in read.facts["read-out"]
    torch.testing.assert_close(read.features(read.asarray(pixels)), model.features(model.asarray(pixels)))
    _, pull = read.vjp(read.asarray(pixels))
    assert pull(torch.eye(3)[truth]).abs().sum() > 0


def test_neighbours_vote_by_similarity() -> None:
    bank = torch.eye(3)
    head = NearestNeighbours(bank, torch.eye(3), k=2, temperature=0.5)
    query = torch.tensor([[0.8, 0.6, 0.0]])
    near, next_ = np.exp(0.8 / 0.5), np.exp(0.6 / 0.5)
    expected = [near / (near + next_), next_ / (near + next_), 1e-12]
    np.testing.assert_allclose(head(10 * query).exp()[0], expected, rtol=1e-5)


def test_linear_is_penalised_logistic_regression(model: TorchModel) -> None:
    """At the optimum the gradient of the loss on the data balances that of the penalty."""
    pixels, truth = coloured(60, seed=0)
    read = fit(model, images(), "linear")
    features = model.features(model.asarray(pixels)).double()
    standard = (features - features.mean(0)) / features.std(0, correction=0)
    head = read.module.get_submodule("readout")
    assert isinstance(head, nn.Linear)
    assert read.labels is not None
    weight = head.weight.detach().double() * features.std(0, correction=0)
    named = torch.tensor([read.labels.keys.index(NAMES[k]) for k in truth])
    residual = head(features.float()).detach().double().softmax(1) - nn.functional.one_hot(named, 3)
    torch.testing.assert_close(residual.T @ standard, -weight, atol=1e-3, rtol=1e-3)


def test_id_names_model_images_and_kind(model: TorchModel) -> None:
    ids = [fit(model, images(), "knn").id, fit(model, images(), "linear").id, fit(model, images(seed=5), "knn").id]
    assert len(set(ids)) == 3
    assert fit(model, images(), "knn").id == ids[0]


def test_a_read_out_names_the_images_it_was_fitted_on(model: TorchModel) -> None:
    given = images(30)
    read = fit(model, given)
    assert read.fitted_on == frozenset(given.facts["digest"])
    assert not read.fitted_on & frozenset(images(30, seed=9).facts["digest"])
    assert model.fitted_on == frozenset()
    assert read.facts["fitted on"].startswith("colours, 30 images")
    assert read.facts["device"] == "cpu"


def test_a_backbone_answers_only_once_read_out() -> None:
    backbone = Backbone(TorchModel(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), name="bare", preprocessing=RAW))
    assert backbone.abilities == {"features"}
    assert backbone.labels is None
    assert backbone.facts["device"] == "cpu"
    pixels, _ = coloured(30, seed=1)
    with pytest.raises(Unsupported, match="has features but no classifier: name labelled images"):
        backbone.logits(backbone.asarray(pixels))
    by_default, linear = load(backbone, readout=images()), load(backbone, readout=("linear", images()))
    assert (by_default.name, linear.name) == ("bare + knn", "bare + linear")
    assert by_default.logits(by_default.asarray(pixels)).shape == (30, 3)
    assert by_default.abilities == linear.abilities == {"gradients", "features", "layers"}


def test_mistakes(model: TorchModel) -> None:
    with pytest.raises(SnellenError, match="expected knn or linear"):
        fit(model, images(), "forest")  # type: ignore[arg-type]
    with pytest.raises(SnellenError, match="gives 1 categories to fit"):
        fit(model, open_array(coloured(3, 0)[0], ["red"] * 3, name="all red", labels="custom"))
    with pytest.raises(Unsupported, match="cannot be given a read-out"):
        fit(FunctionModel(lambda x: x), images())
