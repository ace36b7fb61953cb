from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from snellen import api
from snellen.charts import Bars, Gallery
from snellen.core import Evidence
from snellen.labels import SIXTEEN, sixteen
from snellen.probes.background import Background
from tests.patients import Masked, cue_conflict, cut_out, patient, photographs

N = 160
RIGHT = {"clean": 1.0, "swapped": 1.0, "same": 1.0, "grey": 1.0, "only": 0.0}


def evidence(**right: float) -> Evidence:
    """A subject that is right on so large a share of the images under each condition, and answers the next category elsewhere."""
    category, rng, frames = np.array(SIXTEEN)[np.arange(N) % 16], np.random.default_rng(0), []
    for level, share in {**RIGHT, **right}.items():
        wrong = rng.permutation(N) >= round(share * N)
        response = np.where(wrong, np.roll(category, 1), category)
        frames.append(
            pl.DataFrame({"image": [f"{i:03d}" for i in range(N)], "category": category, "response": response}).with_columns(
                condition=pl.lit("clean" if level == "clean" else "background"),
                level=pl.lit("" if level == "clean" else level),
                correct=pl.col("category") == pl.col("response"),
                confidence=pl.lit(0.5),
            )
        )
    return Evidence("photos", "m", pl.concat(frames), sixteen())


def judged(**right: float):
    return {finding.id: finding for finding in Background().judge(evidence(**right))}


@pytest.mark.parametrize(("right", "verdict"), [(1.0, "good"), (0.95, "good"), (0.8, "caution"), (0.5, "caution"), (0.2, "bad")])
def test_verdict_goes_by_the_share_that_another_background_changes(right, verdict):
    found = judged(swapped=right)["background.flips"]
    assert found.headline
    assert (found.value, found.verdict) == (pytest.approx(1 - right), verdict)
    assert found.interval.low <= 1 - right <= found.interval.high


def test_gap_is_what_the_background_of_its_own_category_adds():
    found = judged(swapped=0.5, same=0.9)["background.gap"]
    assert found.value == pytest.approx(0.4)
    assert found.interval.low < 0.4 < found.interval.high
    assert found.verdict == "caution"
    assert judged(swapped=0.7, same=0.7)["background.gap"].verdict == "note"


def test_what_is_left_without_the_background_and_on_it_alone():
    found = judged(only=0.25, grey=0.75)
    assert (found["background.only"].value, found["background.only"].chance) == (0.25, 1 / 16)
    assert (found["background.kept"].value, found["background.kept"].n) == (0.75, N)


def test_a_subject_that_is_mostly_wrong_is_not_called_good():
    found = judged(clean=0.0, swapped=0.0)
    assert (found["background.flips"].value, found["background.flips"].verdict) == (0.0, "caution")
    assert found["background.kept"].reason == "none of the answers was right to begin with"


def test_images_without_a_mask_and_boxes_are_told():
    whole = evidence(swapped=0.9)
    made = (pl.col("condition") == "background") & (pl.col("image") < "040")
    some = replace(whole, trials=whole.trials.filter(~made).with_columns(x0=1, y0=1, x1=9, y1=9))
    found = Background().judge(some)[0]
    assert found.n == N - 40
    assert any("Only 120 of 160 images have a mask or a box" in limit for limit in found.limits)
    assert any("Boxes hold some background" in limit for limit in found.limits)
    bare = replace(whole, trials=whole.trials.filter(pl.col("condition") == "clean"))
    assert [(f.value, f.reason) for f in Background().judge(bare)] == [(None, "no image has a mask or a box")]


def test_charts_show_accuracies_and_photographs_beside_composites():
    bars, gallery = Background(pictures=1).charts(evidence(swapped=0.5))
    assert isinstance(bars, Bars)
    assert [bar.value for bar in bars.bars] == [1.0, 0.5, 1.0, 1.0, 0.0]
    assert isinstance(gallery, Gallery)
    ((_, pictures),) = gallery.rows
    assert [picture.under for picture in pictures] == [None, ("background", "swapped")]


def test_needs_masks_two_categories_and_one_answer():
    model, probe = patient(), Background()
    assert "no masks or boxes" in probe.applies(model, photographs(16), None)
    assert "no single answer is right" in probe.applies(model, cue_conflict(), None)
    images = cut_out(16)
    assert probe.applies(model, images, None) is None
    assert "are of one" in probe.applies(model, replace(images, facts=images.facts.with_columns(category=pl.lit("cat"))), None)


def test_an_image_that_cannot_be_taken_apart_is_still_examined_and_not_called_unreadable(tmp_path):
    images = cut_out(32)
    masks = images.masks.copy()
    masks[3] = 0
    exam = api.exam(patient(), Masked.of(images.inner, masks), ["accuracy", "background"], out=tmp_path)
    assert exam["accuracy"].n == 32
    assert exam["background"].n == 31
    assert exam.record.images[0].problems == ()
