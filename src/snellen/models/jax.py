"""Functions of JAX, with parameters or without: answers and gradients down to the pixels, compiled once a shape."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, final

import numpy as np

from snellen.core import Labels, Model, Preprocessing, SnellenError, Unsupported
from snellen.labels import printable
from snellen.models.fingerprint import fingerprint, identity
from snellen.models.function import DEFAULT
from snellen.models.options import need
from snellen.models.pixels import Layout, checked, normalised, unit_range

if TYPE_CHECKING:
    from snellen.models.options import Options

jax = need("jax", "jax")

JaxArray: TypeAlias = Any
Tree: TypeAlias = Any
"""What JAX calls a pytree: arrays in nested containers."""
_NNX, _LINEN = "flax.nnx.module.Module", "flax.linen.module.Module"


@final
class JaxModel(Model):
    """A function of JAX arrays from normalised images to logits (N, K), one that `jax.jit` takes.

    Passes are compiled once for each size of image and, so that a batch which shrinks does not compile anew each time, for few
    sizes of batch: others are filled up by at most a quarter. Where the arrays of `parameters` lie, the passes run.

    Args:
        function: `function(images)`, or `function(parameters, images)` where there are parameters. Batch statistics, dropout and
            keys are its own matter: it should answer as it does in use.
        parameters: a pytree of arrays.
        layout: how images are handed to it: (N, H, W, 3) or (N, 3, H, W).
        features: a function of the same arguments that gives the input of the last layer, (N, D).
        name: how reports call it; the function's name unless given.
        labels: its list of answers.
        preprocessing: what stands between files and the function; 224x224 in [0, 1] unless given.
        facts: provenance to print.
        id: in place of the hash of code and parameters.
    """

    def __init__(
        self,
        function: Callable[..., JaxArray],
        parameters: Tree = None,
        *,
        layout: Layout = "NHWC",
        features: Callable[..., JaxArray] | None = None,
        name: str | None = None,
        labels: Labels | None = None,
        preprocessing: Preprocessing | None = None,
        facts: Mapping[str, str] | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        self.name = printable(name or getattr(function, "__name__", type(function).__name__))
        self.labels = labels
        self.preprocessing = preprocessing or DEFAULT
        self._parameters = () if parameters is None else (parameters,)
        self._function, self._features, self._last = function, features, layout == "NHWC"
        leaves, structure = jax.tree.flatten(parameters)
        self._device = next(iter(leaves[0].devices())) if leaves and hasattr(leaves[0], "devices") else jax.devices()[0]
        self.id, doubts = identity((function, str(structure), leaves, layout), id, self.preprocessing, labels)
        self.facts = {
            "framework": f"JAX {jax.__version__}",
            **({"parameters": f"{sum(np.size(leaf) for leaf in leaves):,}"} if leaves else {}),
            "device": "cuda" if self._device.platform == "gpu" else self._device.platform,
            **({} if preprocessing else {"preprocessing": "assumed, as nothing was given: 224x224, not normalised"}),
            **doubts,
            **(facts or {}),
        }
        self._forward = jax.jit(self._answer)
        self._embed = jax.jit(self._embedded)
        self._forward_for_pull = jax.jit(lambda parameters, images: jax.vjp(functools.partial(self._answer, parameters), images))
        self._pull = jax.jit(lambda pull, cotangent: pull(cotangent)[0])

    @property
    def abilities(self) -> frozenset[str]:
        """Gradients, and features where a function for them was given."""
        return super().abilities - (set() if self._features else {"features"})

    def asarray(self, images: np.ndarray) -> JaxArray:
        """(N, 3, H, W) uint8 or float → float32 in [0, 1], on the device of the parameters."""
        return jax.device_put(unit_range(images), self._device)

    def logits(self, images: JaxArray) -> JaxArray:
        """(N, 3, H, W) → float32 (N, K); raises SnellenError where the function returns anything else."""
        return self._forward(self._parameters, _filled(images))[: len(images)]

    def vjp(self, images: JaxArray) -> tuple[JaxArray, Callable[[JaxArray], JaxArray]]:
        """Logits, and `pull`, which may be called any number of times."""
        n = len(images)
        logits, back = self._forward_for_pull(self._parameters, _filled(images))

        def pull(cotangent: JaxArray) -> JaxArray:
            rest = [(0, len(logits) - n), (0, 0)]
            return self._pull(back, jax.numpy.pad(cotangent, rest))[:n]

        return logits[:n], pull

    def features(self, images: JaxArray) -> JaxArray:
        """(N, 3, H, W) → float32 (N, D); raises Unsupported unless a function for features was given."""
        if self._features is None:
            raise Unsupported(f"{self.name} does not show its features: give JaxModel(..., features=FUNCTION) to have them")
        return self._embed(self._parameters, _filled(images))[: len(images)]

    def _answer(self, parameters: tuple[Tree, ...], images: JaxArray) -> JaxArray:
        logits = self._function(*parameters, self._normalise(images))
        if not hasattr(logits, "shape"):
            raise SnellenError(f"{self.name} returned {type(logits).__name__}; expected an array of logits (N, classes)")
        return checked(logits, len(images), self.name, self.labels).astype("float32")

    def _embedded(self, parameters: tuple[Tree, ...], images: JaxArray) -> JaxArray:
        return self._features(*parameters, self._normalise(images)).astype("float32")  # type: ignore[misc]

    def _normalise(self, images: JaxArray) -> JaxArray:
        images = normalised(images, self.preprocessing)
        return images.transpose(0, 2, 3, 1) if self._last else images


def wrap(thing: Any, options: Options) -> JaxModel:
    """A compiled function of JAX, a module of Flax's NNX, or a Linen module that is bound to its variables."""
    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(thing).__mro__}
    parameters, id_ = None, options.id
    name = options.name or (type(thing).__name__ if kinds & {_NNX, _LINEN} else None)
    if _NNX in kinds:
        thing, parameters, id_ = _nnx(thing, id_)
    elif _LINEN in kinds:
        thing, parameters = _linen(thing)
    return JaxModel(thing, parameters, name=name, labels=options.labels, preprocessing=options.preprocessing, id=id_)


def _nnx(module: Any, id_: str | None) -> tuple[Callable[..., JaxArray], Tree, str]:
    """A copy in evaluation mode as a function of its state, the state, and what identifies both."""
    nnx = need("flax.nnx", "jax")
    copy = nnx.merge(*nnx.split(module))
    copy.eval()
    graph, state = nnx.split(copy)

    def function(state: Tree, images: JaxArray) -> JaxArray:
        return nnx.merge(graph, state)(images)

    arrays = [leaf for leaf in jax.tree.leaves(state) if not jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key)]
    return function, state, id_ or fingerprint(type(module), re.sub(r" at 0x[0-9a-f]+", "", repr(graph)), arrays).digest


def _linen(module: Any) -> tuple[Callable[..., JaxArray], Tree]:
    if module.scope is None:
        name = type(module).__name__
        raise SnellenError(f"got the module {name} without variables; expected it bound to them: {name}(...).bind(variables)")
    free, variables = module.unbind()
    return free.apply, variables


def _filled(images: JaxArray) -> JaxArray:
    """More copies of the last image, up to the next of the sizes 1 to 8, 10, 12, 14, 16, 20, 24 …: four in each octave."""
    n = len(images)
    step = 1 << max(0, n.bit_length() - 3)
    size = -(-n // step) * step
    return images if size == n else jax.numpy.take(images, np.minimum(np.arange(size), n - 1), axis=0)
