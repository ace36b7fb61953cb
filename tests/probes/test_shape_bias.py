import numpy as np
import polars as pl
import pytest

from snellen.charts import Bars, Gallery
from snellen.core import Evidence
from snellen.images.people import read_people
from snellen.images.world import open_world
from snellen.labels import SIXTEEN, sixteen
from snellen.methods.compare.shape_bias import texture_of
from snellen.probes.shape_bias import ShapeBias
from snellen.stats import bootstrap, paired_difference

PAIRS = [(shape, texture, k) for shape in SIXTEEN for texture in SIXTEEN for k in range(3)]


def trials(share: float, decided: float = 1.0, subject: str = "m", kind: str = "model", seed: int = 0) -> pl.DataFrame:
    """A subject that answers by the shape with probability `share`, by the texture otherwise, by neither in `1 - decided`."""
    rng = np.random.default_rng(seed)
    rows = []
    for shape, texture, k in PAIRS:
        answer = "neither" if rng.random() > decided else shape if rng.random() < share else texture
        rows.append((f"{shape}/{shape}{k}-{texture}{k}.png", shape, texture, answer, float(rng.random())))
    frame = pl.DataFrame(rows, schema=["image", "category", "texture", "response", "confidence"], orient="row")
    return frame.with_columns(
        subject=pl.lit(subject),
        kind=pl.lit(kind),
        dataset=pl.lit("cue-conflict"),
        condition=pl.lit("clean" if kind == "model" else "0"),
        correct=pl.col("response") == pl.col("category"),
    )


def evidence(share: float, decided: float = 1.0, people: pl.DataFrame | None = None, seed: int = 0) -> Evidence:
    return Evidence("cue-conflict", "m", trials(share, decided, seed=seed), sixteen(), people=people)


def observers(share: float = 0.96) -> pl.DataFrame:
    return pl.concat([trials(share, 0.9, f"p{i}", "human", seed=10 + i).drop("texture") for i in range(4)])


@pytest.mark.parametrize(("share", "verdict"), [(1.0, "good"), (0.7, "caution"), (0.2, "bad"), (0.0, "bad")])
def test_tells_planted_conditions_apart(share, verdict):
    finding, decided = ShapeBias().judge(evidence(share))
    assert finding.id == "shape-bias.value"
    assert finding.headline
    assert finding.verdict == verdict
    assert finding.value == pytest.approx(share, abs=0.05)
    assert finding.interval.low <= share <= finding.interval.high
    assert (finding.n, decided.n, decided.value) == (720, 720, 1.0)


def test_images_whose_cues_agree_are_left_out():
    assert ShapeBias().judge(evidence(0.0))[0].value == 0.0


def test_answers_that_follow_neither_cue_do_not_count():
    value, decided = ShapeBias().judge(evidence(0.5, decided=0.3))
    assert decided.value == pytest.approx(0.3, abs=0.06)
    assert value.n == round(decided.value * 720)
    assert value.interval.low <= 0.5 <= value.interval.high


def test_nothing_decided_is_a_reason():
    (finding,) = ShapeBias().judge(evidence(0.5, decided=-1.0))
    assert finding.value is None
    assert "none of 720 answers" in finding.reason


def test_people_stand_beside_it_and_set_the_threshold():
    people = observers(0.8)
    finding, decided = ShapeBias().judge(evidence(0.85, people=people))
    assert finding.human.value == pytest.approx(0.8, abs=0.03)
    assert finding.human.low <= finding.human.value <= finding.human.high
    assert finding.verdict == "good"
    assert decided.human.value == pytest.approx(0.9, abs=0.03)


def test_charts_show_model_and_people_and_the_most_confident_texture_decisions():
    bars, gallery = ShapeBias(pictures=5).charts(evidence(0.3, people=observers()))
    assert isinstance(bars, Bars)
    assert isinstance(gallery, Gallery)
    assert {bar.role for bar in bars.bars} == {"model", "people"}
    assert {bar.label for bar in bars.bars} == set(SIXTEEN)
    ((_, pictures),) = gallery.rows
    assert len(pictures) == 5
    shown = trials(0.3).filter(pl.col("image").is_in([picture.image for picture in pictures]))
    assert (shown["response"] == shown["texture"]).all()
    others = trials(0.3).filter(pl.col("response") == pl.col("texture"), pl.col("category") != pl.col("texture"))
    assert shown["confidence"].min() >= others["confidence"].top_k(5).min()


def test_other_conditions_do_not_count():
    both = pl.concat([trials(1.0), trials(0.0).with_columns(condition=pl.lit("contrast"))])
    assert ShapeBias().judge(Evidence("x", "m", both, sixteen()))[0].value == 1.0


def test_estimates_are_the_findings_and_compare_in_pairs():
    less, more = evidence(0.3), evidence(0.5, seed=1)
    probe = ShapeBias()
    estimates = probe.estimates(less)
    for finding in probe.judge(less):
        assert estimates[finding.id.partition(".")[2]].point() == pytest.approx(finding.value)
    interval = bootstrap(estimates["value"], seed=1)
    exact = probe.judge(less)[0].interval
    assert (interval.low, interval.high) == pytest.approx((exact.low, exact.high), abs=0.015)
    difference, around, n = paired_difference(estimates["value"], probe.estimates(more)["value"])
    assert n == 720
    assert around.low <= 0.2 <= around.high
    assert difference > 0


def test_the_published_subjects(shared):
    people = read_people(shared / "human/geirhos2021-humans.parquet").filter(pl.col("dataset") == "cue-conflict")
    models = read_people(shared / "human/geirhos2021-models.parquet").filter(pl.col("dataset") == "cue-conflict")
    models = models.with_columns(
        condition=pl.lit("clean"), confidence=pl.lit(0.5), texture=pl.col("image").map_elements(texture_of, return_dtype=pl.String)
    )
    expected = pl.read_csv(shared / "human/reference/shape_bias.csv")
    reference = {row["decision_maker"]: row for row in expected.iter_rows(named=True)}
    for name in ("resnet50", "bagnet33", "simclr_resnet50x1"):
        given = Evidence("cue-conflict", name, models.filter(pl.col("subject") == name), sixteen(), people=people)
        finding, decided = ShapeBias().judge(given)
        assert finding.value == pytest.approx(reference[name]["shape_bias"], abs=6e-11)
        assert finding.human.value == pytest.approx(reference["humans"]["shape_bias"], abs=6e-11)
        assert decided.value * 1200 == pytest.approx(reference[name]["n_shape"] + reference[name]["n_texture"])
        single = [row["shape_bias"] for subject, row in reference.items() if subject.startswith("subject-")]
        assert (finding.human.low, finding.human.high) == pytest.approx((min(single), max(single)), abs=6e-11)
        per_category = pl.read_csv(shared / "human/reference/shape_bias_per_category.csv")
        wanted = {(row["decision_maker"], row["category"]): row["shape_bias"] for row in per_category.iter_rows(named=True)}
        for bar in ShapeBias().charts(given)[0].bars:
            assert bar.value == pytest.approx(wanted["humans" if bar.role == "people" else name, bar.label], abs=6e-11)


def few(shape: int, texture: int) -> Evidence:
    answers = ["cat"] * shape + ["dog"] * texture
    rows = [(f"cat/cat{at}-dog{at}.png", "cat", "dog", answer, 0.5, "clean") for at, answer in enumerate(answers)]
    columns = ["image", "category", "texture", "response", "confidence", "condition"]
    return Evidence("x", "m", pl.DataFrame(rows, schema=columns, orient="row"), sixteen())


@pytest.mark.parametrize(
    ("shape", "texture", "verdict"), [(1, 0, "note"), (4, 0, "note"), (3, 2, "note"), (40, 1, "good"), (0, 2, "caution")]
)
def test_a_few_images_decide_nothing(shape, texture, verdict):
    finding = ShapeBias().judge(few(shape, texture))[0]
    assert finding.verdict == verdict
    assert "too few images" in finding.thresholds


def test_of_a_world_the_category_counts_that_a_texture_goes_with():
    drawn = trials(0.2).with_columns(texture_category="texture").with_columns(texture=pl.lit("stripes"))
    own = Evidence("world", "m", drawn, sixteen(), people=observers())
    there = Evidence("world", "m", trials(0.2), sixteen(), people=observers())
    assert ShapeBias().judge(own)[0].value == ShapeBias().judge(there)[0].value
    assert ShapeBias().judge(own)[0].human == ShapeBias().judge(there)[0].human
    assert ShapeBias().applies(None, open_world(images=16, size=16), None) is None
