"""Confidence and correctness of every image under every level of some sweeps, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import polars as pl

from snellen.core import Evidence
from snellen.methods.calibrate.bins import equal_width
from snellen.methods.calibrate.calibration_error import bin_sums, calibration_error
from snellen.stats import Estimate


@final
@dataclass(frozen=True, eq=False)
class Sureness:
    """Images (N,), confidence and correctness (N, levels), and which levels are the undistorted ones, the others being `far`."""

    images: np.ndarray
    sure: np.ndarray
    right: np.ndarray
    mild: tuple[int, ...]

    @classmethod
    def of(cls, evidence: Evidence, sweeps: Sequence[tuple[str, Sequence[str]]]) -> Sureness:
        """Of the images that were answered under every level of every sweep (condition, levels), whose first is undistorted."""
        names = [f"{condition} {level}" for condition, levels in sweeps for level in levels]
        mild = tuple(int(at) for at in np.cumsum([0, *(len(levels) for _, levels in sweeps)])[:-1])
        rows = evidence.trials.filter(pl.col("correct").is_not_null())
        rows = rows.with_columns((pl.col("condition") + " " + pl.col("level")).alias("cell")).filter(pl.col("cell").is_in(names))
        tables = [rows.pivot("cell", index="image", values=value) for value in ("confidence", "correct")]
        if set(names) - set(tables[0].columns):
            return cls(np.empty(0), np.empty((0, len(names))), np.empty((0, len(names))), mild)
        first, second = (table.drop_nulls(names).sort("image") for table in tables)
        return cls(
            first["image"].to_numpy(),
            first.select(names).to_numpy().astype(float),
            second.select(names).to_numpy().astype(float),
            mild,
        )

    @property
    def far(self) -> list[int]:
        """The distorted levels."""
        return [at for at in range(self.sure.shape[1]) if at not in self.mild]

    @property
    def fall(self) -> float:
        """Mean accuracy at the undistorted levels, less that at the others."""
        return float(self.right[:, list(self.mild)].mean() - self.right[:, self.far].mean())

    def overconfidence(self) -> Estimate:
        """Mean confidence less accuracy over the distorted levels."""
        sums = np.column_stack(
            [self.sure[:, self.far].mean(axis=1) - self.right[:, self.far].mean(axis=1), np.ones(len(self.images))]
        )
        return Estimate(self.images, sums, lambda s: s[..., 0] / s[..., 1])

    def error(self, bins: int) -> Estimate:
        """Mean over the distorted levels of the expected calibration error, in bins of equal width."""
        columns = [bin_sums(self.sure[:, at], self.right[:, at], equal_width(self.sure[:, at], bins), bins) for at in self.far]
        levels = len(columns)

        def value(sums: np.ndarray) -> np.ndarray:
            return calibration_error(sums.reshape(*sums.shape[:-1], levels, -1)).mean(axis=-1)

        return Estimate(self.images, np.concatenate(columns, axis=1), value, leans=True)

    def follows(self) -> Estimate:
        """The fall of mean confidence over that of accuracy, from the undistorted levels to the others."""
        falls = [values[:, list(self.mild)].mean(axis=1) - values[:, self.far].mean(axis=1) for values in (self.sure, self.right)]

        def value(sums: np.ndarray) -> np.ndarray:
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.where(sums[..., 1] > 0, sums[..., 0] / sums[..., 1], np.nan)

        return Estimate(self.images, np.column_stack(falls), value)
