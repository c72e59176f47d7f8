"""The clamped chain of a generative stochastic network, against its steps written out."""

import numpy as np
import torch

from adversarial_nets.baselines.generative_stochastic_network import GenerativeStochasticNetwork
from adversarial_nets.core.randomness import stream
from adversarial_nets.extensions.clamped_chain import by_clamped_chain
from adversarial_nets.parameters.baselines import StochasticNetParameters
from support.extensions import CHAIN

IMAGES = np.random.default_rng(0).random((2, 6), dtype=np.float32)
TRAINING = np.random.default_rng(1).random((9, 6), dtype=np.float32)
SEEN = np.array([[1, 1, 0, 0, 1, 0], [0, 0, 1, 1, 1, 1]], np.float32)


def network(input_noise: float, hidden_noise: float) -> GenerativeStochasticNetwork:
    layers = {"h1": {"units": 5}, "h2": {"units": 3}}
    description = {"layers": layers, "input_noise": input_noise, "hidden_noise": hidden_noise}
    found = GenerativeStochasticNetwork(StochasticNetParameters.model_validate(description), 6)
    with torch.no_grad():
        found.initialise(torch.empty(0), torch.Generator().manual_seed(0))
    return found


def test_every_completion_keeps_the_seen_pixels_and_chains_differ() -> None:
    found = list(by_clamped_chain(network(0.4, 2.0), TRAINING, CHAIN, 0)(IMAGES, SEEN))
    for image, mask, completions in zip(IMAGES, SEEN, found, strict=True):
        assert completions.shape == (12, 6)
        assert np.array_equal(completions[:, mask == 1], np.broadcast_to(image[mask == 1], (12, int(mask.sum()))))
        assert len(np.unique(completions[:, mask == 0], axis=0)) == 12


def test_without_noise_in_the_network_it_is_its_steps() -> None:
    """The only draws left are the start and the binary image of each step."""
    net = network(0.0, 0.0)
    lower, upper = (weight.detach().double().numpy() for weight in (net.lower, net.upper))
    random = stream(0, "clamped chains")
    truth, mask = np.repeat(IMAGES, 3, axis=0).T, np.repeat(SEEN, 3, axis=0).T
    start = torch.rand((6, 6), generator=random).numpy() < TRAINING.mean(axis=0)[:, None]
    x, top = np.where(mask == 1, truth, start), np.zeros((3, 6))
    kept = []
    for _ in range(6):
        binary = (torch.rand((6, 6), generator=random).numpy() < x).astype(np.float64)
        torch.rand((6, 6), generator=random)  # salt and pepper, which change nothing
        hidden = np.tanh(lower @ binary + upper.T @ top)
        x, top = np.where(mask == 1, truth, 1 / (1 + np.exp(-lower.T @ hidden))), np.tanh(upper @ hidden)
        torch.randn((3, 6), generator=random), torch.randn((3, 6), generator=random)
        kept.append(x.T.reshape(2, 3, 6))
    found = np.stack(list(by_clamped_chain(net, TRAINING, CHAIN, 0)(IMAGES, SEEN)))
    assert np.abs(found - np.concatenate(kept[2:], axis=1)).max() < 1e-5
