import gzip

import polars as pl
import pytest

from snellen.core import SnellenError
from snellen.images.people import match, only_people, read_people
from snellen.images.shown import UNDISTORTED
from snellen.trials import SCHEMA

PUBLISHED = """subj,Session,trial,rt,object_response,category,condition,imagename
subject-01,1,1,0.5,cat,cat,0.10,0001_nse_s01_0.10_cat_10_n02123045_12.png
subject-01,1,2,NaN,na,dog,0.10,0002_nse_s01_0.10_dog_10_n02085620_7.png
"""
MODEL = """subj,session,trial,rt,object_response,category,condition,imagename
resnet50,1,1,NaN,cat,cat,nan,cat1-dog2.png
resnet50,1,2,NaN,dog,cat,,cat2-dog1.png
"""


def test_published_csv_with_its_header_quirks(tmp_path):
    file = tmp_path / "uniform-noise_subject-01_session_1.csv"
    file.write_text(PUBLISHED)
    first, second = read_people(file).rows(named=True)
    assert list(first) == list(SCHEMA)
    assert first["dataset"] == "uniform-noise"
    assert first["condition"] == "0.10"
    assert first["image"] == "n02123045_12.png"
    assert (first["kind"], first["level"], first["rt"], first["correct"]) == ("human", None, 0.5, True)
    assert (second["response"], second["rt"], second["correct"]) == ("na", None, False)


def test_missing_condition_of_models_is_the_peoples(tmp_path):
    file = tmp_path / "cue-conflict_resnet50_session-1.csv"
    file.write_text(MODEL.replace("nan", "NaN"))
    frame = read_people(file)
    assert frame["condition"].to_list() == ["0", "0"]
    assert frame["image"].to_list() == ["cat1-dog2.png", "cat2-dog1.png"]
    assert frame["kind"].unique().to_list() == ["model"]


def test_folder_passes_over_files_without_trials(tmp_path):
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "edge_subject-01_session_1.csv").write_text(PUBLISHED)
    with gzip.open(tmp_path / "noise_humans.csv.gz", "wt") as file:
        file.write(PUBLISHED)
    (tmp_path / "accuracy.csv").write_text("subj,accuracy\nnet,0.5\n")
    frame = read_people(tmp_path)
    assert set(frame["dataset"]) == {"edge", "noise"}
    assert frame.height == 4


def test_own_schema_in_both_formats(tmp_path):
    (tmp_path / "a_1.csv").write_text(PUBLISHED)
    frame = read_people(tmp_path / "a_1.csv")
    frame.write_parquet(tmp_path / "own.parquet")
    frame.write_csv(tmp_path / "own.csv")
    assert read_people(tmp_path / "own.parquet").equals(frame)
    assert read_people(tmp_path / "own.csv").equals(frame)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "subj,rt\nx,1\n", "expected also response or object_response; category; condition; image"),
        ("a.csv", PUBLISHED.replace("0.5", "soon"), "rt and confidence are numbers"),
        ("a.csv", PUBLISHED.partition("\n")[0] + "\n", "holds no rows"),
        ("a.csv", "", "cannot be read"),
        ("a.parquet", "no parquet", "cannot be read"),
    ],
)
def test_errors_say_what_to_do(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(SnellenError, match=message):
        read_people(tmp_path / name)


def test_nothing_there(tmp_path):
    with pytest.raises(SnellenError, match="there is nothing"):
        read_people(tmp_path / "people.parquet")
    with pytest.raises(SnellenError, match="expected files of trials"):
        read_people(tmp_path)


def test_published_parquet(shared):
    humans = read_people(shared / "human/geirhos2021-humans.parquet")
    assert humans.height == 85_120
    assert humans.select(pl.struct("subject", "dataset").n_unique()).item() == 90
    assert humans["dataset"].n_unique() == 17
    assert {"c05", "0.10", "true", "0"} <= set(humans["condition"])
    assert humans.filter(pl.col("response") == "na")["correct"].any() is False
    assert humans["rt"].is_nan().any() is False
    models = read_people(shared / "human/geirhos2021-models.parquet")
    assert sorted(models["subject"].unique()) == ["bagnet33", "resnet50", "simclr_resnet50x1"]
    assert models["kind"].unique().to_list() == ["model"]


def test_published_2018(shared):
    frame = read_people(shared / "human/geirhos2018")
    assert frame["dataset"].n_unique() == 11
    assert frame["kind"].unique().to_list() == ["human"]
    assert {"c05", "0.10", "128-0-10", "inf"} <= set(frame["condition"])
    assert frame["image"].str.contains("_s0").any() is False


@pytest.mark.parametrize(
    ("folder", "dataset"), [("cue-conflict", "cue-conflict"), ("edges", "edge"), ("filled-silhouettes", "silhouette")]
)
def test_stimuli_find_their_people(shared, folder, dataset):
    root = shared / "stimuli" / folder
    names = [path.relative_to(root).as_posix() for path in root.rglob("*.png")]
    found = match(read_people(shared / "human/geirhos2021-humans.parquet"), folder, names)
    assert found["dataset"].unique().to_list() == [dataset]
    assert set(found["image"]) == set(names)
    assert found.height == 10 * len(names)


def people(dataset: str, images: list[str], kind: str = "human") -> pl.DataFrame:
    return pl.DataFrame(
        {"subject": "p", "kind": kind, "dataset": dataset, "condition": "0", "image": images, "category": "cat", "response": "cat"}
    ).with_columns(level=None, correct=True, confidence=None, rt=None)


def test_names_decide_between_sets_that_share_file_names():
    frame = pl.concat([people(name, ["cat1.png", "dog1.png"]) for name in ("edge", "silhouette", "eidolonI", "eidolonII")])
    ours = ["cat/cat1.png", "dog/dog1.png"]
    for name, dataset in [
        ("Edges", "edge"),
        ("my_filled-silhouettes", "silhouette"),
        ("eidolonI", "eidolonI"),
        ("eidolonII", "eidolonII"),
        ("eidolon II", "eidolonII"),
    ]:
        assert match(frame, name, ours)["dataset"].unique().to_list() == [dataset], name
    with pytest.raises(SnellenError, match=r"'drawings' are those of several .*edge, .*silhouette.*call the images after it"):
        match(frame, "drawings", ours)


def test_a_sample_of_the_images_still_matches():
    frame = people("edge", [f"cat{index}.png" for index in range(100)])
    found = match(frame, "edges", ["cat/cat3.png", "cat/cat5.png"])
    assert sorted(found["image"]) == ["cat/cat3.png", "cat/cat5.png"]


def test_extension_and_published_prefix_do_not_matter():
    frame = people("colour", ["n02123045_12.png", "n02085620_7.png"])
    found = match(frame, "colour", ["cr/0001_cl_dnn_cr_cat_10_n02123045_12.JPEG", "cr/n02085620_7.webp"])
    assert found.height == 2


def test_whole_names_go_first():
    frame = people("study", ["a/1.png", "b/1.png"])
    found = match(frame, "photos", ["a/1.png", "b/1.png"])
    assert sorted(found["image"]) == ["a/1.png", "b/1.png"]


def test_other_images_match_nobody():
    assert match(people("edge", ["cat1.png"]), "photos", ["dog1.png"]).is_empty()
    assert match(people("edge", ["cat1.png"], kind="model"), "photos", ["cat1.png"]).is_empty()
    assert match(people("edge", ["cat1.png"]), "photos", []).is_empty()


def test_same_file_name_twice_is_an_error():
    with pytest.raises(SnellenError, match="cannot tell apart"):
        match(people("edge", ["cat1.png"]), "stimuli", ["edges/cat1.png", "silhouettes/cat1.png"])


def test_a_folder_of_people_and_models_keeps_them_apart(tmp_path):
    (tmp_path / "edge_subject-01_session_1.csv").write_text(PUBLISHED)
    (tmp_path / "edge_resnet50_session-1.csv").write_text(MODEL)
    frame = read_people(tmp_path)
    assert set(frame["kind"]) == {"human", "model"}
    assert only_people(frame)["subject"].unique().to_list() == ["subject-01"]


def test_frames_that_hold_no_people_say_so():
    frame = people("edge", ["cat1.png"])
    with pytest.raises(SnellenError, match="expected also kind"):
        only_people(frame.drop("kind"))
    with pytest.raises(SnellenError, match=r"my\.parquet: got no trials of people \(kind: model\)"):
        only_people(people("edge", ["cat1.png"], kind="model"), "my.parquet")
    with pytest.raises(SnellenError, match="no rows"):
        only_people(frame.clear())


def test_only_people_has_the_columns_of_trials_and_knows_right_from_wrong():
    frame = people("edge", ["cat1.png", "dog1.png", "dog2.png"]).with_columns(
        category=pl.Series(["cat", "dog", "dog"]),
        response=pl.Series(["cat", "cat", None]),
        correct=pl.lit(None, pl.Boolean),
        mood=pl.lit("good"),
    )
    found = only_people(frame)
    assert found.columns == list(SCHEMA)
    assert found["correct"].to_list() == [True, False, False]


def distorted() -> pl.DataFrame:
    """Four images, each in one condition of a published data set."""
    images = [f"n02123045_{index}.png" for index in range(4)]
    return people("contrast", images).with_columns(condition=pl.Series(["c100", "c05", "c01", "c100"]))


def test_clean_photographs_meet_only_the_trials_on_undistorted_ones():
    ours = [f"cat/n02123045_{index}.png" for index in range(4)]
    found = match(distorted(), "contrast", ours)
    assert sorted(found["image"]) == [ours[0], ours[3]]
    assert found["condition"].unique().to_list() == ["c100"]
    assert match(distorted(), "contrast", ours[1:3]).is_empty()


def test_distorted_images_meet_the_trials_in_their_condition():
    named = [f"dnn/000{index}_cop_dnn_{c}_cat_10_n02123045_{index}.png" for index, c in enumerate(("c100", "c05", "c05", "c01"))]
    found = match(distorted(), "contrast", named)
    assert sorted(found["image"]) == named[:2]
    ours = [f"n02123045_{index}.png" for index in range(4)]
    found = match(distorted(), "contrast", ours, ["c30", "c05", "c01", None])
    assert sorted(found["image"]) == ours[1:]


def test_conditions_of_other_sets_are_the_peoples_own():
    frame = distorted().with_columns(dataset=pl.lit("study"))
    assert match(frame, "study", frame["image"].to_list()).height == 4


def test_trials_without_a_condition_are_on_the_images_as_they_are():
    frame = people("contrast", ["cat1.png"])
    assert match(frame, "contrast", ["cat1.png"]).height == 1


def test_published_conditions_of_clean_photographs(shared):
    frame = read_people(shared / "human/geirhos2021-humans.parquet")
    for dataset, condition in UNDISTORTED.items():
        names = frame.filter(pl.col("dataset") == dataset)["image"].unique().sort().to_list()
        found = match(frame, dataset, names)
        assert found["condition"].unique().to_list() == [condition], dataset
