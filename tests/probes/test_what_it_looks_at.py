from pathlib import Path

import numpy as np
import pytest

from snellen import Exam, api, load
from snellen.charts import Bars, Gallery, Table
from snellen.core import Model, SnellenError
from snellen.images.decode import decode
from snellen.labels import sixteen
from snellen.probes.what_it_looks_at import WhatItLooksAt
from tests.patients import PREPROCESSING, patient, photographs

OPPOSITE = '''"""Says for where occlusion says against."""

from dataclasses import dataclass, replace
from typing import ClassVar, final

from snellen.methods.explain.explanation import Explainer, Explanation
from snellen.methods.explain.occlusion import Occlusion


@final
@dataclass(frozen=True)
class Opposite(Explainer):
    unit: ClassVar[str] = "logits"

    def explain(self, asked, images, classes, keys):
        found = Occlusion(patch=9, stride=4).explain(asked, images, classes, keys)
        return replace(found, maps=-found.maps)
'''


def exam(model: Model, out: Path, **settings: object) -> Exam:
    made = api.exam(model, photographs(32), [WhatItLooksAt(**settings)], out=out)
    assert not made.failed
    return made


@pytest.fixture(scope="module")
def opposed(tmp_path_factory: pytest.TempPathFactory) -> Exam:
    folder = tmp_path_factory.mktemp("opposed")
    (folder / "opposite.py").write_text(OPPOSITE)
    return exam(patient(gain=4.0), folder / "exam", methods=f"gradient;occlusion;{folder / 'opposite.py'}", each=8)


def test_a_map_that_finds_what_counts_is_told_from_its_opposite(opposed: Exam):
    right, wrong = (opposed[f"what-it-looks-at.{name}"] for name in ("occlusion", "opposite"))
    assert all(found.interval.low <= found.value <= found.interval.high for found in (right, wrong))
    assert right.interval.low > 0.1
    assert wrong.interval.high < -0.1
    assert (right.verdict, wrong.verdict) == ("note", "caution")
    assert "worse than chance" in wrong.claim


def test_agreement_is_the_mean_over_the_pairs_of_the_table(opposed: Exam):
    (section,) = opposed.record.sections
    gallery, bars, table = section.charts
    assert (type(gallery), type(bars), type(table)) == (Gallery, Bars, Table)
    assert [bar.label for bar in bars.bars] == ["gradient", "occlusion", "opposite"]
    assert table.columns == ("", "gradient", "occlusion", "opposite")
    pairs = [float(cell.partition(" ")[0]) for row in table.rows[:-1] for cell in row[1:] if cell]
    assert len(pairs) == 3
    assert pairs[2] == 1, "sizes are compared, not signs"
    assert opposed["what-it-looks-at.agreement"].value == pytest.approx(sum(pairs) / 3, abs=0.01)


def test_a_method_that_missed_what_patients_go_by_is_warned_of(tmp_path: Path):
    made = exam(patient(), tmp_path, methods="gradient;integrated-gradients:steps=4", each=2)
    warned = {name: " ".join(made[f"what-it-looks-at.{name}"].limits) for name in ("gradient", "integrated-gradients")}
    assert "patients known to go by the background" in warned["gradient"]
    assert "patients known" not in warned["integrated-gradients"]


def test_a_model_of_answers_alone_is_shown_by_occlusion(tmp_path: Path):
    inner = patient()
    box = load(lambda images: inner.logits(inner.asarray(images)).numpy(), labels=sixteen(), preprocessing=PREPROCESSING)
    made = exam(box, tmp_path, each=2)
    assert made["what-it-looks-at.occlusion"].value is not None
    assert made["what-it-looks-at.gradient"].reason
    assert "by occlusion alone" in made["what-it-looks-at.agreement"].reason


def test_passes_are_counted_before_they_are_made():
    asked, probe, inner, images = [], WhatItLooksAt(methods="occlusion"), patient(), photographs(9)

    def answers(pixels: np.ndarray) -> np.ndarray:
        asked.append(len(pixels))
        return inner.logits(inner.asarray(pixels)).numpy()

    model = load(answers, labels=sixteen(), preprocessing=PREPROCESSING)
    pixels = np.stack([decode(payload, model.preprocessing) for payload in images.fetch(range(9))])
    probe.look(model, pixels, images.facts.select("image", response="category"), 0)
    assert probe.closer_passes(model) == pytest.approx(sum(asked), rel=0.02)


def test_methods_are_named_once(tmp_path: Path):
    with pytest.raises(SnellenError, match="gradient twice"):
        exam(patient(), tmp_path, methods="gradient;gradient")
