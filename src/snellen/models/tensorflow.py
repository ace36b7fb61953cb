"""Functions and modules of TensorFlow: answers and gradients down to the pixels, traced once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, final

import numpy as np

from snellen.core import Labels, Model, Preprocessing, SnellenError, Unsupported
from snellen.labels import printable
from snellen.models.fingerprint import identity
from snellen.models.function import DEFAULT
from snellen.models.options import need
from snellen.models.pixels import Layout, checked, normalised, unit_range

if TYPE_CHECKING:
    from snellen.models.options import Options

tf = need("tensorflow", "tensorflow")

Tensor: TypeAlias = Any


@final
class TensorflowModel(Model):
    """A function of TensorFlow tensors from normalised images to logits (N, K), one that `tf.function` takes.

    Args:
        function: a function, a `tf.function` or a `tf.Module`. Training flags are its own matter: it should answer as in use.
        layout: how images are handed to it: (N, H, W, 3) or (N, 3, H, W).
        features: a function like it that gives the input of the last layer, (N, D).
        name: how reports call it; the function's name unless given.
        labels: its list of answers.
        preprocessing: what stands between files and the function; 224x224 in [0, 1] unless given.
        facts: provenance to print.
        id: in place of the hash of code and variables.
    """

    def __init__(
        self,
        function: Callable[[Tensor], Tensor],
        *,
        layout: Layout = "NHWC",
        features: Callable[[Tensor], Tensor] | None = None,
        name: str | None = None,
        labels: Labels | None = None,
        preprocessing: Preprocessing | None = None,
        facts: Mapping[str, str] | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        code = getattr(function, "python_function", function)
        self.name = printable(name or getattr(code, "__name__", type(function).__name__))
        self.labels = labels
        self.preprocessing = preprocessing or DEFAULT
        self._function, self._features, self._last = function, features, layout == "NHWC"
        variables = [variable.numpy() for variable in getattr(function, "variables", ())]
        self.id, doubts = identity((code, variables, layout), id, self.preprocessing, labels)
        self.facts = {
            "framework": f"TensorFlow {tf.__version__}",
            **({"parameters": f"{sum(values.size for values in variables):,}"} if variables else {}),
            "device": "cuda" if tf.config.list_logical_devices("GPU") else "cpu",
            **({} if preprocessing else {"preprocessing": "assumed, as nothing was given: 224x224, not normalised"}),
            **doubts,
            **(facts or {}),
        }
        self._forward = tf.function(self._answer, autograph=False, reduce_retracing=True)
        self._embed = tf.function(self._embedded, autograph=False, reduce_retracing=True)

    @property
    def abilities(self) -> frozenset[str]:
        """Gradients, and features where a function for them was given."""
        return super().abilities - (set() if self._features else {"features"})

    def asarray(self, images: np.ndarray) -> Tensor:
        """(N, 3, H, W) uint8 or float → float32 in [0, 1]."""
        return tf.convert_to_tensor(unit_range(images))

    def logits(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) → float32 (N, K); raises SnellenError where the function returns anything else."""
        return self._checked(self._forward(images), images)

    def vjp(self, images: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Logits, and `pull`, which may be called any number of times; raises Unsupported where TensorFlow cannot follow."""
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(images)
            logits = self._checked(self._forward(images), images)

        def pull(cotangent: Tensor) -> Tensor:
            pulled = tape.gradient(logits, images, output_gradients=cotangent)
            if pulled is None:
                raise Unsupported(
                    f"{self.name} gives no gradients: its logits do not depend on its input in a way TensorFlow can follow"
                )
            return pulled

        return logits, pull

    def features(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) → float32 (N, D); raises Unsupported unless a function for features was given."""
        if self._features is None:
            raise Unsupported(f"{self.name} does not show its features: give TensorflowModel(..., features=FUNCTION) to have them")
        return self._embed(images)

    def _answer(self, images: Tensor) -> Any:
        logits = self._function(self._normalise(images))
        return tf.cast(logits, tf.float32) if isinstance(logits, tf.Tensor) else logits

    def _checked(self, logits: Any, images: Tensor) -> Tensor:
        if not isinstance(logits, tf.Tensor):
            raise SnellenError(f"{self.name} returned {type(logits).__name__}; expected a tensor of logits (N, classes)")
        return checked(logits, len(images), self.name, self.labels)

    def _embedded(self, images: Tensor) -> Tensor:
        return tf.cast(self._features(self._normalise(images)), tf.float32)  # type: ignore[misc]

    def _normalise(self, images: Tensor) -> Tensor:
        images = normalised(images, self.preprocessing)
        return tf.transpose(images, (0, 2, 3, 1)) if self._last else images


def wrap(thing: Any, options: Options) -> TensorflowModel:
    """A `tf.function` or a `tf.Module`."""
    return TensorflowModel(thing, name=options.name, labels=options.labels, preprocessing=options.preprocessing, id=options.id)
