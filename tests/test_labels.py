import csv
import pickle

import pytest

from snellen import labels
from snellen.core import SnellenError


def test_imagenet_has_a_thousand_unique_classes():
    imagenet = labels.imagenet()
    assert len(imagenet) == len(set(imagenet.keys)) == len({name.casefold() for name in imagenet.names}) == 1000
    assert imagenet.keys[0] == "n01440764"
    assert dict(zip(imagenet.keys, imagenet.names, strict=True))["n02012849"] == "crane (bird)"
    assert all(0 < len(name) <= 40 for name in imagenet.names)
    assert pickle.loads(pickle.dumps(imagenet)) == imagenet


def test_imagenet_order_is_the_usual_one(shared):
    with (shared / "imagenet-classes.csv").open() as file:
        assert labels.imagenet().keys == tuple(row["wnid"] for row in csv.DictReader(file))


def test_sixteen_members_are_the_published_ones(shared):
    published = {category: [] for category in labels.SIXTEEN}
    with (shared / "human" / "sixteen_class_mapping.csv").open() as file:
        for row in csv.DictReader(file):
            published[row["category"]].append(int(row["imagenet_index"]))
            assert labels.coarse(row["wnid"]) == row["category"]
    assert {category: tuple(sorted(members)) for category, members in published.items()} == labels.SIXTEEN_MEMBERS
    assert sum(map(len, labels.SIXTEEN_MEMBERS.values())) == len(labels.coarse_of(labels.imagenet())) == 207


def test_coarse_of_other_lists():
    assert labels.coarse("n01440764") is None
    assert labels.coarse_of(labels.sixteen())["oven"] == "oven"
    assert labels.coarse_of(labels.custom(["cat", "cow"])) == {}


@pytest.mark.parametrize(
    "texts, hint, name, keys",
    [
        (["n01440764", "N01443537", "n01440764"], None, "imagenet-1k", ["n01440764", "n01443537", "n01440764"]),
        (["Cat", "DOG", "cat"], None, "sixteen", ["cat", "dog", "cat"]),
        (["goldfish", "Great_White-Shark", "jack-o'-lantern"], None, "imagenet-1k", ["n01443537", "n01484850", "n03590841"]),
        (["man-eater", "Carassius auratus"], None, "imagenet-1k", ["n01484850", "n01443537"]),
        (["tench, Tinca tinca"], None, "imagenet-1k", ["n01440764"]),
        (["crane (bird)", "tank suit"], None, "imagenet-1k", ["n02012849", "n03710721"]),
        (["partridge"], None, "imagenet-1k", ["n01807496"]),
        (["3", "007", "0"], None, "integers", ["3", "7", "0"]),
        (["0", "999"], "imagenet", "imagenet-1k", ["n01440764", "n15075141"]),
        (["0", "tench"], "imagenet-1k", "imagenet-1k", ["n01440764", "n01440764"]),
        (["cat", "horse"], None, "custom", ["cat", "horse"]),
        (["cat"], "custom", "custom", ["cat"]),
        (["banana", "apple", "cherry"], None, "custom", ["banana", "apple", "cherry"]),
        (["1", "one"], None, "custom", ["1", "one"]),
        (["123456789012345678901234567890"], None, "custom", ["123456789012345678901234567890"]),
        (["B", "a"], labels.custom(["a", "b"]), "custom", ["b", "a"]),
        (["1", "a"], labels.custom(["a", "b"]), "custom", ["b", "a"]),
        ([" 猫 ", "犬"], None, "custom", ["猫", "犬"]),
    ],
)
def test_resolve(texts, hint, name, keys):
    found, got = labels.resolve(texts, hint)
    assert (found.name, got) == (name, keys)
    assert set(got) <= set(found.keys)


def test_integers_reach_to_the_largest():
    assert labels.resolve(["3", "1"])[0].keys == ("0", "1", "2", "3")


def test_custom_lists_are_sorted():
    assert labels.resolve(["zebra crossing", "aisle"])[0].keys == ("aisle", "zebra crossing")


@pytest.mark.parametrize(
    "texts, hint, message",
    [
        (["goldfish", "tench", "hen", "brambling", "bulbul", "godlfinch"], None, "Did you mean goldfinch"),
        (["cat", "dog", "elefant"], None, "Did you mean elephant"),
        (["n01440764", "n99999999"], None, "n99999999"),
        (["n01440764", "background"], None, "'background'"),
        (["crane"], None, "write one of n02012849, n03126707"),
        (["1000"], "imagenet", "expected one of the 1000"),
        (["tench", "wolf"], "sixteen", "'tench'"),
        (["cat", ""], None, "empty category"),
        ([], None, "empty category"),
        (["cat"], "imagnet", "expected one of imagenet"),
    ],
)
def test_resolve_explains(texts, hint, message):
    with pytest.raises(SnellenError, match=message):
        labels.resolve(texts, hint)


def test_custom_refuses_repeats():
    with pytest.raises(SnellenError, match="'a' more than once"):
        labels.custom(["a", "b", "a"])


def test_every_name_and_id_finds_its_class():
    imagenet = labels.imagenet()
    clear = [(key, name) for key, name in zip(imagenet.keys, imagenet.names, strict=True) if name not in ("cardigan",)]
    assert labels.resolve([name for _, name in clear])[1] == [key for key, _ in clear]
    assert labels.resolve(list(imagenet.keys))[1] == list(imagenet.keys)


def test_published_category_spellings(shared):
    with (shared / "human" / "sixteen_class_mapping.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert labels.resolve([row["imagenet_label"] for row in rows])[1] == [row["wnid"] for row in rows]


def test_names_that_are_no_text_can_be_written():
    assert labels.custom(["caf\udce9", "tea"]).keys == ("caf\\udce9", "tea")
    found, keys = labels.resolve(["caf\udce9", "tea"], "custom")
    assert set(keys) == set(found.keys) == {"caf\\udce9", "tea"}
    with pytest.raises(SnellenError, match="more than once"):
        labels.custom(["\udce9", "\\udce9"])
