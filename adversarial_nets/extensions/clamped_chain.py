"""Completion by a generative stochastic network: its Markov chain with the seen pixels held at their values.

Bengio et al. (2014) complete images so; as in their code, the seen pixels are put back after every step. Theirs starts from
uniform noise, this one from binary draws of the mean image: from uniform noise a chain of few steps reaches no digits.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from adversarial_nets.baselines.generative_stochastic_network import GenerativeStochasticNetwork
from adversarial_nets.baselines.layers import bernoulli
from adversarial_nets.core.randomness import stream
from adversarial_nets.extensions.completers import Completer
from adversarial_nets.extensions.games import reading
from adversarial_nets.gan.networks import read_network
from adversarial_nets.parameters.baselines import StochasticNetParameters
from adversarial_nets.parameters.conditional import ClampedChainParameters
from adversarial_nets.running import paths


def load(folder: Path, pixels: int, device: torch.device) -> GenerativeStochasticNetwork:
    """A trained network of images with this number of pixels. Raises InputError if there is none, or it is damaged."""
    with reading(folder / paths.GENERATOR) as path:
        text, weights = read_network(path)
        network = GenerativeStochasticNetwork(StochasticNetParameters.model_validate_json(text), pixels)
        network.load_state_dict(weights)
    return network.to(device)


def by_clamped_chain(
    network: GenerativeStochasticNetwork, training: np.ndarray, asked: ClampedChainParameters, seed: int
) -> Completer:
    """Mean pixels of states of several chains for each image, one state after another once they are burnt in; training (n, D)."""
    marginals = torch.from_numpy(training.mean(axis=0, dtype=np.float64).astype(np.float32))[:, None]

    @torch.no_grad()
    def complete(images: np.ndarray, seen: np.ndarray) -> Iterator[np.ndarray]:
        random, device = stream(seed, "clamped chains"), network.lower.device
        truth, held = (torch.from_numpy(each).to(device).repeat_interleave(asked.chains, dim=0).t() for each in (images, seen))
        start = bernoulli(marginals.to(device).expand_as(truth), random)
        state, kept = network.begin(clamped(truth, start, held), random), []
        for step in range(asked.burn_in + asked.states):
            mean, top = network.advance(state, random, 0.0)
            state = clamped(truth, mean, held), top
            if step >= asked.burn_in:
                kept.append(state[0].t().unflatten(0, (len(images), asked.chains)))
        return (of_image.cpu().numpy() for of_image in torch.cat(kept, dim=1))

    return complete


def clamped(truth: Tensor, found: Tensor, held: Tensor) -> Tensor:
    """The truth where ``held`` is 1, elsewhere what was found."""
    return torch.where(held == 1, truth, found)
