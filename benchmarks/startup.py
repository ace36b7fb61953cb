"""How long the command line takes to answer, beside an empty Python.

python benchmarks/startup.py
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

SNELLEN = str(Path(sys.executable).with_name("snellen"))
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import snellen": [sys.executable, "-c", "import snellen"],
    "snellen --help": [SNELLEN, "--help"],
    "snellen list": [SNELLEN, "list"],
    "snellen exam --help": [SNELLEN, "exam", "--help"],
}


def seconds(words: list[str], repeats: int = 9) -> float:
    """The median wall time of a command."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return sorted(times)[repeats // 2]


def main() -> None:
    """Measure and print."""
    found = {name: seconds(words) for name, words in COMMANDS.items()}
    floor = found["python -c pass"]
    for name, time_ in found.items():
        print(f"{name:<22} {time_:.3f} s  {time_ / floor:5.1f} x python -c pass")


if __name__ == "__main__":
    main()
