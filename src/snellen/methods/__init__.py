"""Pure typed functions, one method a file. Methods compute; probes ask."""

from __future__ import annotations

import ast
from pathlib import Path


def summaries() -> dict[str, str]:
    """`<group>.<method>` → first line of its file's docstring, read without importing. Families nest."""
    root = Path(__file__).parent
    files = sorted(path for path in root.glob("*/**/*.py") if not path.stem.startswith("_"))
    return {".".join(path.relative_to(root).with_suffix("").parts): _first_line(path) for path in files}


def _first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0]
