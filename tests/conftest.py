"""What every test can ask for."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data that some tests check against; they are skipped where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the shared data in {SHARED}")
    return SHARED
