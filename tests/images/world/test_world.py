"""The image set: its facts, other worlds made from it, and a thousand worlds' worth of odd arguments."""

import json
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snellen.core import Preprocessing, SnellenError
from snellen.images import open_images
from snellen.images.stream import parts
from snellen.images.world import World, open_world
from snellen.images.world.concepts import CONCEPTS, TEXTURE_OF, Continuous, Discrete
from snellen.images.world.open import PRESETS
from snellen.images.world.scene import LABELS
from snellen.labels import SIXTEEN


def odd(examples: int):
    """So many examples, the same on every run; a slow machine is no failure."""
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=quiet, database=None)


def whole(world: World) -> None:
    """Everything that a world promises of its facts, pixels, masks and labels."""
    facts, n, size = world.facts, len(world), world.size
    assert facts.null_count().drop("texture_category").sum_horizontal().item() == 0
    assert facts["image"].n_unique() == facts["digest"].n_unique() == n
    for name, concept in CONCEPTS.items():
        if isinstance(concept, Discrete):
            assert facts[name].dtype == pl.String
            assert facts[name].is_in(concept.values).all()
        else:
            assert facts[name].dtype == pl.Float64
            assert facts[name].is_between(concept.least, concept.most).all()
    scene = world.draw(detail=True)
    assert scene.pixels.shape == (n, 3, size, size)
    assert scene.pixels.dtype == scene.labels.dtype == np.uint8
    assert scene.labels.shape == (n, size, size)
    assert scene.labels.max(initial=0) < len(LABELS)
    for mask in (scene.object, *scene.parts.values()):
        assert mask.shape == (n, size, size)
        assert mask.dtype == np.float32
        assert np.isfinite(mask).all()
        assert mask.min(initial=0) >= 0
        assert mask.max(initial=0) <= 1 + 1e-6


def attempt(make) -> None:
    """A whole world, or a sentence that says what was got and what was expected."""
    try:
        world = make()
    except SnellenError as error:
        world, sentence = None, str(error)
    if world is None:
        assert sentence.startswith("got ")
        assert "expected" in sentence
    else:
        whole(world)


NUMBERS = st.one_of(
    st.floats(), st.integers(-(10**6), 10**6), st.sampled_from([10**400, -0.0, 1e308, 5e-324, np.float32(0.5), np.nan])
)
TEXTS = st.one_of(
    st.text(max_size=8), st.sampled_from(["", "|", ",", "}{", "nan", "1e999", "\x00", "\ud800", "é̈", "inf", "0.5", "a..b"])
)
VALUES = st.sampled_from([value for concept in CONCEPTS.values() if isinstance(concept, Discrete) for value in concept.values])
SCALARS = st.one_of(NUMBERS, TEXTS, VALUES, st.none(), st.booleans(), st.binary(max_size=3), st.complex_numbers())
ODD = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(TEXTS, VALUES, NUMBERS, st.tuples(VALUES, VALUES)), inner, max_size=3),
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(list(CONCEPTS))
CAUSES = st.lists(NAMES, min_size=1, max_size=3).map(", ".join)
KEYS = st.one_of(
    NAMES, st.builds("{} | {}".format, NAMES, CAUSES), st.builds("{}|{}".format, NAMES, TEXTS), TEXTS, st.integers(), st.none()
)


@st.composite
def likely(draw) -> dict:
    """Mechanisms that are mostly as they should be."""
    made = {}
    for name in draw(st.lists(NAMES, max_size=4, unique=True)):
        concept = CONCEPTS[name]
        value = value_of(draw, concept)
        cause = draw(st.sampled_from(["", "category", "texture", "mark", "view"]))
        if cause and isinstance(CONCEPTS[cause], Discrete):
            share = draw(st.floats(0, 1)) if isinstance(concept, Discrete) and draw(st.booleans()) else None
            rows = draw(st.lists(st.sampled_from(CONCEPTS[cause].values), min_size=1, max_size=3, unique=True))
            made[f"{name} | {cause}"] = {row: value_of(draw, concept) for row in rows} if share is None else share
        else:
            made[name] = value
    return made


def value_of(draw, concept):
    if isinstance(concept, Continuous):
        return draw(st.tuples(*[st.floats(concept.least, concept.most)] * 2).map(sorted).map(tuple))
    return draw(
        st.one_of(st.sampled_from(concept.values), st.dictionaries(st.sampled_from(concept.values), st.floats(0, 5), min_size=1))
    )


def one_value(concept):
    return st.floats(concept.least, concept.most) if isinstance(concept, Continuous) else st.sampled_from(concept.values)


class TestOddArguments:
    @odd(250)
    @given(given=st.one_of(st.dictionaries(KEYS, st.one_of(ODD, st.floats(0, 1)), max_size=3), ODD))
    def test_mechanisms(self, given):
        attempt(lambda: open_world(given, images=3, size=16))

    @odd(200)
    @given(given=likely(), seed=st.integers(0, 2**63 - 1), size=st.integers(16, 32))
    def test_mechanisms_that_may_be(self, given, seed, size):
        attempt(lambda: open_world(given, images=4, size=size, seed=seed))

    @odd(150)
    @given(
        arguments=st.fixed_dictionaries(
            {},
            optional={
                "images": st.one_of(st.integers(-1, 4), st.just(10**8), SCALARS.filter(lambda value: not few(value))),
                "size": st.one_of(st.integers(15, 20), st.just(513), SCALARS.filter(lambda value: not few(value))),
                "seed": st.one_of(st.integers(0, 9), SCALARS),
                "start": st.one_of(st.integers(0, 9), SCALARS),
                "name": st.one_of(TEXTS, SCALARS),
                "sample": st.one_of(st.integers(1, 3), SCALARS),
            },
        )
    )
    def test_settings(self, arguments):
        attempt(lambda: open_world(**{"images": 3, "size": 16, **arguments}))

    @odd(150)
    @given(
        pieces=st.lists(
            st.one_of(
                st.sampled_from(
                    [*PRESETS, "x=-0.1..0.2", "texture|category=0.9", 'mark={"tube":1}', "seed=3", "name=a,b", "colour=red"]
                ),
                st.builds("{}={}".format, st.one_of(NAMES, TEXTS), st.one_of(TEXTS, VALUES, ODD.map(str))),
                st.builds("{}={}..{}".format, NAMES, NUMBERS, NUMBERS),
                st.builds(
                    "{}|{}={}".format, NAMES, NAMES, st.one_of(NUMBERS, st.dictionaries(VALUES, VALUES, max_size=2).map(json.dumps))
                ),
                TEXTS,
            ),
            max_size=4,
        )
    )
    def test_the_line(self, pieces):
        attempt(lambda: open_images(f"world:{','.join(['images=3', 'size=16', *pieces])},images=3,size=16"))

    @odd(80)
    @given(
        values=st.one_of(
            st.dictionaries(
                st.one_of(NAMES, TEXTS.filter(lambda name: name != "self")), st.one_of(ODD, VALUES), min_size=1, max_size=2
            ),
            likely().map(lambda given: {key: value for key, value in given.items() if "|" not in key}),
        )
    )
    def test_do(self, values):
        attempt(lambda: open_world({"texture | category": 0.5}, images=3, size=16).do(**values))

    @odd(80)
    @given(
        arguments=st.one_of(
            st.tuples(st.one_of(NAMES, ODD), st.one_of(ODD, VALUES, st.lists(st.one_of(VALUES, NUMBERS), min_size=3, max_size=3))),
            NAMES.flatmap(lambda name: st.tuples(st.just(name), one_value(CONCEPTS[name]))),
        )
    )
    def test_twins(self, arguments):
        attempt(lambda: open_world(images=3, size=16).twins(*arguments))

    @odd(60)
    @given(column=st.sampled_from(["index", *CONCEPTS]), values=st.lists(SCALARS, min_size=3, max_size=3), drop=st.booleans())
    def test_redrawn(self, column, values, drop):
        world = open_world(images=3, size=16)
        facts = world.facts.drop(column) if drop else world.facts.with_columns(pl.Series(column, values, pl.Object, strict=False))
        attempt(lambda: world.redrawn(facts))

    @odd(60)
    @given(images=ODD, rows=st.one_of(ODD, st.lists(st.integers(-4, 4), max_size=3)))
    def test_shifted_and_chosen(self, images, rows):
        world = open_world(images=3, size=16)
        attempt(lambda: world.shifted(images))
        attempt(lambda: world.chosen(rows))


def few(value) -> bool:
    """A number of images, or pixels, that would be drawn and take long."""
    try:
        return 4 < int(value) <= 10**7
    except (TypeError, ValueError, OverflowError):
        return False


class TestFacts:
    def test_columns_and_their_types(self):
        world = open_world(images=40)
        assert world.facts.columns[:5] == ["image", "category", "source", "digest", "index"]
        assert set(CONCEPTS) < set(world.facts.columns)
        assert world.labels.keys == SIXTEEN
        whole(open_world("hard", images=40, size=20))

    def test_the_category_its_texture_goes_with(self):
        facts = open_world({"texture": {"stripes": 1, "bricks": 1, "plain": 1}}, images=60).facts
        owner = {texture: category for category, texture in TEXTURE_OF.items()}
        assert facts["texture_category"].to_list() == [owner.get(texture) for texture in facts["texture"]]
        assert facts.filter(pl.col("texture") == "plain")["texture_category"].null_count() > 0

    @pytest.mark.parametrize("images", [16, 48, 50])
    def test_categories_in_turn(self, images):
        counts = Counter(open_world(images=images, seed=5, start=3).facts["category"])
        assert len(counts) == 16
        assert max(counts.values()) - min(counts.values()) <= 1

    def test_size_is_of_the_image_and_scale_of_its_object(self):
        small, large = (open_images(f"world:silhouettes,images=16,size=40,scale={scale}") for scale in (0.4, 0.8))
        assert small.draw().pixels.shape == large.draw().pixels.shape == (16, 3, 40, 40)
        np.testing.assert_allclose(small.draw().object.mean((1, 2)) * 4, large.draw().object.mean((1, 2)), rtol=0.06)

    @pytest.mark.parametrize(
        ("change", "same"),
        [
            ({"seed": 1}, False),
            ({"size": 17}, False),
            ({"start": 1}, False),
            ({"name": "mine"}, True),
            ({"mechanisms": {"mark": "tube"}}, False),
        ],
    )
    def test_the_id_is_of_what_is_drawn(self, change, same):
        assert (open_world(images=16, size=16).id == open_world(**{"images": 16, "size": 16, **change}).id) is same

    def test_a_world_without_images(self):
        empty = open_world(images=4, size=16).redrawn(open_world(images=4).facts.head(0))
        assert len(empty) == 0
        whole(empty)
        whole(empty.shifted(5))


class TestAsAnImageSet:
    def test_what_the_runner_reads_is_what_is_drawn(self):
        world = open_world(images=70, size=24)
        preprocessing = Preprocessing((24, 24))
        read = np.concatenate([part.pixels for part in parts(world, preprocessing, [list(range(40)), list(range(40, 70))])])
        np.testing.assert_array_equal(read, world.draw().pixels)

    def test_regions_are_the_object(self):
        world = open_world(images=5, size=24)
        np.testing.assert_array_equal(np.stack(world.regions(range(5))), world.draw().object)

    def test_fits_another_model_too(self):
        (part,) = parts(open_world(images=2, size=24), Preprocessing((32, 32), 32), [[0, 1]])
        assert part.pixels.shape == (2, 3, 32, 32)
        assert not part.problems
