import csv
from collections import defaultdict

import numpy as np
import pytest

from snellen.core import SnellenError
from snellen.labels import SIXTEEN
from snellen.methods.compare.decision import sixteen_way


def test_mean_over_the_published_members(shared):
    members = defaultdict(list)
    for row in csv.DictReader((shared / "human/sixteen_class_mapping.csv").read_text("utf-8").splitlines()):
        members[row["category"]].append(int(row["imagenet_index"]))
    logits = np.random.default_rng(0).normal(size=(6, 1000))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = np.stack([probabilities[:, members[category]].mean(axis=1) for category in SIXTEEN], axis=1)
    np.testing.assert_allclose(sixteen_way(probabilities), expected, rtol=1e-12)


def test_many_weak_classes_do_not_beat_one_strong():
    probabilities = np.full((1, 1000), 0.5 / 999)
    probabilities[0, 499] = 0.1
    assert SIXTEEN[int(sixteen_way(probabilities).argmax())] == "knife"


def test_keeps_single_precision():
    assert sixteen_way(np.ones((2, 1000), np.float32)).dtype == np.float32


@pytest.mark.parametrize("shape", [(2, 10), (1000,), (1, 2, 1000)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(SnellenError, match="expected \\(N, 1000\\)"):
        sixteen_way(np.zeros(shape))
