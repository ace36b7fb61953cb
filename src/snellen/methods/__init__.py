"""Pure typed functions, one method a file. Methods compute; probes ask."""

from __future__ import annotations

from pathlib import Path

from snellen.extensions import first_line


def summaries() -> dict[str, str]:
    """`<group>.<method>` → first line of its file's docstring, read without importing. Families nest."""
    root = Path(__file__).parent
    files = sorted(path for path in root.glob("*/**/*.py") if not path.stem.startswith("_"))
    return {".".join(path.relative_to(root).with_suffix("").parts): first_line(path) for path in files}
