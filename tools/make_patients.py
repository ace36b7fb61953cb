"""Trains the patients and writes what an exam measures of each into its file: `python tools/make_patients.py [NAME …]`.

Each is trained by the command of its recipe on one thread, then examined on a world that no training saw.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import snellen
from snellen.core import Finding
from snellen.models import safetensors
from snellen.models.patients import PATIENTS, weights

EXAMINED_ON = "world:images=1024,seed=1000"
PROBES = ("accuracy", "calibration", "shape-bias", "reliance")
MEASURED = {
    "accuracy.top1": "right",
    "calibration.error": "calibration error",
    "shape-bias.value": "of the answers for shape or texture are for the shape",
    "reliance.shape": "of the answers follow another shape",
    "reliance.texture": "change with another texture",
    "reliance.colour": "change with another colour",
    "reliance.background": "change with another background",
    "reliance.mark": "change with another mark",
}


def train(name: str) -> Path:
    """The file of a patient, trained anew where its recipe is another than before."""
    path = weights(name)
    command = PATIENTS[name].command(str(path.relative_to(Path.cwd())))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([Path(sys.executable).with_name(command[0]), *command[1:], "--force"], check=True, env=environment)
    return path


def measure(name: str) -> str:
    """What interventions on the world say of the planted condition, in one sentence a finding."""
    with tempfile.TemporaryDirectory() as folder:
        done = snellen.exam(f"patient:{name}", EXAMINED_ON, PROBES, out=folder)
    return "; ".join(_told(done[key], text) for key, text in MEASURED.items())


def _told(finding: Finding, text: str) -> str:
    if finding.value is None:
        return f"{text}: {finding.reason}"
    interval = finding.interval
    span = f" [{100 * interval.low:.1f}, {100 * interval.high:.1f}]" if interval else ""
    return f"{100 * finding.value:.1f} %{span} {text}"


def main() -> None:
    for name in sys.argv[1:] or PATIENTS:
        path = train(name)
        told = measure(name)
        card, network, _ = safetensors.read(path)
        safetensors.save(path, network, replace(card, facts={**card.facts, "measured": f"{told} (on {EXAMINED_ON})"}))
        print(f"{name}: {told}; {path.stat().st_size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
