"""ONNX files, run by ONNX Runtime: answers only, on whatever made them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from snellen.core import Model, Preprocessing, SnellenError
from snellen.labels import printable
from snellen.models.fingerprint import identity
from snellen.models.options import need
from snellen.models.pixels import checked, normalised, unit_range

if TYPE_CHECKING:
    from snellen.core import Labels
    from snellen.models.options import Options

EXAMPLE = "path/model.onnx"
SIDE = 224
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}


@final
class OnnxModel(Model):
    """A graph with one input of images, (N, 3, H, W) or (N, H, W, 3), and logits (N, K) as its first output.

    A size left open is 224. Graphs made for a fixed number of images get that number, padded with black. `mean` and `std` of
    the preprocessing are applied here; ImageNet's unless given. Pass mean 0 and std 1 if the graph normalises for itself.

    Raises:
        SnellenError: the file is no ONNX graph, or its inputs are not images.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str | None = None,
        labels: Labels | None = None,
        preprocessing: Preprocessing | None = None,
        device: str = "auto",
    ) -> None:
        self._session = _session(path, device)
        self._input, self._last, self._batch, size = _images_input(self._session, path)
        self._type = _TYPES[self._input.type]
        self.name = printable(name or path.name)
        self.labels = labels
        usual = Preprocessing(
            size or (SIDE, SIDE), round(min(size or (SIDE, SIDE)) / 0.875), mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
        )
        self.preprocessing = preprocessing or usual
        if size and self.preprocessing.size != size:
            raise SnellenError(
                f"{path} takes images of {size[0]}x{size[1]}, got a preprocessing of {self.preprocessing.size}: give the same size"
            )
        self.facts = {
            "framework": f"ONNX Runtime ({', '.join(self._session.get_providers())})",
            "file": printable(path.name),
            "device": "cuda" if any("CUDA" in provider for provider in self._session.get_providers()) else "cpu",
            **({} if preprocessing else {"preprocessing": "assumed, as the file does not say: ImageNet's usual"}),
        }
        self.id, _ = identity(_digest(path), None, self.preprocessing, labels)

    def asarray(self, images: np.ndarray) -> np.ndarray:
        """(N, 3, H, W) uint8 or float → float32 in [0, 1]."""
        return unit_range(images)

    def logits(self, images: np.ndarray) -> np.ndarray:
        """The first output of the graph, as float32 (N, K)."""
        x = normalised(images, self.preprocessing)
        x = np.ascontiguousarray(x.transpose(0, 2, 3, 1) if self._last else x, dtype=self._type)
        step = self._batch or len(x)
        logits = np.concatenate([self._run(x[start : start + step]) for start in range(0, len(x), step)])
        return checked(logits, len(images), self.name, self.labels)

    def _run(self, x: np.ndarray) -> np.ndarray:
        n = len(x)
        if self._batch and n < self._batch:
            x = np.concatenate([x, np.zeros((self._batch - n, *x.shape[1:]), x.dtype)])
        output = np.asarray(self._session.run(None, {self._input.name: x})[0])
        flat = output.reshape(output.shape[:2]) if output.ndim == 4 and output.shape[2:] == (1, 1) else output
        return flat[:n].astype(np.float32)


def load(rest: str, options: Options) -> OnnxModel:
    """The graph in a file."""
    return OnnxModel(
        Path(rest), name=options.name, labels=options.labels, preprocessing=options.preprocessing, device=options.device
    )


def _session(path: Path, device: str) -> Any:
    onnxruntime = need("onnxruntime", "onnx")
    if not path.is_file():
        raise SnellenError(f"got {path}; expected an ONNX file that exists: check the path")
    usable = onnxruntime.get_available_providers()
    gpu = "CUDAExecutionProvider"
    if device.startswith("cuda") and gpu not in usable:
        raise SnellenError(
            f"got the device {device!r}, but this ONNX Runtime has only {', '.join(usable)}; install onnxruntime-gpu or use cpu"
        )
    wanted = ["CPUExecutionProvider"] if device == "cpu" or gpu not in usable else [gpu, "CPUExecutionProvider"]
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), settings, providers=wanted)
    except Exception as error:  # ONNX Runtime's errors share no base class
        raise SnellenError(f"{path} cannot be run by ONNX Runtime ({str(error)[:200]}): export it again") from error


def _images_input(session: Any, path: Path) -> tuple[Any, bool, int | None, tuple[int, int] | None]:
    """The input, whether channels come last, the fixed number of images if any, and the fixed size if any."""
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(i.name for i in inputs)
        raise SnellenError(f"{path} has {len(inputs)} inputs ({names}); expected one, of images: export the classifier alone")
    shape = [side if isinstance(side, int) else None for side in inputs[0].shape]
    if len(shape) != 4 or 3 not in (shape[1], shape[3]) or inputs[0].type not in _TYPES:
        raise SnellenError(
            f"{path} takes {inputs[0].type} of shape {inputs[0].shape}; expected floats of shape (N, 3, H, W) or (N, H, W, 3): "
            "export the classifier alone, with images as its input"
        )
    last = shape[1] != 3
    height, width = shape[1:3] if last else shape[2:]
    return inputs[0], last, shape[0], (height, width) if height and width else None


def _digest(path: Path) -> str:
    """SHA-256 of the file, and of every file of weights that it names."""
    graph = path.read_bytes()
    sha = hashlib.sha256(hashlib.sha256(graph).digest())
    for part in sorted({path.parent / name for name in _external(graph)}):
        if part.is_file():
            with part.open("rb") as file:
                sha.update(hashlib.file_digest(file, "sha256").digest())
    return sha.hexdigest()


def _external(graph: bytes) -> set[str]:
    """Where a graph keeps weights outside of itself: the value beside each key "location", a length and as many bytes of text."""
    found = set()
    for entry in re.finditer(rb"\x0a\x08location\x12([\x80-\xff]*[\x00-\x7f])", graph):
        length = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(entry[1]))
        found.add(graph[entry.end() : entry.end() + length].decode("utf-8", "surrogateescape"))
    return {name for name in found if "\0" not in name}
