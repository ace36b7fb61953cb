"""Calibration errors and temperatures against netcal and torch-uncertainty on the same numbers.

    pip install --target PEERS --no-deps netcal torch-uncertainty  (and what they import)
    PYTHONPATH=PEERS python -m benchmarks.calibration

Prints the largest difference for each measure over five seeded models, and the seconds each took; stops where they differ by more
than 1e-6 on the same bins. netcal's bins are closed on the left and torch-uncertainty's on the right: without ties both agree.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import import_module

import numpy as np

from snellen.arrays import softmax
from snellen.methods.calibrate.bins import equal_mass, equal_width
from snellen.methods.calibrate.calibration_error import bin_sums, calibration_error, maximum_calibration_error
from snellen.methods.calibrate.temperature import fit_temperature

BINS, N, CLASSES = 15, 5000, 10


def answers(seed: int, n: int = N, temperature: float = 2.5) -> tuple[np.ndarray, np.ndarray]:
    """Logits (n, 10) and true classes drawn from them at `temperature`: that is what a fit should find."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 4, (n, CLASSES))
    shares = softmax(logits / temperature).cumsum(axis=1)
    return logits, (shares < rng.random((n, 1))).sum(axis=1).clip(max=CLASSES - 1)


def ours(logits: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Snellen's numbers."""
    probabilities = softmax(logits)
    confidence, correct = probabilities.max(axis=1), (probabilities.argmax(axis=1) == truth).astype(float)
    width = bin_sums(confidence, correct, equal_width(confidence, BINS), BINS).sum(axis=0)
    mass = bin_sums(confidence, correct, equal_mass(confidence, BINS), BINS).sum(axis=0)
    return {
        "error": float(calibration_error(width)),
        "largest": float(maximum_calibration_error(width)),
        "adaptive": float(calibration_error(mass)),
        "temperature": fit_temperature(logits, truth).temperature,
    }


def netcal(logits: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """netcal's numbers; its temperature multiplies."""
    from netcal.metrics import ECE, MCE
    from netcal.scaling import TemperatureScaling

    probabilities = softmax(logits)
    scaling = TemperatureScaling(use_cuda=False)
    scaling.fit(probabilities, truth)
    return {
        "error": float(ECE(BINS).measure(probabilities, truth)),
        "largest": float(MCE(BINS).measure(probabilities, truth)),
        "temperature": 1 / float(np.ravel(scaling.temperature)[0]),
    }


def torch_uncertainty(logits: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """torch-uncertainty's numbers."""
    import torch

    import_module("tests.torchvision_shim")  # it imports torchvision, whose build may be for another PyTorch
    from torch_uncertainty.metrics.classification import AdaptiveCalibrationError, CalibrationError

    probabilities, target = torch.as_tensor(softmax(logits)), torch.as_tensor(truth)
    made = {
        "error": CalibrationError(task="multiclass", num_classes=CLASSES, num_bins=BINS, norm="l1"),
        "largest": CalibrationError(task="multiclass", num_classes=CLASSES, num_bins=BINS, norm="max"),
        "adaptive": AdaptiveCalibrationError(task="multiclass", num_classes=CLASSES, num_bins=BINS, norm="l1"),
    }
    for metric in made.values():
        metric.set_dtype(torch.float64)
        metric.update(probabilities, target)
    return {name: float(metric.compute()) for name, metric in made.items()}


def timed(work: Callable[[np.ndarray, np.ndarray], dict[str, float]], data: list[tuple[np.ndarray, np.ndarray]]):
    """What `work` finds, and the seconds it took after a first call."""
    work(*data[0])
    start = time.perf_counter()
    return [work(*pair) for pair in data], time.perf_counter() - start


def main() -> None:
    data = [answers(seed) for seed in range(5)]
    found, seconds = timed(ours, data)
    print(f"{'Snellen':20} {seconds:8.3f} s   temperatures {[round(one['temperature'], 4) for one in found]} (true 2.5)")
    worst = 0.0
    for peer in (netcal, torch_uncertainty):
        theirs, seconds = timed(peer, data)
        print(f"{peer.__name__:20} {seconds:8.3f} s")
        for name in theirs[0]:
            gap = max(abs(a[name] - b[name]) for a, b in zip(found, theirs, strict=True))
            worst = max(worst, gap if name != "temperature" else 0.0)
            print(f"    {name:16} largest difference {gap:.1e}")
    if worst > 1e-6:
        sys.exit("the errors differ")


if __name__ == "__main__":
    main()
