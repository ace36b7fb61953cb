"""How long each patient takes to train: seconds of a processor's core, by the command of its recipe on one thread.

Run: `python benchmarks/training.py [NAME …]`. The time includes drawing the images, which a second thread does meanwhile.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from snellen.models.patients import PATIENTS


def main() -> None:
    print("| patient | images shown | core seconds | seconds by the clock | core seconds per 10,000 images |")
    print("|---|---|---|---|---|")
    program = Path(sys.executable).with_name("snellen")
    for name in sys.argv[1:] or PATIENTS:
        with tempfile.TemporaryDirectory() as folder:
            command = PATIENTS[name].command(str(Path(folder, f"{name}.safetensors")))
            before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            subprocess.run([program, *command[1:], "--quiet"], check=True, env=environment, stdout=subprocess.DEVNULL)
            after, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
        core = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        shown = PATIENTS[name].shown
        print(f"| {name} | {shown:,} | {core:.0f} | {clock:.0f} | {core / shown * 10_000:.1f} |", flush=True)


if __name__ == "__main__":
    main()
