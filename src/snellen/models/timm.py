"""PyTorch Image Models (timm), with weights from its hub, or in a file (resnet18@weights.safetensors)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from snellen.core import Interpolation, Model, Preprocessing, SnellenError
from snellen.models.names import labels_of
from snellen.models.options import at_file, need

if TYPE_CHECKING:
    from snellen.models.options import Options

EXAMPLE = "timm:resnet50.a1_in1k"


def load(rest: str, options: Options) -> Model:
    """A model by timm's name, from a folder that timm saved, or with the weights in a file (`NAME@FILE`).

    Raises:
        SnellenError: timm is missing, knows no such name, or the weights cannot be had or trusted.
    """
    timm = need("timm", "timm")
    resolve_model_data_config = need("timm.data", "timm").resolve_model_data_config
    from snellen.models.devices import best_device
    from snellen.models.torch import TorchModel

    name, file = at_file(rest)
    try:
        network = _from_file(name, file, options.trust) if file else timm.create_model(_folder(name), pretrained=True)
    except (RuntimeError, OSError) as error:
        raise SnellenError(f"timm cannot make {name!r} ({error}): see timm.list_models(pretrained=True)") from error
    config = cast("dict[str, Any]", network.pretrained_cfg)
    return TorchModel(
        network.to(best_device(options.device)).eval(),
        name=options.name or f"timm:{rest}",
        labels=options.labels or labels_of(list(config.get("label_names") or ()), network.num_classes),
        preprocessing=options.preprocessing or preprocessing_of(resolve_model_data_config(network)),
        facts={
            "weights": str(file or config.get("hf_hub_id") or config.get("url") or config.get("file") or _folder(name)),
            "licence": "not stated" if file else str(config.get("license") or "not stated"),
            "from": f"timm {timm.__version__}",
        },
    )


def preprocessing_of(config: dict[str, Any]) -> Preprocessing:
    """The data configuration of a network, read as timm's evaluation transform reads it."""
    _, height, width = config["input_size"]
    squash = config.get("crop_mode") == "squash"
    return Preprocessing(
        size=(height, width),
        resize=None if squash else int(min(height, width) / config["crop_pct"]),
        interpolation=cast("Interpolation", config["interpolation"]),
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
    )


def _folder(name: str) -> str:
    return f"local-dir:{name}" if Path(name).is_dir() else name


def _from_file(name: str, file: Path, trust: bool) -> Any:
    """The architecture with as many classes as the classifier in the file has."""
    from snellen.models.weights import fill, read

    timm = need("timm", "timm")
    state = read(file, trust)
    layer = timm.get_pretrained_cfg_value(name, "classifier")
    last = state.get(f"{layer}.weight") if isinstance(layer, str) else None
    network = timm.create_model(name, num_classes=len(last)) if last is not None else timm.create_model(name)
    fill(network, state, file)
    return network
