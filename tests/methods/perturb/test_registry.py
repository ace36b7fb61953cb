"""Perturbations by name, by path, and what is wrong with those of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from snellen.core import SnellenError
from snellen.methods.perturb import registry
from snellen.methods.perturb.grey import as_shown

GOOD = '''"""Darker."""

LEVELS = {"little": 0.8, "much": 0.4}


def darker(images, amount):
    return images * amount
'''
IMAGES = np.full((2, 3, 4, 4), 0.5, np.float32)


def own(folder: Path, text: str, name: str = "darker") -> str:
    path = folder / f"{name}.py"
    path.write_text(text)
    return str(path)


def test_names_are_found_short_and_long():
    assert registry.get("fog").name == registry.get("corruptions/fog").name == "corruptions/fog"
    assert registry.get("salt_and_pepper").name == "distortions/salt-and-pepper"
    assert set(registry.summaries()) == set(registry.names())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("fogg", "Did you mean fog?"),
        ("contrast", "corruptions/contrast, distortions/contrast: say which"),
        ("plugin:none", "installed plug-ins offer"),
        ("./none.py", "there is no such file"),
        ("qqqqqq", "Known are .*fog"),
    ],
)
def test_unknown_names(name: str, says: str):
    with pytest.raises(SnellenError, match=says):
        registry.get(name)


def test_an_unknown_level_is_told_what_there_is():
    with pytest.raises(SnellenError, match=r"expected one of 0.00, 0.03.*Did you mean 0.10"):
        registry.get("uniform-noise")(IMAGES, "0.1", [1, 2])


def test_levels_of_small_images_are_the_nearest_in_ratio():
    fog = registry.get("fog")
    assert fog.amount("1", 32) == fog.amount("1", 8) == fog.small[32]["1"]
    assert fog.amount("1", 96) == fog.small[64]["1"]
    assert fog.amount("1", 224) == fog.amount("1", 4000) == fog.levels["1"]


def test_a_file_of_ones_own(tmp_path: Path):
    darker = registry.get(own(tmp_path, GOOD))
    assert (darker.name, darker.summary, darker.source, darker.random) == ("darker", "Darker.", "", False)
    assert darker(IMAGES, "much", [1, 2]).max() == pytest.approx(0.2)
    condition = darker.condition("much")
    assert (condition.name, condition.level) == ("darker", "much")
    assert condition.recipe != registry.get(own(tmp_path, GOOD.replace("0.4", "0.3"))).condition("much").recipe


def test_a_second_function_is_for_8_bits(tmp_path: Path):
    exact = GOOD + "\n\ndef darker_8bit(images, amount):\n    return images // 2\n"
    darker = registry.get(own(tmp_path, exact))
    assert darker(np.full((1, 3, 4, 4), 200, np.uint8), "much", [1]).max() == 100
    assert darker(IMAGES[:1], "much", [1]).max() == pytest.approx(0.2)
    floats = registry.get(own(tmp_path, exact.replace("// 2", "/ 2")))
    with pytest.raises(SnellenError, match=r"torch\.float32 for 8-bit images; expected torch\.uint8"):
        floats(np.full((1, 3, 4, 4), 200, np.uint8), "much", [1])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("LEVELS", "STEPS"), "has LEVELS = None"),
        (('"little"', "1"), "expected a mapping of texts"),
        (('"little"', '"../up"'), "expected texts that can name a folder"),
        (("def darker", "def other"), "has no function darker"),
        (("* amount", "*"), "cannot be used: SyntaxError"),
        (("LEVELS = {", "import no_such_module\nLEVELS = {"), "cannot be used: ModuleNotFoundError"),
        (("* amount", "* nothing"), "failed at level much: NameError"),
        (("* amount", "/ 0 * 0"), "not numbers at level much"),
        (("images * amount", "images[:, :1]"), r"returned a tensor of shape \(2, 1, 4, 4\)"),
        (("images * amount", "None"), "returned NoneType"),
    ],
)
def test_mistakes_in_a_file_of_ones_own_are_sentences(tmp_path: Path, change: tuple[str, str], says: str):
    path = own(tmp_path, GOOD.replace(*change))
    with pytest.raises(SnellenError, match=says):
        registry.get(path)(IMAGES, "much", [1, 2])


def test_keys_are_one_an_image():
    with pytest.raises(SnellenError, match="1 keys for 2 images"):
        registry.get("fog")(IMAGES, "1", [1])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_come_back_as_they_went(dtype: torch.dtype):
    given = torch.full((1, 3, 4, 4), 0.5, dtype=dtype)
    assert registry.get("saturation")(given, "0", [1]).dtype == dtype


def test_any_integer_is_a_key():
    noise = registry.get("uniform-noise")
    assert torch.equal(noise(torch.ones(1, 3, 4, 4), "0.90", [-1]), noise(torch.ones(1, 3, 4, 4), "0.90", [2**64 - 1]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_condition_shows_8_bit_values_and_leaves_the_images_alone(dtype: torch.dtype) -> None:
    images = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)).to(dtype)
    before = images.clone()
    for name, level in (("distortions/colour", "cr"), ("distortions/low-pass", "0"), ("corruptions/brightness", "3")):
        perturbation = registry.get(name)
        condition = perturbation.condition(level)
        assert condition.perturb is not None
        shown = condition.perturb(images, [1, 2])
        assert torch.equal(images, before)
        assert torch.equal(shown, as_shown(perturbation(images.float(), level, [1, 2])).to(dtype))
