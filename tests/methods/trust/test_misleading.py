"""Rules are the best there are, and those that name what is not used lose their fidelity when causes come apart."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from snellen import load
from snellen.core import SnellenError
from snellen.images.world import World, open_world
from snellen.images.world.concepts import COLOURS
from snellen.methods.trust._rules import Rules, _fitted, best
from snellen.methods.trust.misleading import Fidelity, Misleading, Observed

SEEN = ("category", "texture", "background", "mark", "colour")


def drawn(strength: float, uses: str, count: int = 400, seed: int = 0) -> Observed:
    """A model that goes by one of two facts, which are the same in a share of the images."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(0, 4, count)
    ground = np.where(rng.random(count) < strength, shape, rng.integers(0, 4, count))
    facts = {
        "shape": np.array(list("abcd"))[shape],
        "ground": np.array(list("efgh"))[ground],
        "other": rng.choice(list("xyz"), count),
    }
    return Observed(facts, {"shape": shape, "ground": ground}[uses])


def observed(name: str, world: World) -> Observed:
    model = load(f"patient:{name}")
    answers = model.logits(model.asarray(np.stack(world.fetch(range(len(world)))))).argmax(1).numpy()
    return Observed({fact: world.facts[fact].to_numpy() for fact in SEEN}, answers)


@pytest.mark.parametrize("most_rules", [1, 2, 3])
def test_no_rules_over_the_same_facts_agree_with_more(most_rules: int) -> None:
    rng = np.random.default_rng(most_rules)
    facts, answers = {"one": rng.choice(list("abc"), 40)}, rng.integers(0, 3, 40)
    found = _fitted(facts, answers, ("one",), most_rules)
    assert len(found.cases) <= most_rules
    scores = []
    for otherwise, *said in product(range(3), repeat=4):
        cases = {(value,): answer for value, answer in zip("abc", said, strict=True) if answer != otherwise}
        if len(cases) <= most_rules:
            scores.append((Rules(("one",), cases, otherwise).answers(facts) == answers).sum())
    assert (found.answers(facts) == answers).sum() == max(scores)


def test_the_fact_that_is_used_is_found_and_no_other_with_it() -> None:
    seen = drawn(0.0, "ground")
    found = best(seen.facts, seen.answers, ("shape", "ground", "other"), 2, 16)
    assert found.facts == ("ground",)
    assert (found.answers(seen.facts) == seen.answers).all()
    assert found.told(["A", "B", "C", "D"]).splitlines()[-1] == f"else: {'ABCD'[found.otherwise]}"
    assert len(found.told("ABCD").splitlines()) == 4
    assert found.answers({"ground": np.array(["never seen"])}).tolist() == [found.otherwise]


def test_two_facts_are_named_where_both_are_needed() -> None:
    seen = drawn(0.0, "ground")
    both = seen.answers * 4 + drawn(0.0, "shape").answers
    assert set(best(seen.facts, both, ("shape", "ground", "other"), 2, 16).facts) == {"shape", "ground"}
    assert len(best(seen.facts, both, ("shape", "ground", "other"), 1, 16).facts) == 1


def test_what_names_the_wrong_cause_falls_when_the_tie_is_cut() -> None:
    ask = Misleading(("shape", "other"), ("ground",))
    planted = ask(drawn(1.0, "ground"), drawn(0.0, "ground", seed=1))
    assert planted.misleading.rules.facts == ("shape",)
    assert planted.misleading.intervals[0].low > 0.9
    assert planted.misleading.intervals[1].high < 0.4
    assert planted.misleading.warns
    assert planted.honest.rules.facts == ("ground",)
    assert not planted.honest.warns
    assert planted.misleading.tied[1] == 200
    control = ask(drawn(1.0, "shape"), drawn(0.0, "shape", seed=1))
    assert not control.misleading.warns
    assert control.misleading.fall[0] == pytest.approx(0)


def test_a_patient_that_goes_by_colour_can_be_said_to_go_by_shape() -> None:
    tied = open_world({"colour | category": 1.0}, images=320, seed=41)
    cut = tied.do(colour={colour: 1 / len(COLOURS) for colour in COLOURS})
    ask = Misleading(("category", "texture", "background", "mark"), ("colour",))
    planted, control = (ask(observed(name, tied), observed(name, cut)) for name in ("colour-reliant", "healthy"))
    assert planted.misleading.rules.facts == ("category",)
    assert planted.misleading.intervals[0].low > 0.9
    assert planted.misleading.warns
    assert planted.honest.rules.facts == ("colour",)
    assert planted.honest.fall[0] < planted.misleading.fall[0] / 2
    assert not control.misleading.warns
    assert control.honest.rules.facts == ("category",)


def test_the_bound_is_where_it_is_said_to_be() -> None:
    rules = Rules(("one",), {}, 0)
    assert Fidelity(rules, (900, 1000), (750, 1000)).warns
    assert not Fidelity(rules, (900, 1000), (790, 1000)).warns


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: Misleading((), ("ground",)), "expected desired facts"),
        (lambda: Misleading(("shape",), ("shape",)), "not prohibited"),
        (lambda: Misleading(("shape",), (), most_rules=0), "one fact and one rule"),
        (lambda: Misleading(("size",), ())(drawn(1, "shape"), drawn(0, "shape")), "shape, ground, other for size"),
        (lambda: Misleading(("shape",), ())(drawn(1, "shape"), drawn(0, "shape", 1)), "got 1 images"),
    ],
)
def test_what_cannot_be_is_said(ask, said: str) -> None:
    with pytest.raises(SnellenError, match=said):
        ask()
