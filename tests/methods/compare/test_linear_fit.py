"""Lines through pools of models: those published, and those that were planted."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from snellen import baselines
from snellen.core import SnellenError
from snellen.methods.compare.linear_fit import SCALES, effective_robustness, linear_fit, transformed, untransformed
from snellen.stats import clopper_pearson

RNG = np.random.default_rng(0)
ORIGINAL = RNG.uniform(0.5, 0.9, 80)


def planted(scale="probit", slope=0.9, intercept=-0.3, noise=0.02, seed=0):
    drawn = np.random.default_rng(seed).normal(0, noise, len(ORIGINAL))
    return untransformed(slope * transformed(ORIGINAL, scale) + intercept + drawn, scale)


@pytest.mark.parametrize("scale", SCALES)
def test_fit_is_least_squares_on_the_scale(scale):
    shifted = planted()
    fit = linear_fit(ORIGINAL, shifted, scale)
    exact = scipy_stats.linregress(transformed(ORIGINAL, scale), transformed(shifted, scale))
    assert (fit.slope, fit.intercept, fit.r2) == pytest.approx((exact.slope, exact.intercept, exact.rvalue**2), abs=1e-10)
    assert fit.interval("slope").low < fit.slope < fit.interval("slope").high
    low, high = fit.band(np.array([0.6, 0.8]))
    assert (low < fit.predict(np.array([0.6, 0.8]))).all()
    assert (fit.predict(np.array([0.6, 0.8])) < high).all()


def test_intervals_of_the_slope_hold_what_was_planted():
    held = sum(
        (i := linear_fit(ORIGINAL, planted(noise=0.05, seed=seed), resamples=300).interval("slope")).low <= 0.9 <= i.high
        for seed in range(100)
    )
    assert held >= 88


def test_effective_robustness_counts_images_and_models():
    fit = linear_fit(ORIGINAL, planted())
    expected = float(fit.predict(np.array(0.7)))
    value, wide = effective_robustness(fit, (70, 100), (round(100 * expected) + 10, 100))
    assert value == pytest.approx(0.1, abs=0.01)
    _, narrow = effective_robustness(fit, (70_000, 100_000), (round(100_000 * expected), 100_000))
    assert narrow.high - narrow.low < 0.1 * (wide.high - wide.low)
    assert narrow.low < 0 < narrow.high
    few = linear_fit(ORIGINAL[:6], planted(noise=0.2)[:6])
    _, loose = effective_robustness(few, (70_000, 100_000), (round(100_000 * expected), 100_000))
    assert loose.high - loose.low > 3 * (narrow.high - narrow.low)


def test_effective_robustness_holds_none_where_there_is_none():
    fit, held = linear_fit(ORIGINAL, planted(noise=0.002)), 0
    rng = np.random.default_rng(1)
    for seed in range(200):
        old = rng.binomial(500, 0.7)
        new = rng.binomial(400, float(fit.predict(np.array(0.7))))
        interval = effective_robustness(fit, (old, 500), (new, 400), seed, draws=2000)[1]
        held += interval.low <= 0 <= interval.high
    assert held >= 182


@pytest.mark.parametrize(("old", "new"), [((0, 9), (9, 9)), ((9, 9), (0, 9)), ((1, 1), (1, 1))])
def test_all_right_and_all_wrong_have_an_answer(old, new):
    value, interval = effective_robustness(linear_fit(ORIGINAL, planted()), old, new)
    assert np.isfinite([value, interval.low, interval.high]).all()
    with pytest.raises(SnellenError, match="at least one image"):
        effective_robustness(linear_fit(ORIGINAL, planted()), (0, 0), new)


def test_pools_without_a_line_are_refused():
    with pytest.raises(SnellenError, match="got 3 models"):
        linear_fit(ORIGINAL[:3], ORIGINAL[:3])
    with pytest.raises(SnellenError, match="1 of them with accuracies that the probit scale has no place for"):
        linear_fit(np.append(ORIGINAL, 1.0), np.append(ORIGINAL, 0.9))
    assert linear_fit(np.append(ORIGINAL, 1.0), np.append(ORIGINAL, 0.9), "linear").n == 81
    with pytest.raises(SnellenError, match="equally good"):
        linear_fit(np.full(9, 0.5), ORIGINAL[:9])


@pytest.mark.parametrize(
    ("source", "scale", "n", "slope", "intercept", "r2"),
    [
        ("imagenetv2/per_model_accuracy_from_predictions.csv", "linear", 64, 1.110, -0.2026, 0.991),
        ("imagenetv2/per_model_accuracy_from_predictions.csv", "probit", 64, 0.968, None, 0.995),
        ("imagenetv2/per_model_accuracy_from_predictions.csv#threshold-0.7", "linear", 64, 1.095, None, None),
        ("imagenetv2/per_model_accuracy_from_predictions.csv#top-images", "linear", 64, 0.958, None, None),
        ("timm", "linear", 1556, 1.144, -0.225, 0.981),
        ("timm", "probit", 1556, 0.963, -0.323, 0.992),
        ("timm#imagenet-real", "linear", 1556, 0.812, 0.205, 0.969),
        ("timm#sketch", "probit", 1556, 1.41, None, 0.816),
        ("timm#imagenet-a", "probit", None, 2.55, None, 0.871),
        ("timm#imagenet-r", "probit", 1556, 1.21, None, 0.726),
        ("imagenet-testbed/robustness_top1s.csv", "linear", 335, 0.874, None, None),
        ("imagenet-testbed/robustness_top1s.csv", "probit", 335, 0.915, None, 0.999),
    ],
)
def test_published_tables_give_the_published_lines(shared, source, scale, n, slope, intercept, r2):
    pool = baselines.read_baselines(str(shared / "tables" / source))
    fit = linear_fit(pool["original"].to_numpy(), pool["shifted"].to_numpy(), scale, resamples=200)
    assert n is None or fit.n == n
    assert fit.slope == pytest.approx(slope, abs=0.01)
    assert intercept is None or fit.intercept == pytest.approx(intercept, abs=0.002)
    assert r2 is None or fit.r2 == pytest.approx(r2, abs=0.001)


def test_published_interval_of_the_slope_and_the_mean_loss(shared):
    table = shared / "tables" / "imagenetv2" / "per_model_accuracy_from_predictions.csv"
    pool = baselines.read_imagenetv2(table)
    original, shifted = pool["original"].to_numpy(), pool["shifted"].to_numpy()
    interval = linear_fit(original, shifted, "linear").interval("slope")
    assert (interval.low, interval.high) == pytest.approx((1.079, 1.188), abs=0.006)
    assert (original - shifted).mean() == pytest.approx(0.1197, abs=1e-4)
    every = baselines.read_imagenetv2(table, fisher_vectors=True)
    assert linear_fit(every["original"].to_numpy(), every["shifted"].to_numpy(), "linear").slope == pytest.approx(1.059, abs=1e-3)


@pytest.mark.parametrize(
    ("model", "hits", "n", "published"),
    [
        ("resnet152", "imagenet-validation-original", 50000, (78.3, 77.9, 78.7)),
        ("resnet152", "imagenetv2-b-33", 10000, (67.0, 66.1, 67.9)),
        ("pnasnet_large_tf", "imagenet-validation-original", 50000, (82.9, 82.5, 83.2)),
        ("pnasnet_large_tf", "imagenetv2-b-33", 10000, (72.2, 71.3, 73.1)),
        ("alexnet", "imagenetv2-b-33", 10000, (44.0, 43.0, 45.0)),
    ],
)
def test_published_intervals_of_accuracies(shared, model, hits, n, published):
    import polars as pl

    table = pl.read_csv(shared / "tables" / "imagenetv2" / "per_model_accuracy_from_predictions.csv")
    right = int(table.filter(pl.col("model") == model)[f"{hits}_k1"][0])
    interval = clopper_pearson(right, n)
    assert (100 * right / n, 100 * interval.low, 100 * interval.high) == pytest.approx(published, abs=0.0501)
