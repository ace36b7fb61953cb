"""The causal model: tables, strengths, interventions and counterfactual twins."""

import itertools

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import binomtest, chisquare, kstest

from snellen.core import SnellenError
from snellen.images.world import open_world
from snellen.images.world.concepts import COLOURS, CONCEPTS, TEXTURE_OF, TEXTURES, Continuous, Discrete
from snellen.images.world.mechanisms import mechanisms

MANY = 4000
DISCRETE = [name for name, concept in CONCEPTS.items() if isinstance(concept, Discrete)]
CONTINUOUS = [name for name, concept in CONCEPTS.items() if isinstance(concept, Continuous)]
HUSKIES = {"background | category": {"dog": {"forest": 0.75, "meadow": 0.25}, "cat": "wall"}}


def concepts(world) -> pl.DataFrame:
    return world.facts.select(list(CONCEPTS))


def others(world, *names: str) -> pl.DataFrame:
    return concepts(world).drop(names)


@pytest.fixture(scope="module")
def plain() -> pl.DataFrame:
    return open_world(images=MANY).facts


class TestOnItsOwn:
    @pytest.mark.parametrize("name", DISCRETE)
    def test_values_come_in_their_shares(self, plain, name):
        concept = CONCEPTS[name]
        drawn = [(value, weight) for value, weight in zip(concept.values, concept.weights, strict=True) if weight]
        counts = [(plain[name] == value).sum() for value, _ in drawn]
        assert sum(counts) == MANY
        assert chisquare(counts, [weight * MANY for _, weight in drawn]).pvalue > 0.001

    @pytest.mark.parametrize("name", CONTINUOUS)
    def test_numbers_fill_their_range(self, plain, name):
        concept = CONCEPTS[name]
        if concept.low == concept.high:
            assert plain[name].unique().to_list() == [concept.low]
        else:
            assert kstest(plain[name], "uniform", (concept.low, concept.high - concept.low)).pvalue > 0.001

    def test_no_concept_tells_of_another(self, plain):
        codes = plain.select(
            pl.col(name).cast(pl.Categorical).to_physical() if name in DISCRETE else name
            for name in CONCEPTS
            if name != "occlusion"
        )
        correlations = np.corrcoef(codes.to_numpy().astype(float), rowvar=False)
        np.fill_diagonal(correlations, 0)
        assert np.abs(correlations).max() < 4.5 / MANY**0.5

    def test_shares_and_ranges_that_were_given(self):
        facts = open_world({"colour": {"red": 3, "blue": 1}, "scale": (0.3, 0.4), "x": 0.1, "view": "left"}, images=MANY).facts
        assert binomtest((facts["colour"] == "red").sum(), MANY, 0.75).pvalue > 0.001
        assert set(facts["colour"]) == {"red", "blue"}
        assert facts["scale"].is_between(0.3, 0.4).all()
        assert facts["x"].unique().to_list() == [0.1]
        assert set(facts["view"]) == {"left"}


class TestStrength:
    @pytest.mark.parametrize("strength", [0.0, 0.3, 0.9, 1.0])
    def test_bound_in_that_share_and_by_chance_elsewhere(self, strength):
        facts = open_world({"texture | category": strength}, images=MANY, seed=2).facts
        paired = sum(texture == TEXTURE_OF[category] for texture, category in facts.select("texture", "category").iter_rows())
        expected = strength + (1 - strength) / len(TEXTURES)
        assert paired == MANY if strength == 1 else binomtest(paired, MANY, expected).pvalue > 0.001

    def test_two_causes(self):
        facts = open_world({"colour | category, view": 1.0}, images=MANY).facts
        assert facts.group_by("category", "view").agg(pl.col("colour").n_unique())["colour"].unique().to_list() == [1]
        assert facts["colour"].n_unique() == len(COLOURS)

    def test_more_strength_binds_more_of_the_same_images(self):
        weak, strong = (open_world({"texture | category": strength}, images=500).facts for strength in (0.4, 0.8))
        bound = [[t == TEXTURE_OF[c] for t, c in facts.select("texture", "category").iter_rows()] for facts in (weak, strong)]
        assert all(later for earlier, later in zip(*bound, strict=True) if earlier)

    def test_nothing_else_changes(self):
        assert_frame_equal(
            others(open_world(images=300), "texture"), others(open_world({"texture | category": 0.9}, images=300), "texture")
        )


class TestTables:
    def test_rows_that_are_named(self):
        facts = open_world(HUSKIES, images=MANY).facts
        dogs = facts.filter(pl.col("category") == "dog")
        assert set(dogs["background"]) == {"forest", "meadow"}
        assert binomtest((dogs["background"] == "forest").sum(), len(dogs), 0.75).pvalue > 0.001
        assert set(facts.filter(pl.col("category") == "cat")["background"]) == {"wall"}
        assert facts.filter(~pl.col("category").is_in(["dog", "cat"]))["background"].n_unique() == 8

    def test_numbers_too(self):
        facts = open_world({"scale | view": {"left": (0.3, 0.4), "right": 0.8}}, images=200).facts
        assert facts.filter(pl.col("view") == "left")["scale"].is_between(0.3, 0.4).all()
        assert set(facts.filter(pl.col("view") == "right")["scale"]) == {0.8}

    @pytest.mark.parametrize("row", ["bear, left", ("bear", "left"), "bear,left"])
    def test_several_causes(self, row):
        facts = open_world({"mark | category, view": {row: "tube"}, "mark": "none"}, images=320).facts
        here = (pl.col("category") == "bear") & (pl.col("view") == "left")
        assert facts.filter(pl.col("mark") == "tube").equals(facts.filter(here))

    def test_a_chain_of_causes(self):
        facts = open_world({"mark | texture": 1.0, "texture | category": 1.0}, images=320).facts
        assert facts.group_by("category").agg(pl.col("mark").n_unique())["mark"].unique().to_list() == [1]
        order = list(mechanisms({"mark | texture": 1.0, "texture | category": 1.0}))
        assert order.index("category") < order.index("texture") < order.index("mark")

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"texture | category": 1, "category | texture": 1}, "ring"),
            ({"texture | mark": 1, "mark | colour": 1, "colour | texture": 1}, "ring"),
            ({"texture | category": 1, "texture | view": 1}, "two tables"),
            ({"texture | texture": 1}, "different concepts"),
            ({"texture | scale": 1}, "named values"),
            ({"texture | categroy": 1}, "Did you mean category"),
            ({"texture | category": 1.2}, "share from 0 to 1"),
            ({"scale | category": 0.5}, "is a number"),
            ({"texture | category": {"bear": "bricsk"}}, "Did you mean bricks"),
            ({"texture | category, view": {"bear": "dots"}}, "a value for each of category, view"),
            ({"texture": {"dots": -1}}, "shares of zero or more"),
            ({"texture": {}}, "not all zero"),
            ({"scale": (0.9, 0.4)}, "lower number first"),
            ({"scale": float("nan")}, "from 0.1 to 1.5"),
        ],
    )
    def test_what_cannot_be(self, given, words):
        with pytest.raises(SnellenError, match=words):
            open_world(given, images=2)


class TestDo:
    def test_on_a_cause_its_effects_follow(self):
        world = open_world({"texture | category": 1.0}, images=160)
        cats = world.do(category="cat")
        assert set(cats.facts["category"]) == {"cat"}
        assert set(cats.facts["texture"]) == {TEXTURE_OF["cat"]}
        assert_frame_equal(others(cats, "category", "texture"), others(world, "category", "texture"))

    def test_on_an_effect_its_causes_stay(self):
        world = open_world({"texture | category": 1.0}, images=160)
        dotted = world.do(texture="dots")
        assert set(dotted.facts["texture"]) == {"dots"}
        assert_frame_equal(others(dotted, "texture"), others(world, "texture"))

    def test_what_was_set_no_longer_heeds_its_causes(self):
        twice = open_world({"texture | category": 1.0}, images=160).do(texture="dots").do(category="cat")
        assert set(twice.facts["texture"]) == {"dots"}

    def test_to_what_it_was_changes_nothing(self):
        world = open_world({"texture | category": 0.5}, images=20, size=16)
        half = world.do(colour=dict.fromkeys(COLOURS, 1))
        np.testing.assert_array_equal(half.draw().pixels, world.draw().pixels)

    @pytest.mark.parametrize("name", CONCEPTS)
    def test_one_concept_and_no_other(self, name):
        concept = CONCEPTS[name]
        world = open_world(images=32, size=16)
        value = concept.values[0] if isinstance(concept, Discrete) else concept.most
        changed = world.do(**{name: value})
        assert set(changed.facts[name]) == {value}
        assert_frame_equal(others(changed, name), others(world, name))
        assert changed.facts["index"].equals(world.facts["index"])
        assert changed.origin["intervention"] == f"do({name} = {value})"


class TestTwins:
    @pytest.mark.parametrize("name", CONCEPTS)
    def test_every_image_gets_another_value_of_one_concept(self, name):
        world = open_world(images=160)
        twin = world.twins(name)
        assert not (twin.facts[name] == world.facts[name]).any()
        assert_frame_equal(others(twin, name), others(world, name))

    @pytest.mark.parametrize(("name", "value"), [("texture", "plain"), ("background_colour", "white"), ("clutter", "6")])
    def test_from_values_that_are_drawn_only_on_request(self, name, value):
        twin = open_world({name: value}, images=640).twins(name)
        concept = CONCEPTS[name]
        assert set(twin.facts[name]) == {known for known, weight in zip(concept.values, concept.weights, strict=True) if weight}

    def test_values_that_were_given(self):
        world = open_world(images=3)
        assert world.twins("colour", "red").facts["colour"].to_list() == ["red"] * 3
        assert world.twins("x", np.float32(0.5)).facts["x"].to_list() == [0.5] * 3
        assert world.twins("clutter", [1, 2, 3]).facts["clutter"].to_list() == ["1", "2", "3"]
        with pytest.raises(SnellenError, match="2 values of colour for 3 images"):
            world.twins("colour", ["red", "blue"])

    def test_facts_may_be_edited(self):
        world = open_world(images=4, size=16)
        edited = world.redrawn(world.facts.with_columns(pl.lit("red").alias("colour"), scale=0.9))
        np.testing.assert_array_equal(edited.draw().pixels, world.twins("colour", "red").twins("scale", 0.9).draw().pixels)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda facts: facts.drop("pose"), "without pose"),
            (lambda facts: facts.with_columns(index=-1), "index = -1"),
            (lambda facts: facts.with_columns(index=7), "index twice"),
            (lambda facts: facts.with_columns(scale=9.0), "scale = 9.0"),
            (lambda facts: facts.to_dict(), "expected a polars.DataFrame"),
        ],
    )
    def test_facts_that_cannot_be(self, change, words):
        world = open_world(images=4)
        with pytest.raises(SnellenError, match=words):
            world.redrawn(change(world.facts))


def test_twins_of_all_pairs_of_textures_are_balanced():
    world = open_world({"texture": "stripes"}, images=3000)
    counts = world.twins("texture").facts["texture"].value_counts()["count"]
    assert len(counts) == len(TEXTURES) - 1
    assert chisquare(counts).pvalue > 0.001


def test_pairs_go_round_the_drawn_values():
    for cause, effect in itertools.product(("category", "view"), ("mark", "colour", "clutter")):
        facts = open_world({f"{effect} | {cause}": 1.0}, images=64).facts
        concept = CONCEPTS[effect]
        drawn = [value for value, weight in zip(concept.values, concept.weights, strict=True) if weight]
        places = [CONCEPTS[cause].values.index(value) for value in facts[cause]]
        assert facts[effect].to_list() == [drawn[place % len(drawn)] for place in places]
