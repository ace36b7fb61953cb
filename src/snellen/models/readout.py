"""Read-outs: a classifier fitted on the features of a model, on labelled images the user names."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Literal, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snellen.core import Images, Model, SnellenError, Unsupported
from snellen.models.features import Features
from snellen.models.torch import TorchModel

if TYPE_CHECKING:
    from snellen.core import Labels

Kind = Literal["knn", "linear"]
NEIGHBOURS, TEMPERATURE = 20, 0.07
"""Of the nearest-neighbour read-out (wu-2018)."""
BATCH = 32
VERSION = 1


@final
class Backbone(Model):
    """A model that ends in features: it answers nothing until a read-out is fitted."""

    def __init__(self, model: TorchModel) -> None:
        self.network = model.module
        self.name, self.id, self.facts, self.preprocessing = model.name, model.id, model.facts, model.preprocessing
        self.labels = None
        self.fitted_on = model.fitted_on
        self._model = model

    def asarray(self, images: np.ndarray) -> Tensor:
        """(N, 3, H, W) uint8 or float → float32 in [0, 1]."""
        return self._model.asarray(images)

    def logits(self, images: Tensor) -> Tensor:
        """Always raises `Unsupported`, with the remedy."""
        raise Unsupported(
            f"{self.name} has features but no classifier: name labelled images to fit one on (readout=images, or --readout FOLDER)"
        )

    def features(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) → (N, D)."""
        return self._model.logits(images)


def fit(model: Model, images: Images, kind: Kind = "knn") -> TorchModel:
    """`model`'s features with a classifier fitted on `images`; its answers are the categories of `images`.

    "knn" lets the 20 most similar images vote (cosine similarity, weights exp(similarity / 0.07); wu-2018) and gives log
    probabilities. "linear" is multinomial logistic regression on standardised features with an L2 penalty of weight 1.
    Gradients go through either. Examine the result on other images than those it was fitted on: `fitted_on` has their digests.

    Raises:
        Unsupported: the model shows no features.
        SnellenError: `kind` is unknown, or fewer than two categories of `images` can be read.
    """
    if kind not in ("knn", "linear"):
        raise SnellenError(f"got the read-out {kind!r}; expected knn or linear")
    network = _network(model)
    features, truth, rows = _collect(model, images)
    if images.labels is None or len(np.unique(truth)) < 2:
        raise SnellenError(
            f"{images.name} gives {len(np.unique(truth))} categories to fit a read-out on; expected at least two: "
            "name a folder with a sub-folder a category"
        )
    device = features.device
    classes = torch.as_tensor(truth, device=device)
    head = _knn(features, classes, images.labels) if kind == "knn" else _linear(features, classes, images.labels)
    what = {"model": model.id, "images": images.id, "kind": kind, "version": VERSION, "labels": images.labels.keys}
    says = {"knn": f"cosine k-NN, k = {min(NEIGHBOURS, len(truth))}", "linear": "multinomial logistic regression"}[kind]
    left_out = len(images) - len(rows)
    skipped = f" ({left_out} unreadable or unlabelled left out)" if left_out else ""
    return TorchModel(
        nn.Sequential(OrderedDict(backbone=network, readout=head)).to(device),
        name=f"{model.name} + {kind}",
        labels=images.labels,
        preprocessing=model.preprocessing,
        classifier="readout",
        facts={
            **model.facts,
            "read-out": f"{says}, on {len(truth)} images of {images.name}{skipped}",
            "fitted on": f"{images.name}, {len(truth)} images (set {images.id[:12]}): examine it on others",
        },
        id=json.dumps(what),
        fitted_on=frozenset(images.facts["digest"].gather(rows).to_list()) if "digest" in images.facts.columns else frozenset(),
    )


@final
class NearestNeighbours(nn.Module):
    """(N, D) features → (N, K) log probabilities, by the vote of the `k` most similar of a bank of unit vectors."""

    def __init__(self, bank: Tensor, votes: Tensor, k: int, temperature: float = TEMPERATURE) -> None:
        super().__init__()
        self.bank, self.votes = nn.Buffer(bank), nn.Buffer(votes)
        self.k, self.temperature = k, temperature

    def forward(self, features: Tensor) -> Tensor:
        """(N, D) → (N, K), never below log 1e-12."""
        similarity, nearest = (F.normalize(features, dim=1) @ self.bank.T).topk(self.k)
        shares = (similarity / self.temperature).softmax(1)
        return torch.einsum("nk,nkc->nc", shares, self.votes[nearest]).clamp_min(1e-12).log()


def _network(model: Model) -> nn.Module:
    match model:
        case Backbone():
            return model.network
        case TorchModel():
            return Features(model.module, model.classifier)
    raise Unsupported(f"{model.name} cannot be given a read-out: expected a PyTorch model that shows its features")


def _collect(model: Model, images: Images) -> tuple[Tensor, np.ndarray, list[int]]:
    """Features (N, D), the index of each image's category (N,), and the rows of these images: readable, with a category."""
    from snellen.images.stream import parts

    categories = images.facts["category"].to_list()
    place = {key: at for at, key in enumerate(images.labels.keys if images.labels else ())}
    rows = [row for row, category in enumerate(categories) if category in place]
    found: list[Tensor] = []
    used: list[int] = []
    for part in parts(images, model.preprocessing, [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]):
        if part.rows:
            found.append(model.features(model.asarray(part.pixels)))
            used += part.rows
    features = torch.cat(found) if found else torch.empty(0, 1)
    return features, np.array([place[categories[row]] for row in used], dtype=np.int64), used


def _knn(features: Tensor, classes: Tensor, labels: Labels) -> NearestNeighbours:
    votes = F.one_hot(classes, len(labels)).float()
    return NearestNeighbours(F.normalize(features, dim=1), votes, min(NEIGHBOURS, len(features)))


def _linear(features: Tensor, classes: Tensor, labels: Labels) -> nn.Linear:
    """The penalty is on the weights for standardised features; the standardisation is folded into the layer."""
    x = features.double()
    mean, spread = x.mean(0), x.std(0, correction=0).clamp_min(1e-6)
    x = (x - mean) / spread
    weight = x.new_zeros(len(labels), x.shape[1]).requires_grad_()
    bias = x.new_zeros(len(labels)).requires_grad_()
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=500, tolerance_grad=1e-7, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = F.cross_entropy(x @ weight.T + bias, classes) + weight.square().sum() / (2 * len(x))
        value.backward()
        return value

    with torch.inference_mode(False), torch.enable_grad():
        optimiser.step(loss)
    layer = nn.Linear(x.shape[1], len(labels))
    with torch.no_grad():
        layer.weight.copy_(weight / spread)
        layer.bias.copy_(bias - (weight / spread) @ mean)
    return layer
