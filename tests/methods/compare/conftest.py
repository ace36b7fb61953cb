"""The published trials and the numbers computed from them."""

from pathlib import Path

import polars as pl
import pytest

from snellen.images.people import read_people


@pytest.fixture(scope="session")
def humans(shared: Path) -> pl.DataFrame:
    return read_people(shared / "human/geirhos2021-humans.parquet")


@pytest.fixture(scope="session")
def published_models(shared: Path) -> pl.DataFrame:
    return read_people(shared / "human/geirhos2021-models.parquet")


@pytest.fixture(scope="session")
def reference(shared: Path) -> Path:
    return shared / "human/reference"
