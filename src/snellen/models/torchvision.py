"""Classifiers of torchvision, with its weights, those of a name (resnet50@IMAGENET1K_V1) or those in a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from snellen.core import Interpolation, Model, Preprocessing, SnellenError
from snellen.models.names import labels_of
from snellen.models.options import at_file, need

if TYPE_CHECKING:
    from snellen.models.options import Options

EXAMPLE = "torchvision:resnet50"


def load(rest: str, options: Options) -> Model:
    """A classifier by torchvision's name: its best weights, those of a name (`NAME@WEIGHTS`), or those in a file (`NAME@FILE`).

    Raises:
        SnellenError: torchvision is missing, knows no such name, or the weights cannot be had or trusted.
    """
    torchvision = need("torchvision", "torchvision")
    from snellen.models.devices import best_device
    from snellen.models.torch import TorchModel

    name, file = at_file(rest)
    name, _, wanted = name.partition("@")
    try:
        weights = torchvision.models.get_model_weights(name)[wanted or "DEFAULT"]
    except (ValueError, KeyError) as error:
        raise SnellenError(f"torchvision has no {rest!r} ({error}): see torchvision.models.list_models()") from error
    try:
        network = _from_file(name, file, options.trust) if file else torchvision.models.get_model(name, weights=weights)
    except (OSError, RuntimeError) as error:
        raise SnellenError(
            f"the weights {weights} cannot be had ({error}): download them and name the file, {name}@FILE"
        ) from error
    meta = {} if file else weights.meta
    accuracy = meta.get("_metrics", {}).get("ImageNet-1K", {}).get("acc@1")
    return TorchModel(
        network.to(best_device(options.device)).eval(),
        name=options.name or f"torchvision:{rest}",
        labels=options.labels or labels_of(meta.get("categories") or (), _classes(network.state_dict())),
        preprocessing=options.preprocessing or preprocessing_of(weights.transforms()),
        facts={
            "weights": str(file or weights),
            **({"accuracy": f"{accuracy} % top-1 on the ImageNet validation set, as published"} if accuracy else {}),
            "from": f"torchvision {torchvision.__version__}",
        },
    )


def preprocessing_of(transform: Any) -> Preprocessing:
    """The numbers of torchvision's own evaluation transform."""
    (crop,), (resize,) = transform.crop_size, transform.resize_size
    return Preprocessing(
        size=(crop, crop),
        resize=resize,
        interpolation=cast("Interpolation", transform.interpolation.value),
        mean=tuple(transform.mean),
        std=tuple(transform.std),
    )


def _from_file(name: str, file: Path, trust: bool) -> Any:
    """The architecture with as many classes as its last layer of weights has rows in the file."""
    import torch

    from snellen.models.weights import fill, read

    torchvision = need("torchvision", "torchvision")
    state = read(file, trust)
    with torch.device("meta"):
        usual = torchvision.models.get_model(name, weights=None).state_dict()
    classes = _classes({key: state.get(key, value) for key, value in usual.items()})
    network = torchvision.models.get_model(name, weights=None, num_classes=classes)
    fill(network, state, file)
    return network


def _classes(state: Mapping[str, Any]) -> int:
    """How many rows the last layer of weights has: in torchvision, always the classifier."""
    return len([value for value in state.values() if value.ndim > 1][-1])
