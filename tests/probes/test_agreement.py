import numpy as np
import polars as pl
import pytest

from snellen.charts import Bars, Gallery, Table
from snellen.core import Evidence, Images, Labels, SnellenError
from snellen.images.people import read_people
from snellen.labels import SIXTEEN, coarse, imagenet, sixteen
from snellen.probes.agreement import Agreement
from snellen.stats import paired_difference

N = 600
CATEGORIES = np.array(SIXTEEN, dtype=object)[np.arange(N) % 16]
WRONG = np.array(SIXTEEN, dtype=object)[(np.arange(N) + 1) % 16]
DIFFICULTY = np.random.default_rng(0).random(N)


def trials(correct: np.ndarray, subject: str = "m", kind: str = "model", condition: np.ndarray | str = "clean") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "subject": subject,
            "kind": kind,
            "dataset": "set",
            "condition": np.broadcast_to(np.array(condition), N).tolist(),
            "image": [f"{index:04d}.png" for index in range(N)],
            "category": CATEGORIES.tolist(),
            "response": np.where(correct, CATEGORIES, WRONG).tolist(),
            "correct": correct,
            "confidence": np.linspace(0.2, 1, N),
            "coarse_category": pl.Series([None] * N, dtype=pl.String),
            "coarse_response": pl.Series([None] * N, dtype=pl.String),
        }
    )


def person(seed: int, accuracy: float = 0.7, common: float = 0.6) -> np.ndarray:
    """Right on easy images, with `common` of the difficulty shared between people."""
    rng = np.random.default_rng(seed)
    noise = np.where(rng.random(N) < common, DIFFICULTY, rng.random(N))
    return noise < accuracy


def observers(count: int = 4, condition: np.ndarray | str = "0") -> pl.DataFrame:
    return pl.concat([trials(person(i), f"p{i}", "human", condition) for i in range(count)])


def evidence(correct: np.ndarray, people: pl.DataFrame | None = None) -> Evidence:
    return Evidence("set", "m", trials(correct), sixteen(), people=observers() if people is None else people)


def judged(correct: np.ndarray, people: pl.DataFrame | None = None) -> dict[str, object]:
    return {finding.id.partition(".")[2]: finding for finding in Agreement().judge(evidence(correct, people))}


def copier(share: float) -> np.ndarray:
    rng = np.random.default_rng(99)
    return np.where(rng.random(N) < share, person(0), rng.random(N) < 0.7)


def test_independent_errors_are_found_to_be_independent():
    finding = judged(copier(0.0))["error-consistency"]
    assert finding.headline
    assert finding.interval.low <= 0 <= finding.interval.high
    assert finding.verdict == "bad"


def test_another_person_reaches_the_ceiling():
    finding = judged(person(77))["error-consistency"]
    assert finding.interval.low <= finding.human.high
    assert finding.human.low <= finding.interval.high
    assert finding.verdict == "good"


def test_rises_with_the_share_copied_from_the_observer():
    people = trials(person(0), "p0", "human", "0")
    values = [judged(copier(share), people)["error-consistency"].value for share in (0, 0.25, 0.5, 0.75, 1)]
    assert np.all(np.diff(values) > 0.1)
    assert values[-1] == pytest.approx(1)


def test_worked_by_hand_for_one_person():
    people = trials(np.arange(N) < 360, "p0", "human", "0")
    found = judged(np.arange(N) >= 120, people)
    assert found["observed-consistency"].value == pytest.approx(240 / 600)
    expected = 0.6 * 0.8 + 0.4 * 0.2
    assert found["observed-consistency"].chance == pytest.approx(expected)
    assert found["error-consistency"].value == pytest.approx((0.4 - expected) / (1 - expected))
    assert found["accuracy-difference"].value == pytest.approx(0.04)
    assert found["accuracy"].value == pytest.approx(0.8)
    assert found["accuracy"].human.value == pytest.approx(0.6)
    assert found["error-consistency"].human is None


def test_a_model_without_errors_gets_no_verdict_on_them():
    finding = judged(np.ones(N, bool))["error-consistency"]
    assert finding.value == pytest.approx(0)
    assert finding.verdict == "note"


def test_undefined_where_all_are_always_right():
    finding = judged(np.ones(N, bool), trials(np.ones(N, bool), "p0", "human", "0"))["error-consistency"]
    assert finding.value is None
    assert "chance alone agrees" in finding.reason


def test_conditions_are_averaged_without_weights():
    condition = np.where(np.arange(N) < 500, "easy", "hard")
    people = observers(2, condition)
    table = next(chart for chart in Agreement().charts(evidence(copier(0.5), people)) if isinstance(chart, Table))
    rows = {row[0]: row for row in table.rows}
    assert list(rows) == ["all", "easy", "hard"]
    assert [row[1] for row in table.rows] == ["600", "500", "100"]
    parts = [float(rows[name][5].partition(" ")[0]) for name in ("easy", "hard")]
    assert judged(copier(0.5), people)["error-consistency"].value == pytest.approx(np.mean(parts), abs=1e-3)


def test_images_the_model_could_not_read_and_people_did_not_see_are_left_out():
    given = evidence(copier(0.5), observers().filter(pl.col("image") >= "0100.png"))
    fewer = Evidence("set", "m", given.trials.filter(pl.col("image") < "0400.png"), sixteen(), people=given.people)
    assert {finding.n for finding in Agreement().judge(fewer)} == {300}


def test_fine_answers_are_compared_by_their_entry_level_category():
    coarse = trials(copier(0.5)).with_columns(
        coarse_category=pl.col("category"), coarse_response=pl.col("response"), response=pl.lit("n02123045"), correct=pl.lit(False)
    )
    plain, fine = (
        Agreement().judge(Evidence("set", "m", frame, sixteen(), observers())) for frame in (trials(copier(0.5)), coarse)
    )
    assert [finding.value for finding in plain] == [finding.value for finding in fine]


def test_charts_show_each_person_and_where_all_part_from_the_model():
    model = copier(0.3)
    bars, table, gallery = Agreement(pictures=4).charts(evidence(model))
    assert isinstance(bars, Bars)
    assert isinstance(table, Table)
    assert isinstance(gallery, Gallery)
    assert [bar.label for bar in bars.bars if bar.role == "model"] == ["p0", "p1", "p2", "p3"]
    everyone = np.all([person(i) for i in range(4)], axis=0)
    wanted = np.flatnonzero(everyone & ~model)[::-1][:4]
    assert [picture.image for picture in gallery.rows[0][1]] == [f"{index:04d}.png" for index in wanted]


def test_estimates_are_the_findings_and_compare_in_pairs():
    probe, given = Agreement(), evidence(copier(0.5))
    estimates = probe.estimates(given)
    for finding in probe.judge(given):
        assert estimates[finding.id.partition(".")[2]].point() == pytest.approx(finding.value)
    other = probe.estimates(evidence(copier(0.0)))
    difference, interval, n = paired_difference(other["error-consistency"], estimates["error-consistency"])
    assert n == N
    assert 0 < interval.low < difference < interval.high


def test_the_published_numbers(shared):
    people = read_people(shared / "human/geirhos2021-humans.parquet")
    models = read_people(shared / "human/geirhos2021-models.parquet").with_columns(
        condition=pl.lit("clean"), confidence=pl.lit(0.5), coarse_response=pl.lit(None, pl.String)
    )
    expected = pl.read_csv(shared / "human/reference/per_dataset.csv")
    for dataset in ("cue-conflict", "edge", "silhouette", "sketch", "stylized"):
        wanted = {row["decision_maker"]: row for row in expected.filter(pl.col("dataset") == dataset).iter_rows(named=True)}
        model = models.filter(pl.col("dataset") == dataset, pl.col("subject") == "resnet50")
        given = Evidence(dataset, "resnet50", model, sixteen(), people=people.filter(pl.col("dataset") == dataset))
        for finding in Agreement().judge(given)[:3]:
            metric = finding.id.partition(".")[2].replace("-", "_")
            assert finding.value == pytest.approx(wanted["resnet50"][metric], abs=6e-11)
            assert finding.human.value == pytest.approx(wanted["humans"][metric], abs=6e-11)


KEYS = {word: f"n{at:08d}" for at, word in enumerate(SIXTEEN)}


def in_keys(correct: np.ndarray) -> pl.DataFrame:
    """Trials of a model that answers in keys, where people answer in words."""
    return trials(correct).with_columns(pl.col("category", "response").replace_strict(KEYS))


def in_keys_judged(correct: np.ndarray, people: pl.DataFrame) -> dict[str, object]:
    labels = Labels("custom", tuple(KEYS.values()), SIXTEEN)
    found = Agreement().judge(Evidence("set", "m", in_keys(correct), labels, people=people))
    return {finding.id.partition(".")[2]: finding for finding in found}


def test_model_and_people_are_each_right_by_their_own_words():
    for correct in (np.ones(N, bool), copier(0.5)):
        plain, keyed = judged(correct), in_keys_judged(correct, observers())
        assert [finding.value for finding in plain.values()] == [finding.value for finding in keyed.values()]
    assert keyed["accuracy"].chance == pytest.approx(1 / 16)
    assert in_keys_judged(np.ones(N, bool), observers())["accuracy"].value == 1


class Folder(Images):
    def __init__(self, categories: list[str], labels: Labels):
        self.name, self.id, self.labels, self.origin = "set", "set", labels, {}
        self.facts = pl.DataFrame({"image": [f"{at:04d}.png" for at in range(len(categories))], "category": categories})

    def fetch(self, rows):
        raise NotImplementedError


def test_people_asked_for_other_categories_are_no_ceiling():
    word = pl.when(pl.col("category") < "c").then(pl.lit("first")).otherwise(pl.lit("second"))
    people = observers().with_columns(category=word, response=word)
    with pytest.raises(SnellenError, match="do not correspond one to one"):
        judged(copier(0.5), people)
    images = Folder(CATEGORIES.tolist(), sixteen())
    assert "do not correspond one to one ('first' for 'airplane'" in Agreement().applies(None, images, people)
    assert Agreement().applies(None, images, observers()) is None
    assert "trials of people" in Agreement().applies(None, images, None)


def test_people_of_the_sixteen_on_imagenet_classes():
    dogs, lemon = [key for key in imagenet().keys if coarse(key) == "dog"][:2], "n07749582"
    categories = [dogs[at % 2] if at % 4 < 2 else lemon for at in range(N)]
    images = Folder(categories, imagenet())
    people = observers().with_columns(category=pl.lit("Dog"), response=pl.lit("Dog"))
    assert Agreement().applies(None, images, people) is None
    truth = pl.Series(categories)
    rows = trials(np.zeros(N, bool)).with_columns(
        category=truth,
        response=pl.lit(dogs[0]),
        coarse_category=pl.Series([coarse(category) for category in categories]),
        coarse_response=pl.Series([None if category == lemon else "dog" for category in categories]),
    )
    found = {f.id: f for f in Agreement().judge(Evidence("set", "m", rows, imagenet(), people=people))}
    assert found["agreement.accuracy"].n == N / 2
    assert found["agreement.accuracy"].value == 1
    assert found["agreement.accuracy"].chance == pytest.approx(1 / 16)


def test_the_order_of_trials_changes_nothing():
    shuffled = observers(3).sample(fraction=1, shuffle=True, seed=5)
    assert judged(copier(0.5), observers(3)) == judged(copier(0.5), shuffled)


def test_few_images_decide_nothing():
    people = observers().filter(pl.col("image") < "0012.png")
    for seed in range(20):
        finding = judged(person(100 + seed), people)["error-consistency"]
        reaches = finding.interval is None or (finding.interval.low <= 0 and finding.interval.high >= finding.human.low)
        assert finding.verdict != "good" or not reaches
    assert judged(person(77), people)["error-consistency"].verdict == "note"
    assert "too few images" in finding.thresholds


def test_the_same_four_errors_are_not_enough():
    people = trials(np.arange(N) >= 4, "p0", "human", "0")
    finding = judged(np.arange(N) >= 4, people)["error-consistency"]
    assert (finding.value, finding.verdict) == (pytest.approx(1), "note")
    people = trials(np.arange(N) >= 50, "p0", "human", "0")
    assert judged(np.arange(N) >= 50, people)["error-consistency"].verdict == "good"


def test_many_people_are_compared_in_pairs_drawn_and_it_says_so():
    people = observers(60)
    found = judged(copier(0.5), people)["error-consistency"]
    assert "Of 1,770 pairs of people, 500 drawn at random make the number for two people." in found.limits
    assert found.human == judged(copier(0.5), people)["error-consistency"].human
    few = judged(copier(0.5), observers(20))["error-consistency"]
    assert not any("drawn" in limit for limit in few.limits)
    bars = Agreement().charts(evidence(copier(0.5), people))[0]
    assert len({bar.label for bar in bars.bars}) == 40
    assert "40 of 60 people" in bars.title
