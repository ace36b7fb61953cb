"""Counts people's right answers under the twelve distortions: `python tools/make_people_table.py FOLDER`.

FOLDER holds the published trials of Geirhos et al. 2018 (CC-BY-4.0), one gzipped CSV a distortion; what is written is their sums
by distortion and level, in `src/snellen/data/people-distortions.csv`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from snellen.methods.perturb.registry import get

TARGET = Path(__file__).resolve().parent.parent / "src/snellen/data/people-distortions.csv"
FILES = {
    "colour": "colour",
    "contrast": "contrast-png",
    "false-colour": "false-colour",
    "uniform-noise": "noise",
    "low-pass": "lowpass",
    "high-pass": "highpass",
    "phase-noise": "phase-scrambling",
    "power-equalisation": "power-equalisation",
    "rotation": "rotation",
    "eidolon-1": "eidolon",
    "eidolon-2": "eidolon",
    "eidolon-3": "eidolon",
}
"""Distortion → the file that has its trials; contrast: the images that were never JPEG files."""


def main(folder: Path) -> None:
    frames = []
    for name, file in FILES.items():
        trials = pl.read_csv(folder / f"{file}_humans.csv.gz", infer_schema_length=0)
        levels = list(get(f"distortions/{name}").levels)
        counted = (
            trials.filter(pl.col("condition").is_in(levels))
            .group_by("condition")
            .agg(
                (pl.col("object_response") == pl.col("category")).sum().alias("hits"),
                pl.len().alias("n"),
                pl.col("subj").n_unique(),
            )
        )
        order = pl.DataFrame({"condition": levels})
        rows = order.join(counted, on="condition", how="left", maintain_order="left")
        if rows["n"].null_count():
            sys.exit(f"{file}: no trials at {rows.filter(pl.col('n').is_null())['condition'].to_list()}")
        frames.append(
            rows.select(pl.lit(name).alias("distortion"), pl.col("condition").alias("level"), "hits", "n", observers="subj")
        )
    pl.concat(frames).write_csv(TARGET)
    print(f"{TARGET}: {sum(frame.height for frame in frames)} rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
