"""What networks cost, against numbers worked out by hand from the paper's MNIST networks."""

import pytest
import torch

from adversarial_nets.diagnostics import costs
from adversarial_nets.parameters.experiment import Experiment
from support.experiments import shipped

# G: 100 → 1200 → 1200 → 784. D: 784 → 240 maxout units of 5 pieces → the same → 1.
GENERATOR = [100 * 1200, 1200 * 1200, 1200 * 784]
DISCRIMINATOR = [784 * 1200, 240 * 1200, 240]
M = 100


@pytest.fixture
def mnist() -> Experiment:
    return shipped("mnist")


def with_game(experiment: Experiment, **game: object) -> Experiment:
    return experiment.model_copy(update={"training": experiment.training.model_copy(update=game)})


def test_the_paper_s_mnist_networks(mnist: Experiment) -> None:
    found = costs.count(mnist, 784)
    assert (found.generator_parameters, found.discriminator_parameters) == (2_503_984, 1_231_441)
    assert found.multiply_adds_per_sample == sum(GENERATOR) == 2_500_800
    # Forward and the gradient of the weights everywhere; the gradient of the inputs if somebody needs it: not of z, nor of x.
    generator = M * (2 * sum(GENERATOR) + sum(GENERATOR[1:]))
    discriminator = 2 * M * (2 * sum(DISCRIMINATOR) + sum(DISCRIMINATOR[1:])) + M * DISCRIMINATOR[0]
    assert found.multiply_adds_per_step == generator + discriminator == 1_381_584_000


@pytest.mark.parametrize("k", [1, 3])
def test_algorithm_1_has_k_steps_of_d_in_one_of_g(mnist: Experiment, k: int) -> None:
    found = costs.count(with_game(mnist, game="alternating", discriminator_steps=k), 784).multiply_adds_per_step
    of_d = M * sum(GENERATOR) + 2 * M * (2 * sum(DISCRIMINATOR) + sum(DISCRIMINATOR[1:]))
    # G's step goes through D, forward and back; its layers work out their weights' gradient there too, which nobody uses.
    of_g = M * (2 * sum(GENERATOR) + sum(GENERATOR[1:])) + M * (2 * sum(DISCRIMINATOR) + sum(DISCRIMINATOR))
    assert found == k * of_d + of_g


def test_convolutions_are_counted_too() -> None:
    images, kernels = torch.zeros(2, 3, 8, 8), torch.zeros(5, 3, 4, 4)
    assert costs.multiply_adds(lambda: torch.conv2d(images, kernels)) == 2 * 5 * 5 * 5 * (3 * 4 * 4)
