"""The walkback step against one written by hand in float64, with the same draws; gradients against differences."""

import numpy as np
import pytest
import torch

from adversarial_nets.baselines.generative_stochastic_network import GenerativeStochasticNetwork, Walkback
from adversarial_nets.parameters.baselines import StochasticNetParameters, StochasticTraining
from support.experiments import shipped_values

PIXELS, H1, H2, IMAGES, STEPS = 8, 6, 5, 4, 3


def network_of(input_noise: float = 0.4, hidden_noise: float = 2.0) -> GenerativeStochasticNetwork:
    """In float64, with parameters that are N(0, 1)."""
    layers = {"h1": {"units": H1}, "h2": {"units": H2}}
    values = {"layers": layers, "input_noise": input_noise, "hidden_noise": hidden_noise}
    network = GenerativeStochasticNetwork(StochasticNetParameters.model_validate(values), PIXELS).double()
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(generator=random)
    return network


def learner_of(network: GenerativeStochasticNetwork, **changes) -> Walkback:
    values = shipped_values("mnist5k_generative_stochastic_network")["training"]
    return Walkback(network, StochasticTraining.model_validate(values | {"walkback_steps": STEPS, **changes}))


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(PIXELS, IMAGES, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


class ByHand:
    """The chain in float64 NumPy, rows of images; binary draws are remembered, so that differences can be taken through it."""

    def __init__(self, network: GenerativeStochasticNetwork, seed: int):
        self.values = {name: value.detach().numpy().copy() for name, value in network.named_parameters()}
        self.description, self.seed = network.description, seed
        self.draws: dict[int, np.ndarray] = {}

    def costs(self, x: np.ndarray) -> list[float]:
        """Mean cross-entropy of each of three steps from images (m, D)."""
        w1, w2 = self.values["lower"], self.values["upper"]
        b0, b1, b2 = (self.values[f"{name}_bias"][:, 0] for name in ("pixel", "h1", "h2"))
        random = torch.Generator().manual_seed(self.seed)
        visible, h2, costs = x, np.zeros((len(x), H2)), []
        amount, deviation = self.description.input_noise, self.description.hidden_noise
        for number in range(STEPS):
            u = torch.rand((PIXELS, len(x)), generator=random).numpy().T
            corrupted = np.where(u < amount, np.where(u < amount / 2, 1.0, 0.0), visible)
            h1 = np.tanh(corrupted @ w1.T + h2 @ w2 + b1)
            before, after = (deviation * torch.randn((H2, len(x)), generator=random).numpy().T for _ in range(2))
            h2 = np.tanh(h1 @ w2.T + b2 + before) + after
            p = sigmoid(h1 @ w1 + b0)
            costs.append(float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).mean()))
            u = torch.rand((PIXELS, len(x)), generator=random).numpy().T
            visible = self.draws.setdefault(number, (u < p).astype(float))
        return costs


def test_a_walkback_is_the_one_written_by_hand(images):
    network = network_of()
    found = [cost.item() for cost in learner_of(network).costs(images, torch.Generator().manual_seed(7))]
    np.testing.assert_allclose(found, ByHand(network, 7).costs(images.t().numpy()), rtol=1e-6)


@pytest.mark.parametrize("name", ["lower", "upper", "pixel_bias", "h1_bias", "h2_bias"])
def test_gradients_go_through_the_top_layer_and_through_no_draw(images, name):
    """Of the sum of all steps' costs; by hand with every binary draw held as it was."""
    network = network_of(hidden_noise=0.3)
    total = torch.stack(learner_of(network).costs(images, torch.Generator().manual_seed(7))).sum()
    gradient = torch.autograd.grad(total, getattr(network, name))[0].numpy()
    by_hand, x = ByHand(network, 7), images.t().numpy()
    by_hand.costs(x)
    for index in list(np.ndindex(*gradient.shape))[:8]:
        by_hand.values[name][index] += 1e-5
        above = sum(by_hand.costs(x))
        by_hand.values[name][index] -= 2e-5
        difference = (above - sum(by_hand.costs(x))) / 2e-5
        by_hand.values[name][index] += 1e-5
        assert gradient[index] == pytest.approx(difference, rel=1e-5, abs=1e-8)


def test_without_noise_the_top_layer_is_the_map_alone(images):
    network, zero = network_of(0.0, 0.0), torch.zeros(H2, IMAGES, dtype=torch.float64)
    with torch.no_grad():
        logits, h2 = network.step(network.corrupted(images, torch.Generator()), zero, torch.Generator())
        h1 = torch.tanh(network.lower @ images + network.h1_bias)
        torch.testing.assert_close(h2, torch.tanh(network.upper @ h1 + network.h2_bias), rtol=1e-7, atol=1e-7)
        torch.testing.assert_close(logits, network.lower.t() @ h1 + network.pixel_bias, rtol=1e-7, atol=1e-7)


def test_salt_and_pepper_come_equally_often():
    corrupted = network_of().corrupted(torch.full((100, 1000), 0.5), torch.Generator().manual_seed(0))
    shares = [(corrupted == value).double().mean().item() for value in (0.0, 0.5, 1.0)]
    np.testing.assert_allclose(shares, [0.2, 0.6, 0.2], atol=0.01)


def test_momentum_takes_half_of_each_gradient(images):
    """v ← .5·v + .5·g; θ ← θ − η·v, but for the very first, which PyTorch takes whole."""
    network = network_of()
    learner = learner_of(network, optimizer="momentum", momentum=0.5)
    weight, velocity = network.lower.detach().clone(), 0
    for number in range(3):
        total = torch.stack(learner.costs(images, torch.Generator().manual_seed(number))).sum()
        gradient = torch.autograd.grad(total, network.lower)[0]
        velocity = 0.5 * velocity + 0.5 * gradient if number else gradient
        weight = weight - 0.25 * velocity
        learner.step(images, 1, 0.25, torch.Generator().manual_seed(number))
        torch.testing.assert_close(network.lower.detach(), weight)


def test_a_chain_draws_the_image_before_it_corrupts_it(images):
    network = network_of(input_noise=0.0, hidden_noise=0.0)
    with torch.no_grad():
        mean, h2 = network.advance(network.begin(images, torch.Generator()), torch.Generator().manual_seed(5), 0.0)
        drawn = (torch.rand(images.shape, generator=torch.Generator().manual_seed(5)) < images).double()
        logits, top = network.step(drawn, torch.zeros_like(h2), torch.Generator())
    torch.testing.assert_close(mean, torch.sigmoid(logits))
    torch.testing.assert_close(h2, top)
