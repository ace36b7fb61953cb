"""Tables of accuracies as they come."""

import pytest

from snellen.baselines import read_baselines
from snellen.core import SnellenError


def write(path, *rows):
    path.write_text("\n".join(rows))
    return str(path)


def test_own_table_in_shares_or_percent(tmp_path):
    shares = read_baselines(write(tmp_path / "a.csv", "model,original,shifted", "b,0.8,0.7", "a,0.5,0.25", "c,0.9,"))
    percent = read_baselines(write(tmp_path / "b.csv", "model,original,shifted,note", "a,50,25,x", "b,80,70,y"))
    assert shares.rows() == percent.rows() == [("a", 0.5, 0.25), ("b", 0.8, 0.7)]
    named = read_baselines(write(tmp_path / "c.csv", "model,original,snow", "a,50,25") + "#snow")
    assert named.rows() == [("a", 0.5, 0.25)]


def test_a_copy_of_a_model_counts_once(tmp_path):
    rows = ["a,0.5,0.25", "b,0.8,0.7", "a,0.5,0.25", "a,0.6,0.3"]
    found = read_baselines(write(tmp_path / "a.csv", "model,original,shifted", *rows))
    assert found.rows() == [("a", 0.5, 0.25), ("a", 0.6, 0.3), ("b", 0.8, 0.7)]


def test_runs_of_timm_are_joined_by_size_and_crop(tmp_path):
    columns = "model,img_size,top1,crop_pct"
    write(tmp_path / "results-imagenet.csv", columns, "net,224,80.0,0.9", "net,288,82.0,1.0", "other,224,70.0,0.9")
    write(tmp_path / "results-imagenetv2-matched-frequency.csv", columns, "net,288,71.0,1.0", "net,224,68.0,0.9")
    names, old, new = read_baselines(str(tmp_path)).get_columns()
    assert names.to_list() == ["net at 224", "net at 288"]
    assert (old.to_list(), new.to_list()) == (pytest.approx([0.8, 0.82]), pytest.approx([0.68, 0.71]))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("model,original,shift", "a,1,2"), "has no column shifted.*Did you mean shift"),
        (("model,original,shifted", "a,one,2"), "text among its accuracies"),
        (("model,original,shifted", "a,150,2"), "accuracies that are none"),
        (("model,original,shifted", "a,nan,2"), "accuracies that are none"),
        (("model,original,shifted",), "no models at all"),
        (("model,original,shifted", "a,50,40", "b,0.6,0.5", "c,70,60"), "for 1 of 3 models none above 1"),
    ],
)
def test_other_tables_are_refused(tmp_path, rows, message):
    with pytest.raises(SnellenError, match=message):
        read_baselines(write(tmp_path / "a.csv", *rows))


def test_missing_files_and_sets_are_named(tmp_path):
    with pytest.raises(SnellenError, match="check the path"):
        read_baselines(str(tmp_path / "none.csv"))
    with pytest.raises(SnellenError, match="check the path"):
        read_baselines(f"{tmp_path}#sketch")
    header = "model,imagenet-validation-original_k1,imagenet-validation-original_n"
    with pytest.raises(SnellenError, match=r"expected one of matched-frequency, threshold-0\.7, top-images"):
        read_baselines(write(tmp_path / "v2.csv", header, "a,1,2") + "#b-33")
