"""Learning rate and momentum over time, and torch's update against the published one."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from adversarial_nets.gan.optimizers import learning_rate_at, make_optimizer, momentum_at, set_schedule
from adversarial_nets.parameters.training import AnnealingParameters, MomentumParameters, TrainingParameters
from support.experiments import shipped


@pytest.fixture
def mnist() -> TrainingParameters:
    return shipped("mnist").training


@pytest.mark.parametrize("epoch", [0, 1, 2, 100, 250, 1000])
def test_published_learning_rate_after_an_epoch(mnist, epoch):
    updates = 500 * epoch
    assert learning_rate_at(updates, mnist) == pytest.approx(0.1 / 1.000004**updates, rel=1e-9)


def test_published_learning_rates_as_measured(mnist):
    """The decay's figures as they are known to four digits; 500 minibatches are an epoch."""
    assert [round(learning_rate_at(500 * epoch, mnist), 4) for epoch in (5, 50, 250, 1000)] == [0.0990, 0.0905, 0.0607, 0.0135]


def test_first_update_has_the_whole_learning_rate(mnist):
    assert learning_rate_at(0, mnist) == 0.1
    assert learning_rate_at(1, mnist) == pytest.approx(0.1 / 1.000004, rel=1e-12)


def test_learning_rate_stops_at_its_floor(mnist):
    crossing = int(np.log(0.1 / 1e-6) / np.log(1.000004))  # the last update above the floor
    assert 1e-6 < learning_rate_at(crossing, mnist) < 1.00001e-6
    assert learning_rate_at(crossing + 1, mnist) == 1e-6
    assert learning_rate_at(10**9, mnist) == 1e-6


def test_decay_of_one_changes_nothing(mnist):
    constant = mnist.model_copy(update={"learning_rate_decay": 1.0})
    assert {learning_rate_at(update, constant) for update in (0, 1, 10**6)} == {0.1}


def test_annealing_continues_from_where_it_begins_with_a_decay_of_its_own(mnist):
    annealed = mnist.model_copy(update={"annealing": AnnealingParameters(after_updates=1000, learning_rate_decay=1.01)})
    for update in (0, 1, 999, 1000):
        assert learning_rate_at(update, annealed) == learning_rate_at(update, mnist)
    for late in (1, 2, 300):
        assert learning_rate_at(1000 + late, annealed) == pytest.approx(learning_rate_at(1000, mnist) / 1.01**late, rel=1e-9)
    assert learning_rate_at(10**6, annealed) == 1e-6


def test_the_annealed_experiment_gets_where_the_published_decay_gets_after_many_more_epochs(mnist):
    annealed = shipped("mnist_annealed").training
    last = learning_rate_at(500 * annealed.epochs, annealed)
    assert 0.001 < last < learning_rate_at(500 * 1600, mnist)


def test_steep_decay_reaches_the_floor_without_overflow(mnist):
    steep = mnist.model_copy(update={"learning_rate_decay": 10.0})
    assert learning_rate_at(10**6, steep) == 1e-6


@pytest.mark.parametrize(
    ("epoch", "momentum"),
    [(1, 0.5), (2, 0.5 + 0.2 / 249), (125.5, 0.6), (249, 0.7 - 0.2 / 249), (250, 0.7), (251, 0.7), (1000, 0.7)],
)
def test_published_momentum(mnist, epoch, momentum):
    assert momentum_at(epoch, mnist.momentum) == pytest.approx(momentum, rel=1e-12)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.integers(2, 500), st.integers(1, 600))
def test_momentum_is_linear_then_constant(initial, final, saturation_epoch, epoch):
    momentum = MomentumParameters(initial=initial, final=final, saturation_epoch=saturation_epoch)
    expected = np.interp(epoch, [1, saturation_epoch], [initial, final])
    assert momentum_at(epoch, momentum) == pytest.approx(expected, rel=1e-12)


STEPS = st.lists(st.tuples(st.floats(1e-6, 10), st.floats(0.01, 0.99), st.floats(-1, 1)), min_size=1, max_size=30)


def published_path(steps: list[tuple[float, float, float]]) -> tuple[float, float]:
    """theta after v <- mu v - eta g; theta <- theta + v, and the size of the numbers that were added up."""
    theta = velocity = size = 0.0
    for learning_rate, momentum, gradient in steps:
        velocity = momentum * velocity - learning_rate * gradient
        theta += velocity
        size = max(size, abs(theta), abs(velocity))
    return theta, size


def follow(optimizer: torch.optim.Optimizer, theta: torch.Tensor, steps: list[tuple[float, float, float]]) -> None:
    for learning_rate, momentum, gradient in steps:
        set_schedule(optimizer, learning_rate, momentum)
        theta.grad = torch.full_like(theta, gradient)
        optimizer.step()


@given(STEPS)
def test_torch_sgd_is_the_published_update(steps):
    theta = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    follow(torch.optim.SGD([theta], lr=3.0, momentum=0.5, fused=True), theta, steps)
    expected, size = published_path(steps)
    assert theta.item() == pytest.approx(expected, rel=1e-9, abs=1e-12 * size)


def player() -> torch.nn.Module:
    module = torch.nn.Linear(1, 1, bias=False, dtype=torch.float64)
    module.weight.data.zero_()
    return module


def test_momentum_optimizer_is_the_published_update(mnist):
    module = player()
    steps = [(0.1, 0.5, 1.0), (0.02, 0.6, -0.5), (0.2, 0.7, 0.3), (0.2, 0.9, 0.0), (0.01, 0.9, 2.0)]
    follow(make_optimizer(module, mnist), module.weight, steps)
    assert module.weight.item() == pytest.approx(published_path(steps)[0], rel=1e-12)


def test_momentum_of_zero_is_plain_descent(mnist):
    training = mnist.model_copy(update={"momentum": MomentumParameters(initial=0.0, final=0.0, saturation_epoch=2)})
    module = player()
    follow(make_optimizer(module, training), module.weight, [(0.1, 0.0, 1.0), (0.05, 0.0, 2.0)])
    assert module.weight.item() == pytest.approx(-0.2, rel=1e-12)


def test_adam_takes_the_learning_rate_and_its_own_betas(mnist):
    module = player()
    optimizer = make_optimizer(module, mnist.model_copy(update={"optimizer": "adam"}))
    follow(optimizer, module.weight, [(0.25, 0.5, 3.0)])
    [group] = optimizer.param_groups
    assert group["betas"] == (0.5, 0.999)
    assert module.weight.item() == pytest.approx(-0.25, rel=1e-6)  # the first step is as long as the learning rate
