import numpy as np
import pytest
import torch

from snellen.core import SnellenError
from snellen.methods.perturb.style import steerable
from snellen.methods.perturb.style.colour import axes, grey, recoloured
from snellen.methods.perturb.style.pyramid import Pyramid


def disc(side: int = 64) -> torch.Tensor:
    y, x = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
    return (x * x + y * y > 0.4).float().expand(1, 3, -1, -1)


def stripes(side: int = 64, period: int = 6) -> torch.Tensor:
    wave = ((torch.arange(side) // (period // 2)) % 2).float().expand(side, side)
    dark, light = torch.tensor([0.5, 0.1, 0.1]), torch.tensor([0.9, 0.6, 0.3])
    return (dark[:, None, None] + (light - dark)[:, None, None] * wave)[None]


def correlation(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(np.corrcoef(a.flatten().numpy(), b.flatten().numpy())[0, 1])


@pytest.mark.parametrize("shape", [(64, 64), (33, 50), (7, 5)])
def test_bands_give_the_image_back(shape: tuple[int, int]):
    images = torch.rand(2, 1, *shape, generator=torch.Generator().manual_seed(0))
    parts = steerable.bands(images)
    assert len(parts) == 2 + steerable.SCALES * steerable.ORIENTATIONS
    torch.testing.assert_close(steerable.assembled(parts), images, atol=2e-5, rtol=0)


def test_a_band_answers_its_orientation():
    vertical = torch.cos(torch.arange(64) * 2 * torch.pi / 8).expand(1, 1, 64, 64)
    energy = [float(part.square().mean()) for part in steerable.bands(vertical)[1:-1]]
    across = [sum(energy[at :: steerable.ORIENTATIONS]) for at in range(steerable.ORIENTATIONS)]
    assert across[0] > 10 * across[2]


def test_shape_and_texture_are_both_there():
    out = Pyramid()(disc(), stripes(), [1])
    assert out.shape == (1, 3, 64, 64)
    assert correlation(grey(out), grey(disc())) > 0.6
    along, across = out.diff(dim=3).square().mean(), out.diff(dim=2).square().mean()
    assert along > 2 * across, "the stripes are upright, and the disc has no direction"


def test_colours_are_those_of_the_texture():
    out = Pyramid()(disc(), stripes(), [1])
    assert float(out[:, 0].mean()) > float(out[:, 2].mean()) + 0.2


def test_shape_and_texture_can_each_be_left_out():
    assert correlation(grey(Pyramid(texture=0.0)(disc(), stripes(), [1])), grey(disc())) > 0.9
    assert abs(correlation(grey(Pyramid(shape=0.0)(disc(), stripes(), [1])), grey(disc()))) < 0.2


def test_the_same_key_gives_the_same_in_any_batch():
    content, style = disc().repeat(2, 1, 1, 1), torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    both = Pyramid()(content, style, [1, 2])
    torch.testing.assert_close(both[1:], Pyramid()(content[1:], style[1:], [2]), atol=1e-5, rtol=0)
    assert not torch.allclose(both[1:], Pyramid()(content[1:], style[1:], [3]), atol=1e-2)


@pytest.mark.parametrize("side", [1, 2, 9])
def test_constant_and_tiny_images_stay_finite(side: int):
    constant = torch.full((1, 3, side, side), 0.3)
    out = Pyramid()(constant, constant, [0])
    assert bool(torch.isfinite(out).all())
    torch.testing.assert_close(out, constant, atol=0.02, rtol=0)


@pytest.mark.parametrize("wrong", [{"shape": -1.0}, {"texture": float("nan")}, {"block": 1}])
def test_settings_out_of_range(wrong: dict[str, float]):
    with pytest.raises(SnellenError, match="expected"):
        Pyramid(**wrong)  # type: ignore[arg-type]


def test_recoloured_has_the_moments_of_the_other():
    draws = torch.Generator().manual_seed(1)
    images, like = torch.rand(2, 3, 20, 20, generator=draws), 0.3 + 0.2 * torch.rand(2, 3, 11, 9, generator=draws)
    found = recoloured(images, like).flatten(2)
    torch.testing.assert_close(found.mean(2), like.flatten(2).mean(2))
    torch.testing.assert_close(torch.cov(found[0]), torch.cov(like[0].flatten(1)), atol=2e-4, rtol=0)


def test_axes_point_from_dark_to_light():
    mean, vectors = axes(stripes())
    assert mean.shape == (1, 3, 1)
    assert bool((vectors[0, :, 2] > 0).all())
