"""One small network with the same weights on every framework, as models of 16x16 images with five classes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from snellen.core import Model, Preprocessing
from snellen.models.torch import TorchModel

PREPROCESSING = Preprocessing(size=(16, 16), mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
CLASSES = 5


def weights(seed: int = 0) -> dict[str, np.ndarray]:
    """Of two convolutions and a linear layer, in the layout of PyTorch."""
    rng = np.random.default_rng(seed)
    shapes = {"conv1": (8, 3, 3, 3), "conv2": (16, 8, 3, 3), "fc": (CLASSES, 16)}
    drawn = {name: rng.normal(0, 1.5 / np.sqrt(np.prod(shape[1:])), shape) for name, shape in shapes.items()}
    biases = {f"{name}_bias": rng.normal(0, 0.1, shape[0]) for name, shape in shapes.items()}
    return {name: values.astype(np.float32) for name, values in {**drawn, **biases}.items()}


def on_torch() -> TorchModel:
    """The reference."""
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.Tanh(), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, CLASSES)
    )
    with torch.no_grad():
        for layer, name in ((0, "conv1"), (2, "conv2"), (6, "fc")):
            part: Any = net[layer]
            part.weight.copy_(torch.from_numpy(weights()[name]))
            part.bias.copy_(torch.from_numpy(weights()[f"{name}_bias"]))
    return TorchModel(net, preprocessing=PREPROCESSING)


def jax_function() -> Callable[..., Any]:
    """`function(parameters, images)` of (N, H, W, 3)."""
    import jax
    from jax import numpy as jnp

    def convolution(x: Any, kernel: Any, bias: Any) -> Any:
        return jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "OIHW", "NHWC")) + bias

    def function(p: dict[str, Any], images: Any) -> Any:
        x = jnp.tanh(convolution(images, p["conv1"], p["conv1_bias"]))
        x = jax.nn.relu(convolution(x, p["conv2"], p["conv2_bias"])).mean(axis=(1, 2))
        return x @ p["fc"].T + p["fc_bias"]

    return function


def on_jax() -> Model:
    """A function with parameters."""
    import jax

    from snellen.models.jax import JaxModel

    parameters = {name: jax.numpy.asarray(values) for name, values in weights().items()}
    return JaxModel(jax_function(), parameters, preprocessing=PREPROCESSING)


def on_flax() -> Model:
    """A module of Flax."""
    from flax import nnx
    from jax import numpy as jnp

    from snellen.models import load

    w = {name: jnp.asarray(values) for name, values in weights().items()}

    class Net(nnx.Module):
        def __init__(self, rngs: nnx.Rngs) -> None:
            self.conv1 = nnx.Conv(3, 8, (3, 3), padding="VALID", rngs=rngs)
            self.conv2 = nnx.Conv(8, 16, (3, 3), padding="VALID", rngs=rngs)
            self.fc = nnx.Linear(16, CLASSES, rngs=rngs)

        def __call__(self, images: Any) -> Any:
            return self.fc(nnx.relu(self.conv2(jnp.tanh(self.conv1(images)))).mean((1, 2)))

    net = Net(nnx.Rngs(0))
    for part, name in ((net.conv1, "conv1"), (net.conv2, "conv2")):
        part.kernel[...], part.bias[...] = w[name].transpose(2, 3, 1, 0), w[f"{name}_bias"]
    net.fc.kernel[...], net.fc.bias[...] = w["fc"].T, w["fc_bias"]
    return load(net, preprocessing=PREPROCESSING)


def keras_network(softmax: bool = False) -> Any:
    """Layers of Keras."""
    import keras

    layers = keras.layers
    net = keras.Sequential(
        [
            layers.Input((16, 16, 3)),
            layers.Conv2D(8, 3, activation="tanh"),
            layers.Conv2D(16, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.5),
            layers.Dense(CLASSES, activation="softmax" if softmax else None),
        ]
    )
    w = weights()
    for layer, name in ((net.layers[0], "conv1"), (net.layers[1], "conv2")):
        layer.set_weights([w[name].transpose(2, 3, 1, 0), w[f"{name}_bias"]])
    net.layers[-1].set_weights([w["fc"].T, w["fc_bias"]])
    return net


def on_keras() -> Model:
    """Keras on the backend that it runs."""
    from snellen.models import load

    return load(keras_network(), preprocessing=PREPROCESSING)


def on_tensorflow() -> Model:
    """A function of TensorFlow that wants its channels first, as far as a CPU can do that."""
    import tensorflow as tf

    from snellen.models.tensorflow import TensorflowModel

    w = {name: tf.constant(values) for name, values in weights().items()}

    def function(images: Any) -> Any:
        x = tf.transpose(images, (0, 2, 3, 1))
        x = tf.tanh(tf.nn.conv2d(x, tf.transpose(w["conv1"], (2, 3, 1, 0)), 1, "VALID") + w["conv1_bias"])
        x = tf.nn.relu(tf.nn.conv2d(x, tf.transpose(w["conv2"], (2, 3, 1, 0)), 1, "VALID") + w["conv2_bias"])
        return tf.reduce_mean(x, (1, 2)) @ tf.transpose(w["fc"]) + w["fc_bias"]

    return TensorflowModel(function, layout="NCHW", preprocessing=PREPROCESSING)
