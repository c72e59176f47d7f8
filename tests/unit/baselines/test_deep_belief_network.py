"""Boltzmann machines small enough that every state can be counted, and updates against ones written by hand in float64."""

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from adversarial_nets.baselines.deep_belief_network import (
    ContrastiveDivergence,
    DeepBeliefNetwork,
    free_energy,
    gibbs_step,
    log_likelihood_gradients,
    phase,
)
from adversarial_nets.baselines.layers import TiedLayer
from adversarial_nets.parameters.baselines import BoltzmannLayerTraining, DeepNetParameters

VISIBLE, HIDDEN = 5, 4


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def states(units: int) -> np.ndarray:
    """Every binary state, (2**units, units)."""
    return np.array(list(itertools.product([0.0, 1.0], repeat=units)))


def machine_of(visible: int = VISIBLE, hidden: int = HIDDEN, seed: int = 0) -> TiedLayer:
    """A machine in float64 whose parameters are N(0, 1)."""
    machine, random = TiedLayer(visible, hidden).double(), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in machine.parameters():
            parameter.normal_(generator=random)
    return machine


def parameters_of(machine: TiedLayer) -> list[np.ndarray]:
    return [each.detach().double().numpy().copy() for each in (machine.weight, machine.visible_bias, machine.hidden_bias)]


def energy(machine: TiedLayer, visible: Tensor) -> Tensor:
    return free_energy(machine, phase(machine, visible))


def joint(machine: TiedLayer) -> np.ndarray:
    """p(v, h) over all states, (2**visible, 2**hidden), by the partition function itself."""
    weight, visible_bias, hidden_bias = parameters_of(machine)
    v, h = states(weight.shape[1]), states(weight.shape[0])
    weights = np.exp(v @ weight.T @ h.T + (v @ visible_bias)[:, None] + h @ hidden_bias)
    return weights / weights.sum()


def columns(rows: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(rows.T))


def training(**changes) -> BoltzmannLayerTraining:
    values = {"epochs": 1, "gibbs_steps": 1, "learning_rate": {"initial": 0.1}, "weight_decay": 0.0}
    momentum = {"initial": 0.0, "final": 0.0, "saturation_epoch": 2}
    return BoltzmannLayerTraining.model_validate({**values, "momentum": momentum, **changes})


@pytest.mark.parametrize("hidden", [1, 4, 12])
def test_free_energies_add_up_to_the_partition_function(hidden):
    machine = machine_of(hidden=hidden)
    energies = energy(machine, columns(states(VISIBLE))).detach().numpy()
    marginal = np.exp(-energies)
    np.testing.assert_allclose(marginal / marginal.sum(), joint(machine).sum(1), rtol=1e-10)


def test_gibbs_steps_leave_the_machines_distribution_as_it_is():
    """The transition matrix of the step, from the library's conditionals: p T = p."""
    machine = machine_of()
    v, h = states(VISIBLE), states(HIDDEN)
    on_h, on_v = machine.hidden(columns(v)).detach().numpy().T, machine.visible(columns(h)).detach().numpy().T
    to_h = np.prod(np.where(h[None] == 1, on_h[:, None], 1 - on_h[:, None]), axis=2)
    to_v = np.prod(np.where(v[None] == 1, on_v[:, None], 1 - on_v[:, None]), axis=2)
    marginal = joint(machine).sum(1)
    np.testing.assert_allclose(marginal @ to_h @ to_v, marginal, rtol=1e-10)


def test_long_chains_visit_states_as_often_as_their_probability():
    """20,000 chains that start at 0: after 60 steps each state's count is within five standard errors."""
    machine, random = machine_of(visible=3, hidden=3), torch.Generator().manual_seed(0)
    with torch.no_grad():
        chains = torch.zeros(3, 20_000, dtype=torch.float64)
        for _ in range(60):
            chains = gibbs_step(machine, machine.hidden(chains), random)
    counts = np.bincount((np.array([4, 2, 1]) @ chains.numpy()).astype(int), minlength=8)
    expected = joint(machine).sum(1)
    errors = np.sqrt(expected * (1 - expected) * 20_000)
    assert (np.abs(counts - 20_000 * expected) < 5 * errors).all()


def test_the_gradient_is_that_of_the_log_likelihood():
    """With every visible state as often among the chains as it is likely; by autograd through the partition function."""
    machine = machine_of()
    data = columns(states(VISIBLE)[[3, 17, 30]])
    log_partition = torch.logsumexp(-energy(machine, columns(states(VISIBLE))), 0)
    likelihood = (-energy(machine, data) - log_partition).mean()
    expected = torch.autograd.grad(likelihood, list(machine.parameters()))
    marginal = joint(machine).sum(1)
    with torch.no_grad():
        chains = [phase(machine, columns(state[None])) for state in states(VISIBLE)]
        by_state = [log_likelihood_gradients(phase(machine, data), each) for each in chains]
    for number, gradient in enumerate(expected):
        found = sum(p * gradients[number] for p, gradients in zip(marginal, by_state, strict=True))
        torch.testing.assert_close(found, gradient, rtol=1e-10, atol=1e-12)


class ByHand:
    """CD-k and PCD-k in float64, from the same uniform numbers in the same order."""

    def __init__(self, machine: TiedLayer, asked: BoltzmannLayerTraining, random: torch.Generator):
        self.weight, self.visible, self.hidden = parameters_of(machine)
        self.velocities = [np.zeros_like(each) for each in (self.weight, self.visible, self.hidden)]
        self.asked, self.random, self.chains = asked, random, None

    def drawn(self, mean: np.ndarray) -> np.ndarray:
        return (torch.rand(mean.shape, generator=self.random).numpy() < mean).astype(float)

    def update(self, x: np.ndarray, rate: float, momentum: float) -> None:
        data = self.drawn(x)
        chains = data
        if self.asked.persistent_chains:
            mean = np.repeat(data.mean(1, keepdims=True), self.asked.persistent_chains, 1)
            chains = self.drawn(mean) if self.chains is None else self.chains
        for _ in range(self.asked.gibbs_steps):
            h = self.drawn(sigmoid(self.weight @ chains + self.hidden[:, None]))
            chains = self.drawn(sigmoid(self.weight.T @ h + self.visible[:, None]))
        self.chains = chains
        positive, negative = (sigmoid(self.weight @ v + self.hidden[:, None]) for v in (data, chains))
        m, n = data.shape[1], chains.shape[1]
        gradients = [
            positive @ data.T / m - negative @ chains.T / n - self.asked.weight_decay * self.weight,
            data.mean(1) - chains.mean(1),
            positive.mean(1) - negative.mean(1),
        ]
        for value, velocity, gradient in zip((self.weight, self.visible, self.hidden), self.velocities, gradients, strict=True):
            velocity[...] = momentum * velocity + rate * gradient
            value += velocity


@pytest.mark.parametrize("changes", [{}, {"gibbs_steps": 3, "weight_decay": 0.01}, {"gibbs_steps": 2, "persistent_chains": 7}])
def test_updates_are_those_written_by_hand(changes):
    asked = training(momentum={"initial": 0.5, "final": 0.9, "saturation_epoch": 3}, **changes)
    machine, random = machine_of(8, 6), torch.Generator().manual_seed(1)
    by_hand = ByHand(machine, asked, torch.Generator().manual_seed(1))
    learner = ContrastiveDivergence(machine, [], asked)
    images = np.random.default_rng(0).random((4, 8, 5))
    for number, x in enumerate(images):
        rate = 0.1 / (number + 1)
        learner.step(torch.from_numpy(x), number + 1, rate, random)
        by_hand.update(x, rate, min(0.5 + 0.2 * number, 0.9))
    for found, expected in zip(parameters_of(machine), (by_hand.weight, by_hand.visible, by_hand.hidden), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_persistent_contrastive_divergence_raises_the_exact_likelihood():
    """Two patterns of six pixels, by the enumerated partition function before and after."""
    machine, random = machine_of(6, 4), torch.Generator().manual_seed(0)
    patterns = np.array([[1.0, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]])
    learner = ContrastiveDivergence(machine, [], training(gibbs_steps=10, persistent_chains=200))
    numbers = (patterns @ 2.0 ** np.arange(5, -1, -1)).astype(int)
    before = np.log(joint(machine).sum(1)[numbers]).mean()
    for number in range(400):
        learner.step(columns(np.repeat(patterns, 10, 0)), 1, 0.2 * (1 - number / 400), random)
    after = np.log(joint(machine).sum(1)[numbers]).mean()
    assert before < -5
    assert after > -1.3  # the best is log ½ = −0.69


def test_a_chain_steps_at_the_top_and_is_drawn_down():
    """Its state is binary, of the layer below the top; pixels are means."""
    description = DeepNetParameters.model_validate({"layers": {name: {"units": 6} for name in ("h1", "h2", "h3")}})
    network, random = DeepBeliefNetwork(description, 9), torch.Generator().manual_seed(0)
    images = torch.rand(20, 9, generator=random)
    with torch.no_grad():
        network.initialise(images, random)
        for layer in network.layers.values():
            layer.weight.normal_(generator=random)
        (state,) = network.advance(network.begin(images.t(), random), random, 0.0)
        pixels = network.pixels((state,), random)
    assert state.shape == (6, 20)
    assert set(state.unique().tolist()) == {0.0, 1.0}
    assert pixels.shape == (9, 20)
    first, *_ = network.layers.values()
    h1 = np.array(list(itertools.product([0.0, 1.0], repeat=6)), np.float32)
    possible = first.visible(columns(h1)).detach().t()
    assert (pixels.t()[:, None] - possible).abs().amax(2).amin(1).max() < 1e-5


def test_a_network_starts_with_the_mean_image():
    description = DeepNetParameters.model_validate({"layers": {"h1": {"units": 3}, "h2": {"units": 2}}})
    network, images = DeepBeliefNetwork(description, 4), torch.rand(50, 4, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        network.initialise(images, torch.Generator().manual_seed(0))
    torch.testing.assert_close(torch.sigmoid(network.layers["h1"].visible_bias), images.mean(0))
    assert 0.005 < network.layers["h1"].weight.std() < 0.02
