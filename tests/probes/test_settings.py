"""Settings of probes that cannot be."""

import pytest

from snellen import probes
from snellen.api import specify
from snellen.core import SnellenError
from tests.patients import patient, photographs


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("adversarial", {"count": 0}, "expected 1 or more"),
        ("margin", {"count": -1}, "expected 1 or more"),
        ("calibration", {"bins": 0}, "expected 1 to 1000"),
        ("calibration", {"pictures": -1}, "expected 0 or more"),
        ("calibration-shift", {"bins": 0}, "expected 1 to 1000"),
        ("calibration-shift", {"bins": 10**9}, "expected 1 to 1000"),
        ("frequency", {"grid": -1}, "expected 0 to 128"),
        ("frequency", {"grid": 100_000}, "expected 0 to 128"),
        ("what-it-looks-at", {"grid": 0}, "expected 1 to 100"),
        ("new-test-set", {"scale": "log"}, "expected linear, probit, logit"),
    ],
)
def test_settings_out_of_range_are_refused(name: str, given: dict, says: str):
    with pytest.raises(SnellenError, match=says):
        probes.get(name)(**given)


@pytest.mark.parametrize(("attacks", "says"), [("", "expected one or more"), ("pdg", "Did you mean pgd"), ("cw", "expected l2")])
def test_attacks_that_are_none_are_told_before_the_exam(attacks: str, says: str):
    probe = probes.get("adversarial")(attacks=attacks)
    with pytest.raises(SnellenError, match=says):
        probe.applies(patient(), photographs(4), None)


def test_an_exam_asks_something(tmp_path):
    with pytest.raises(SnellenError, match="got no probes"):
        specify(patient(), photographs(4), [], out=tmp_path)


def test_a_text_that_reads_as_a_number_is_a_text(tmp_path):
    chosen = specify(patient(), photographs(4), ["corruptions"], out=tmp_path, settings={"corruptions": {"severities": 3}}).probes
    assert [probe.settings()["severities"] for probe in chosen] == ["3"]
    with pytest.raises(SnellenError, match="expected"):
        specify(patient(), photographs(4), ["corruptions"], out=tmp_path, settings={"corruptions": {"severities": True}})
