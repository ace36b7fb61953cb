"""The categories are drawn distinctly: a small network that saw black outlines only names fresh ones."""

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from snellen.images.world import open_world
from snellen.labels import SIXTEEN
from snellen.models.architectures import make

TRAINING, FRESH, EPOCHS, BATCH = 1600, 1600, 5, 32


def silhouettes(images: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    world = open_world("silhouettes", images=images, size=32, seed=seed)
    answers = [SIXTEEN.index(category) for category in world.facts["category"]]
    return torch.from_numpy(world.draw().pixels).float() / 255, torch.tensor(answers)


def trained(images: torch.Tensor, answers: torch.Tensor) -> torch.nn.Module:
    torch.manual_seed(0)
    network = make("small", {"classes": 16, "width": 16})
    optimiser = torch.optim.AdamW(network.parameters())
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.01, EPOCHS * len(images) // BATCH)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(images)).split(BATCH):
            optimiser.zero_grad()
            cross_entropy(network(images[rows]), answers[rows]).backward()
            optimiser.step()
            rate.step()
    return network.eval()


def test_a_small_network_names_fresh_silhouettes():
    network = trained(*silhouettes(TRAINING, seed=0))
    images, answers = silhouettes(FRESH, seed=1)
    with torch.inference_mode():
        right = (network(images).argmax(1) == answers).numpy()
    each = {category: float(right[answers.numpy() == place].mean()) for place, category in enumerate(SIXTEEN)}
    assert right.mean() >= 0.9, each
    assert min(each.values()) >= 0.75, each


def test_silhouettes_are_black_on_white():
    scene = open_world("silhouettes", images=32, size=64).draw()
    grey = scene.pixels.transpose(1, 0, 2, 3)
    np.testing.assert_array_equal(grey[0], grey[1])
    np.testing.assert_array_equal(grey[0], grey[2])
    np.testing.assert_allclose(grey[0], 255 * (1 - scene.object), atol=1)
