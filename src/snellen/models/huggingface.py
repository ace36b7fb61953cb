"""Hugging Face image classifiers, by name or from a local folder."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from snellen.core import Interpolation, Model, Preprocessing, SnellenError
from snellen.models.names import labels_of
from snellen.models.options import need

if TYPE_CHECKING:
    from snellen.models.options import Options

EXAMPLE = "hf:microsoft/resnet-50"
_RESAMPLING: Mapping[int, Interpolation] = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box"}  # Pillow's numbers
_SQUASHES_FROM = 384  # ConvNeXt's processor crops images smaller than this, and squashes the others


def load(rest: str, options: Options) -> Model:
    """A classifier of the hub or of a folder, safetensors first; pickles are read for their tensors alone unless trusted.

    Raises:
        SnellenError: transformers is missing, or the model cannot be had, trusted or understood.
    """
    transformers = need("transformers", "huggingface")
    from snellen.models.devices import best_device
    from snellen.models.torch import TorchModel

    try:
        network = transformers.AutoModelForImageClassification.from_pretrained(
            rest, trust_remote_code=options.trust, weights_only=not options.trust
        )
        processor = (
            None
            if options.preprocessing
            else transformers.AutoImageProcessor.from_pretrained(rest, trust_remote_code=options.trust)
        )
    except pickle.UnpicklingError as error:
        raise SnellenError(
            f"the weights in {rest} are a pickle that holds more than weights, and loading it could run any code: save them with "
            "save_pretrained (safetensors), or pass trust=True (--trust) if you trust whoever made it"
        ) from error
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise SnellenError(
            f"{rest} cannot be loaded as an image classifier ({reason}): check the name, or trust=True for code of its own"
        ) from error
    names = network.config.id2label
    return TorchModel(
        network.to(best_device(options.device)),
        name=options.name or f"hf:{rest}",
        labels=options.labels or labels_of([str(names[at]) for at in sorted(names)], len(names)),
        preprocessing=options.preprocessing or preprocessing_of(cast("Any", processor).to_dict()),
        facts={
            "architecture": type(network).__name__,
            "weights": f"{rest} {getattr(network.config, '_commit_hash', None) or ''}".strip(),
            "from": f"transformers {transformers.__version__}",
        },
    )


def preprocessing_of(config: Mapping[str, Any]) -> Preprocessing:
    """The numbers of an image processor, as its own code uses them.

    A processor that squashes an image before it crops is read as one that keeps proportions.

    Raises:
        SnellenError: it scales images in a way Snellen does not know.
    """
    size, resize = _geometry(config)
    resample = int(config.get("resample", 2))
    if resample not in _RESAMPLING:
        raise SnellenError(
            f"got the resampling {resample} in an image processor; expected one of {sorted(_RESAMPLING)}: pass preprocessing="
        )
    unit = 255 * config.get("rescale_factor", 1 / 255) if config.get("do_rescale", True) else 255.0
    offset = 1.0 if config.get("rescale_offset") else 0.0
    normalises = config.get("do_normalize", True)
    mean = tuple(config["image_mean"]) if normalises else (0.0,) * 3
    std = tuple(config["image_std"]) if normalises else (1.0,) * 3
    if config.get("include_top"):  # EfficientNet's processor divides by the deviation a second time
        std = tuple(s * s for s in std)
    return Preprocessing(
        size,
        resize,
        _RESAMPLING[resample],
        mean=tuple((m + offset) / unit for m in mean),
        std=tuple(s / unit for s in std),
    )


def _geometry(config: Mapping[str, Any]) -> tuple[tuple[int, int], int | None]:
    """(the size of the model's images, the length the shorter side is brought to or None for a squash)."""
    size = config.get("size") or {}
    crop = config.get("crop_size") if config.get("do_center_crop") else None
    edge = size.get("shortest_edge") or (min(size["height"], size["width"]) if {"height", "width"} <= set(size) else None)
    if edge is None:
        raise SnellenError(
            f"got an image processor with size {dict(size)}; expected a height and width, or a shortest edge: pass preprocessing="
        )
    if crop:
        return (crop["height"], crop["width"]), edge
    if "height" in size:
        return (size["height"], size["width"]), None
    if "crop_pct" in config and edge < _SQUASHES_FROM:
        return (edge, edge), int(edge / config["crop_pct"])
    return (edge, edge), None if "crop_pct" in config else edge
