"""Keras 3 models, from a .keras file or as they are, on the backend that Keras runs: TensorFlow or JAX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snellen.core import Model, Preprocessing, SnellenError
from snellen.models.fingerprint import fingerprint
from snellen.models.function import DEFAULT
from snellen.models.options import need
from snellen.models.pixels import Layout

if TYPE_CHECKING:
    from snellen.models.options import Options

keras = need("keras", "keras")

EXAMPLE = "keras:path/model.keras"


def load(rest: str, options: Options) -> Model:
    """The model in a .keras file; one that holds code (a lambda), or an older .h5 file, only where that is trusted.

    Raises:
        SnellenError: there is no such file, it needs trust, or Keras cannot read it.
    """
    path = Path(rest)
    if not path.is_file():
        raise SnellenError(f"got {path}; expected a file that `model.save` of Keras wrote: check the path")
    if path.suffix.lower() != ".keras" and not options.trust:
        raise SnellenError(f"{path} is no .keras file, and other formats may run code; save it as .keras, or say --trust")
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=not options.trust)
    except Exception as error:  # Keras raises whatever its parts raise
        told = str(error).partition("\n")[0][:300]
        raise SnellenError(
            f"{path} cannot be loaded by Keras {keras.__version__} ({told}); layers of your own: load it in a file.py:factory; "
            "code inside the file: --trust"
        ) from error
    return wrap(model, replace(options, name=options.name or path.name))


def wrap(model: Any, options: Options) -> Model:
    """A Keras model, asked as in use (`training=False`). The softmax it ends in is left off: attacks need its logits.

    Raises:
        SnellenError: it takes no images, or its backend is neither TensorFlow nor JAX.
    """
    backend = keras.config.backend()
    if backend not in ("tensorflow", "jax"):
        raise SnellenError(
            f"got a Keras model on the backend {backend!r}; expected tensorflow or jax: set KERAS_BACKEND to one of them"
        )
    layout, size = _input(model)
    usual = size or DEFAULT.size
    preprocessing = options.preprocessing or Preprocessing(usual, round(min(usual) / 0.875))
    if size and preprocessing.size != size:
        raise SnellenError(
            f"{model.name} takes images of {size[0]}x{size[1]}, got a preprocessing of {preprocessing.size}: give the same size"
        )
    head, before = _parts(model)
    assumed = {} if options.preprocessing else {"preprocessing": "assumed, as Keras does not say: in [0, 1], not normalised"}
    settings: dict[str, Any] = {
        "layout": layout,
        "name": options.name or model.name,
        "labels": options.labels,
        "preprocessing": preprocessing,
        "facts": {
            "library": f"Keras {keras.__version__}",
            "parameters": f"{model.count_params():,}",
            **assumed,
            **({} if head is model else {"last layer": "its softmax is left off"}),
        },
        "id": options.id or _identity(model, layout),
    }
    if backend == "jax":
        from snellen.models.jax import JaxModel

        embed = None if before is None else _stateless(before, 1)
        return JaxModel(_stateless(head, 0), [_state(head), _state(before)], features=embed, **settings)
    from snellen.models.tensorflow import TensorflowModel

    return TensorflowModel(_in_use(head), features=None if before is None else _in_use(before), **settings)


def _input(model: Any) -> tuple[Layout, tuple[int, int] | None]:
    """Where the channels are, and the size of images if it is fixed."""
    shape = getattr(model, "input_shape", None)
    if shape is None:
        return "NHWC", None
    if not isinstance(shape, tuple) or len(shape) != 4 or 3 not in (shape[1], shape[3]):
        raise SnellenError(f"{model.name} takes an input of shape {shape}; expected images, (N, H, W, 3) or (N, 3, H, W)")
    layout: Layout = "NHWC" if shape[3] == 3 else "NCHW"
    height, width = shape[1:3] if layout == "NHWC" else shape[2:]
    return layout, (height, width) if height and width else None


def _parts(model: Any) -> tuple[Any, Any]:
    """The model up to its logits, and, if it ends in a dense layer, up to what goes into that; a subclassed model as it is."""
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not inputs or not outputs or len(inputs) != 1 or len(outputs) != 1 or model.layers[-1].output is not outputs[0]:
        return model, None
    last, softmax = model.layers[-1], keras.activations.softmax
    if isinstance(last, keras.layers.Softmax) or (isinstance(last, keras.layers.Activation) and last.activation is softmax):
        return keras.Model(inputs[0], last.input), None
    if type(last) is not keras.layers.Dense or len(last.input.shape) != 2:
        return model, None
    before = keras.Model(inputs[0], last.input)
    if last.activation is not softmax:
        return model, before
    linear = keras.layers.Dense.from_config({**last.get_config(), "activation": "linear"})
    head = keras.Model(inputs[0], linear(last.input))
    linear.set_weights(last.get_weights())
    return head, before


def _in_use(part: Any) -> Callable[[Any], Any]:
    def ask(images: Any) -> Any:
        return part(images, training=False)

    return ask


def _stateless(part: Any, at: int) -> Callable[[Any, Any], Any]:
    def ask(states: Any, images: Any) -> Any:
        return part.stateless_call(*states[at], images, training=False)[0]

    return ask


def _state(part: Any) -> Any:
    """The values of all variables, as JAX arrays: those that are trained, and the others."""
    groups = () if part is None else (part.trainable_variables, part.non_trainable_variables)
    return tuple([variable.value for variable in group] for group in groups)


def _identity(model: Any, layout: str) -> str:
    """Of architecture, the code of layers of one's own, and weights. Where Keras cannot tell the architecture: of the class."""
    try:
        architecture = model.to_json()
    except (NotImplementedError, TypeError, ValueError):
        architecture = ""
    kinds = [type(layer) for layer in model._flatten_layers()]
    return fingerprint(architecture, kinds, [variable.numpy() for variable in model.weights], layout).digest
