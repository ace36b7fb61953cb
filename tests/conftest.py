"""What every test can ask for. Shapes and types of all methods are checked while they are tested."""

from pathlib import Path

import pytest
from jaxtyping import install_import_hook

install_import_hook(["snellen.methods", "snellen.stats", "snellen.arrays"], "beartype.beartype")

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data that some tests check against; they are skipped where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the shared data in {SHARED}")
    return SHARED
