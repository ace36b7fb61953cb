import numpy as np
import torch

from snellen.methods.perturb.style.quilt import _seam, quilt


def noise(n: int, side: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).random((n, 3, side, side), np.float32))


def test_every_pixel_comes_from_the_texture():
    texture = noise(1, 40)
    laid = quilt(texture, [3], 12, (33, 50))
    assert laid.shape == (1, 3, 33, 50)
    known = {tuple(colour) for colour in texture[0].flatten(1).T.tolist()}
    assert all(tuple(colour) in known for colour in laid[0].flatten(1).T.tolist())


def test_a_block_survives_and_the_whole_does_not():
    texture = torch.linspace(0, 1, 64).expand(1, 3, 64, 64)
    laid = quilt(texture, [1], 16, (64, 64))
    jumps = laid[0, 0, 0].diff().abs()
    assert int((jumps > 1.5 / 63).sum()) >= 1
    assert float((jumps < 1.5 / 63).float().mean()) > 0.7


def test_a_picture_does_not_depend_on_its_batch():
    texture = noise(3, 32)
    together = quilt(texture, [5, 6, 7], 10, (32, 32))
    assert torch.equal(together[1:2], quilt(texture[1:2], [6], 10, (32, 32)))
    assert not torch.equal(together[1:2], quilt(texture[1:2], [8], 10, (32, 32)))


def test_blocks_larger_than_the_texture_and_pictures_smaller_than_a_block():
    assert quilt(noise(1, 3), [0], 50, (9, 2)).shape == (1, 3, 9, 2)


def test_seam_is_the_cheapest_path():
    cost = torch.ones(1, 5, 4)
    wanted = torch.tensor([0, 1, 2, 2, 3])
    cost[0, torch.arange(5), wanted] = 0
    assert torch.equal(_seam(cost)[0], wanted)
