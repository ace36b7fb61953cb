"""Accuracy difference: how far a subject's accuracy is from another's, squared."""

from __future__ import annotations

import numpy as np

from snellen.arrays import Numbers


def accuracy_difference(p: Numbers, q: Numbers) -> Numbers:
    """(p - q)² for accuracies in [0, 1] on the same images and condition (geirhos-2021); in [0, 1], 0 is alike.

    The benchmark averages it over conditions, then observers, then data sets. Squaring makes the noise of both accuracies add
    to it, so that two equal subjects measured on few images do not reach 0.
    """
    return (np.asarray(p, float) - np.asarray(q, float)) ** 2
