"""Models of JAX, TensorFlow and Keras answer, and give gradients, as the same network does on PyTorch."""

import functools
import os
import subprocess
import sys

import numpy as np
import pytest

from snellen.arrays import like, namespace, to_numpy, uniform
from snellen.core import Preprocessing, SnellenError, Unsupported
from snellen.models import load
from tests.models import same_network as same

pytestmark = [pytest.mark.frameworks, pytest.mark.filterwarnings("default")]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

PIXELS = np.random.default_rng(1).random((6, 3, 16, 16), dtype=np.float32)
MADE = {"jax": same.on_jax, "tensorflow": same.on_tensorflow, "keras": same.on_keras}


@pytest.fixture(params=MADE)
def model(request):
    pytest.importorskip(request.param)
    return MADE[request.param]()


def test_logits_are_those_of_torch(model) -> None:
    expected = to_numpy(same.on_torch().logits(same.on_torch().asarray(PIXELS)))
    np.testing.assert_allclose(to_numpy(model.logits(model.asarray(PIXELS))), expected, atol=1e-5)
    grey = np.full((1, 3, 16, 16), 128, np.uint8)
    expected = to_numpy(same.on_torch().logits(same.on_torch().asarray(grey)))
    np.testing.assert_allclose(to_numpy(model.logits(model.asarray(grey))), expected, atol=1e-5)


def test_one_forward_serves_many_pulls_and_each_is_that_of_torch(model) -> None:
    reference = same.on_torch()
    logits, pull = model.vjp(model.asarray(PIXELS))
    expected_logits, expected_pull = reference.vjp(reference.asarray(PIXELS))
    np.testing.assert_allclose(to_numpy(logits), to_numpy(expected_logits), atol=1e-5)
    for seed in range(3):
        cotangent = np.random.default_rng(seed).normal(size=(6, same.CLASSES)).astype(np.float32)
        found = pull(like(cotangent, logits))
        assert tuple(found.shape) == PIXELS.shape
        np.testing.assert_allclose(to_numpy(found), to_numpy(expected_pull(like(cotangent, expected_logits))), atol=1e-5)


@pytest.mark.parametrize("n", [1, 5, 9, 11, 17])
def test_a_row_depends_on_its_image_alone(model, n) -> None:
    many = np.random.default_rng(2).random((20, 3, 16, 16), dtype=np.float32)
    logits, pull = model.vjp(model.asarray(many[:n]))
    whole, pull_whole = model.vjp(model.asarray(many))
    np.testing.assert_allclose(to_numpy(logits), to_numpy(whole)[:n], atol=1e-5)
    np.testing.assert_allclose(to_numpy(pull(logits)), to_numpy(pull_whole(whole))[:n], atol=1e-5)


def test_what_is_no_row_of_logits_an_image_is_refused(model) -> None:
    source = type(model)
    flat = source(lambda *arguments: namespace(arguments[-1]).mean(arguments[-1], axis=(1, 2, 3)))
    with pytest.raises(SnellenError, match=r"returned an array of shape \(6,\) for 6 images"):
        flat.logits(flat.asarray(PIXELS))
    named = source(lambda *arguments: {"logits": arguments[-1]})
    with pytest.raises(SnellenError, match="returned dict; expected"):
        named.logits(named.asarray(PIXELS))


def test_identity_is_that_of_code_weights_and_preprocessing(model, request) -> None:
    again = MADE[request.node.callspec.params["model"]]()
    if request.node.callspec.params["model"] != "keras":  # which numbers the names of layers on
        assert model.id == again.id
    assert "identity" not in model.facts


def test_identity_outlives_the_process() -> None:
    pytest.importorskip("jax")
    code = "from tests.models.same_network import on_jax; print(on_jax().id)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == same.on_jax().id


def test_jax_takes_compiled_functions_partials_and_flax() -> None:
    jax = pytest.importorskip("jax")
    made = same.on_jax()
    compiled = functools.partial(jax.jit(same.jax_function()), same.weights())
    model = load(compiled, preprocessing=same.PREPROCESSING)
    assert "gradients" in model.abilities
    np.testing.assert_allclose(
        to_numpy(model.logits(model.asarray(PIXELS))), to_numpy(made.logits(made.asarray(PIXELS))), atol=1e-6
    )
    assert load(functools.partial(compiled), preprocessing=Preprocessing((16, 16))).id != model.id


def test_flax_modules_answer_in_evaluation_mode_and_stay_as_they_are() -> None:
    nnx = pytest.importorskip("flax.nnx")
    linen = pytest.importorskip("flax.linen")
    import jax

    class Net(nnx.Module):
        def __init__(self, rngs) -> None:
            self.norm = nnx.BatchNorm(3, rngs=rngs)
            self.drop = nnx.Dropout(0.5, rngs=rngs)
            self.fc = nnx.Linear(3, 5, rngs=rngs)

        def __call__(self, images):
            return self.fc(self.drop(self.norm(images).mean((1, 2))))

    net = Net(nnx.Rngs(0))
    net.train()
    before = jax.tree.leaves(nnx.to_arrays(nnx.split(net)[1]) if hasattr(nnx, "to_arrays") else nnx.split(net)[1])
    model = load(net, preprocessing=Preprocessing((16, 16)))
    assert (model.name, model.id) == ("Net", load(net, preprocessing=Preprocessing((16, 16))).id)
    logits = [to_numpy(model.logits(model.asarray(PIXELS))) for _ in range(2)]
    np.testing.assert_array_equal(*logits)
    expected = PIXELS.mean((2, 3)) / np.sqrt(1 + 1e-5) @ np.asarray(net.fc.kernel) + np.asarray(net.fc.bias)
    np.testing.assert_allclose(logits[0], expected, atol=1e-5)
    assert not net.norm.use_running_average
    assert len(before) == len(jax.tree.leaves(nnx.split(net)[1]))

    class Means(linen.Module):
        @linen.compact
        def __call__(self, images):
            return linen.Dense(5)(images.mean((1, 2)))

    bound = Means().bind(Means().init(jax.random.key(0), np.ones((1, 16, 16, 3), np.float32)))
    model = load(bound, preprocessing=Preprocessing((16, 16)))
    assert to_numpy(model.logits(model.asarray(PIXELS))).shape == (6, 5)
    with pytest.raises(SnellenError, match=r"without variables; expected it bound to them: Means\(...\)\.bind"):
        load(Means())


def test_jax_compiles_for_few_sizes_of_batch() -> None:
    pytest.importorskip("jax")
    traced: list[int] = []

    def function(images):
        traced.append(len(images))
        return images.mean((1, 2))

    from snellen.models.jax import JaxModel

    model = JaxModel(function)
    for n in range(1, 33):
        assert model.logits(model.asarray(np.zeros((n, 3, 4, 4), np.uint8))).shape == (n, 3)
    assert traced == [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32]


def test_keras_models_give_logits_and_features_and_stay_as_they_are(tmp_path) -> None:
    pytest.importorskip("keras")
    net = same.keras_network(softmax=True)
    before = [values.copy() for values in net.get_weights()]
    model = load(net, preprocessing=same.PREPROCESSING)
    plain = same.on_keras()
    assert model.abilities == plain.abilities == {"gradients", "features"}
    assert model.facts["last layer"] == "its softmax is left off"
    np.testing.assert_allclose(
        to_numpy(model.logits(model.asarray(PIXELS))), to_numpy(plain.logits(plain.asarray(PIXELS))), atol=1e-5
    )
    features = to_numpy(model.features(model.asarray(PIXELS)))
    w = same.weights()
    np.testing.assert_allclose(features @ w["fc"].T + w["fc_bias"], to_numpy(plain.logits(plain.asarray(PIXELS))), atol=1e-5)
    assert all((old == new).all() for old, new in zip(before, net.get_weights(), strict=True))
    net.save(tmp_path / "net.keras")
    saved = load(f"keras:{tmp_path / 'net.keras'}")
    assert (saved.name, saved.preprocessing.size) == ("net.keras", (16, 16))
    assert load(f"keras:{tmp_path / 'net.keras'}").id == saved.id
    assert "assumed" in saved.facts["preprocessing"]
    with pytest.raises(SnellenError, match="takes images of 16x16, got a preprocessing of"):
        load(net, preprocessing=Preprocessing((32, 32)))


def test_keras_files_that_cannot_be_read_are_told_of(tmp_path) -> None:
    pytest.importorskip("keras")
    with pytest.raises(SnellenError, match="check the path"):
        load(f"keras:{tmp_path / 'none.keras'}")
    (tmp_path / "broken.keras").write_bytes(b"no archive")
    with pytest.raises(SnellenError, match="cannot be loaded by Keras"):
        load(f"keras:{tmp_path / 'broken.keras'}")
    (tmp_path / "old.h5").write_bytes(b"")
    with pytest.raises(SnellenError, match="say --trust"):
        load(f"keras:{tmp_path / 'old.h5'}")


def test_keras_on_jax_gives_the_same(tmp_path) -> None:
    pytest.importorskip("keras")
    pytest.importorskip("jax")
    np.save(tmp_path / "pixels.npy", PIXELS)
    code = (
        "import sys, numpy as np; from snellen.arrays import to_numpy; from tests.models import same_network as same\n"
        "model = same.on_keras(); assert type(model).__name__ == 'JaxModel', model\n"
        "assert model.abilities == {'gradients', 'features'}; images = model.asarray(np.load(sys.argv[1]))\n"
        "assert model.features(images).shape == (6, 16)\n"
        "logits, pull = model.vjp(images); np.savez(sys.argv[2], to_numpy(logits), to_numpy(pull(logits)))"
    )
    files = [str(tmp_path / name) for name in ("pixels.npy", "found.npz")]
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run([sys.executable, "-c", code, *files], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    reference = same.on_torch()
    logits, pull = reference.vjp(reference.asarray(PIXELS))
    found = np.load(files[1])
    np.testing.assert_allclose(found["arr_0"], to_numpy(logits), atol=1e-5)
    np.testing.assert_allclose(found["arr_1"], to_numpy(pull(logits)), atol=1e-5)


def test_tensorflow_says_where_it_cannot_follow() -> None:
    tf = pytest.importorskip("tensorflow")
    model = load(tf.function(lambda images: tf.stop_gradient(tf.reduce_mean(images, (1, 2)))))
    logits, pull = model.vjp(model.asarray(PIXELS))
    with pytest.raises(Unsupported, match="in a way TensorFlow can follow"):
        pull(logits)
    with pytest.raises(Unsupported, match="does not show its features"):
        model.features(model.asarray(PIXELS))


@pytest.mark.parametrize("framework", ["jax", "tensorflow", "keras"])
def test_random_numbers_are_the_same_on_every_framework(framework) -> None:
    pytest.importorskip(framework)
    model = MADE[framework]()
    drawn = uniform([3, 4], (3, 2), model.asarray(PIXELS))
    np.testing.assert_array_equal(to_numpy(drawn), uniform([3, 4], (3, 2), PIXELS))
