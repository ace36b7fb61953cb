from __future__ import annotations

from pathlib import Path

import pytest

from snellen import report
from snellen.run.record import Record
from tests.report import sample


@pytest.fixture(scope="session")
def exam(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, Path]:
    folder = tmp_path_factory.mktemp("exam")
    return sample.record(folder), folder


@pytest.fixture(scope="session")
def page(exam: tuple[Record, Path]) -> str:
    return report.render(*exam)


@pytest.fixture(scope="session")
def comparison(exam: tuple[Record, Path]) -> str:
    record, folder = exam
    return report.render_compare([record, sample.record(folder, "zoo:squeezenet", 0.29)], sample.differences())
