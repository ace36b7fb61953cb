"""LIME is a ridge regression on superpixels; it is that of the package of this name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snellen.arrays import keyed, softmax
from snellen.core import SnellenError
from snellen.methods.explain.lime import Lime
from snellen.methods.perturb.draws import generators
from tests.methods.explain.boxes import box, check_edges, check_promises, photos, weighted

SMALL = Lime(samples=60, segmenter="slic", superpixels=12)


def drawn(method: Lime, key: int, regions: int) -> np.ndarray:
    return method.draw(regions, generators(keyed([key], "lime"))[0])


@pytest.mark.parametrize("fill", ["mean", 0.25])
def test_it_is_the_ridge_regression_of_scores_on_superpixels(fill: float | str) -> None:
    method = replace(SMALL, fill=fill, alpha=0.7, width=0.4)
    (image,) = photos(1)
    found = method(box(weighted), image[None], np.array([2]), [5])
    regions = method.segmented(image)
    shown = drawn(method, 5, int(regions.max()) + 1).astype(float)
    hidden = np.full_like(image, 0.25)
    if fill == "mean":
        for region in range(regions.max() + 1):
            hidden[:, regions == region] = image[:, regions == region].mean(axis=1, keepdims=True)
    scores = softmax(weighted(np.stack([np.where(z[regions] == 1, image, hidden) for z in shown])))[:, 2]
    cosine = shown.sum(axis=1) / np.maximum(np.sqrt(shown.sum(axis=1) * shown.shape[1]), 1e-9)
    weights = np.sqrt(np.exp(-((1 - cosine) ** 2) / 0.4**2))

    design, penalty = np.insert(shown, 0, 1, axis=1), np.diag([0, *[0.7] * shown.shape[1]])
    inverse = np.linalg.inv(design.T @ np.diag(weights) @ design + penalty)
    ridge = inverse @ design.T @ (weights * scores)
    np.testing.assert_allclose(found.maps[0], ridge[1:][regions], atol=1e-6)
    hat = design @ inverse @ design.T @ np.diag(weights)
    middle = np.diag(weights**2 * (scores - design @ ridge) ** 2 / (1 - np.diag(hat)))
    middle[0] = 0
    covariance = inverse @ design.T @ middle @ design @ inverse
    np.testing.assert_allclose(found.error[0], np.sqrt(np.diag(covariance))[1:][regions], rtol=1e-3)
    assert found.unit == "probability per superpixel"
    assert found.where == f"{regions.max() + 1} superpixels of slic"
    assert found.forwards == 60


def test_the_first_sample_is_the_image() -> None:
    seen = []
    model = box(lambda images: (seen.append(images.copy()), weighted(images))[1])
    images = photos(1)
    SMALL(model, images, np.array([0]))
    np.testing.assert_allclose(seen[0][0], images[0], atol=1e-7)


def test_its_error_is_that_of_other_keys() -> None:
    found = replace(SMALL, samples=100)(box(weighted), np.repeat(photos(1), 80, axis=0), np.zeros(80, int))
    ratio = found.maps.std(axis=0, ddof=1) / np.sqrt((found.error**2).mean(axis=0))
    assert 0.85 < ratio.mean() < 1.15


def test_superpixels_follow_the_image_and_not_the_key() -> None:
    image = np.zeros((3, 32, 32), np.float32)
    image[:, :, 16:] = 1
    for method in (Lime(), Lime(segmenter="slic", superpixels=8)):
        regions = method.segmented(image)
        assert not set(regions[:, :16].ravel().tolist()) & set(regions[:, 16:].ravel().tolist())
        assert np.array_equal(np.unique(regions), np.arange(regions.max() + 1))


def test_images_of_other_superpixels_share_a_batch() -> None:
    images = photos(3)
    counts = [int(SMALL.segmented(image).max()) + 1 for image in images]
    assert counts[0] < counts[1] > counts[2]
    whole = SMALL(box(weighted), images, np.array([0, 1, 2]), [1, 2, 3])
    assert whole.where == f"{min(counts)} to {max(counts)} superpixels of slic"
    for row in range(3):
        alone = SMALL(box(weighted), images[row : row + 1], np.array([row]), [1 + row])
        np.testing.assert_allclose(alone.maps[0], whole.maps[row], atol=1e-6)
        assert alone.where == f"{counts[row]} superpixels of slic"


def test_promises_and_edges() -> None:
    check_promises(SMALL)
    check_edges(Lime(samples=20))
    constant = SMALL(box(lambda images: np.zeros((len(images), 3))), photos(1), np.array([0]))
    assert np.abs(constant.maps).max() < 1e-12
    one = Lime(samples=20, score="logit")(box(lambda x: x.mean((2, 3))), np.full((1, 3, 4, 4), 0.5, np.float32), np.array([0]))
    assert one.where == "1 superpixel of quickshift"


@pytest.mark.parametrize(
    "wrong",
    [{"samples": 1}, {"width": 0.0}, {"alpha": 0.0}, {"superpixels": 0}, {"fill": -0.1}],
    ids=str,
)
def test_settings_that_make_no_sense(wrong: dict) -> None:
    with pytest.raises(SnellenError, match="expected"):
        replace(Lime(), **wrong)


def test_as_the_package_lime() -> None:
    lime_image = pytest.importorskip("lime.lime_image", reason="lime is not installed (pip install lime)")
    (image,), method = photos(1, 32, 32), Lime(samples=200, segmenter="slic", superpixels=30)
    regions = method.segmented(image)
    count = int(regions.max()) + 1
    shown = drawn(method, 3, count)

    class Drawn(np.random.RandomState):
        def randint(self, low: int, high: int, size: int | None = None) -> int | np.ndarray:
            return low if size is None else shown.astype(int).ravel()

    def classify(batch: np.ndarray) -> np.ndarray:
        return softmax(weighted(np.moveaxis(batch, 3, 1).astype(np.float32)))

    explainer = lime_image.LimeImageExplainer(random_state=Drawn(0))
    theirs = explainer.explain_instance(
        np.moveaxis(image, 0, 2).astype(np.float64), classify, (1,), num_samples=200, segmentation_fn=lambda _: regions
    )
    expected = np.zeros(count)
    for region, value in theirs.local_exp[1]:
        expected[region] = value
    found = method(box(weighted), image[None], np.array([1]), [3]).maps[0]
    assert count > 10
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(found, expected[regions], atol=1e-6)


def test_superpixels_of_the_package_lime() -> None:
    wrappers = pytest.importorskip("lime.wrappers.scikit_image", reason="lime is not installed (pip install lime)")
    (image,) = photos(1, 64, 80)
    theirs = wrappers.SegmentationAlgorithm("quickshift", kernel_size=4, max_dist=200, ratio=0.2, random_seed=1)
    own = Lime().segmented(image)
    assert own.max() > 1
    assert np.array_equal(own, theirs(np.moveaxis(image, 0, 2).astype(np.float64)))
