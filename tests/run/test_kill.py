"""An exam killed at random moments ends with the findings of one that was left alone, and repeats no finished part."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from snellen.run import record

KILLS = 10
SCRIPT = """
import sys, time
from pathlib import Path
from snellen.core import Model
from snellen import probes
from snellen.images.memory import open_array
from snellen.run.runner import run
from snellen.run.spec import Spec
from tests.patients import patient, draw, NAMES
from snellen.labels import sixteen
import numpy as np

class Slow(Model):
    def __init__(self, inner, log):
        self.inner, self.log = inner, log
        self.name, self.id, self.labels = inner.name, inner.id, inner.labels
        self.preprocessing, self.facts = inner.preprocessing, inner.facts
    def asarray(self, images): return self.inner.asarray(images)
    def vjp(self, images): return self.inner.vjp(images)
    def logits(self, images):
        time.sleep(0.004)
        with open(self.log, "a") as file:
            file.write(f"{len(images)}\\n")
        return self.inner.logits(images)

out, log = Path(sys.argv[1]), sys.argv[2]
k = np.arange(400) % 16
images = open_array(draw(k, k), [NAMES[i] for i in k], name="toys", labels=sixteen())
asked = tuple(probes.get(name)() for name in ("accuracy", "calibration", "contrast", "noise", "what-it-looks-at"))
run(Spec(Slow(patient(), log), (images,), asked, out, batch=16))
"""


def launch(script: Path, out: Path, log: Path) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, str(script), str(out), str(log)], env=environment, cwd=root)


def shown(log: Path) -> int:
    return sum(int(line) for line in log.read_text().split()) if log.exists() else 0


def await_work(process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the model is asked: how long that takes to come about differs from start to start."""
    before = shown(log)
    while shown(log) == before and process.poll() is None:
        time.sleep(0.01)


def finished(out: Path) -> tuple[int, int]:
    """Images (filled up to whole batches) of finished parts, and finished closer looks."""
    rows = [pl.read_parquet(part).height for part in out.glob("results/*/part-*.parquet")]
    return sum(-(-n // 16) * 16 for n in rows), len(list(out.glob("results/*/*.safetensors")))


@pytest.mark.slow
def test_ten_kills(tmp_path: Path):
    script = tmp_path / "exam.py"
    script.write_text(SCRIPT)
    start = time.monotonic()
    process = launch(script, tmp_path / "whole", tmp_path / "whole.log")
    await_work(process, tmp_path / "whole.log")
    begun = time.monotonic() - start
    assert process.wait(300) == 0
    working, expected = time.monotonic() - start - begun, record.read(tmp_path / "whole").findings
    chance, log = random.Random(1), tmp_path / "killed.log"
    for _ in range(KILLS):
        done = finished(tmp_path / "killed")
        process = launch(script, tmp_path / "killed", log)
        await_work(process, log)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, 1.5 / KILLS) * working)
        process.send_signal(signal.SIGKILL)
        process.wait()
        after = finished(tmp_path / "killed")
        assert after[0] >= done[0]
        assert after[1] >= done[1]
    assert launch(script, tmp_path / "killed", log).wait(300) == 0
    assert record.read(tmp_path / "killed").findings == expected
    lost_at_most = KILLS * (128 + 16 + 8 * 200)
    assert shown(tmp_path / "whole.log") <= shown(log) <= shown(tmp_path / "whole.log") + lost_at_most
    again = tmp_path / "again.log"
    assert launch(script, tmp_path / "killed", again).wait(300) == 0
    assert shown(again) == 0
