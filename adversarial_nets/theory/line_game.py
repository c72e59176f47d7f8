"""The game of Figure 1, played: one generator and one discriminator on a line, by Algorithm 1.

Both players see the whole of both distributions: expectations are over equally probable values of z and x, not random ones.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import norm
from torch import Tensor, nn

from adversarial_nets.core.arithmetic import sigmoid
from adversarial_nets.core.errors import InputError
from adversarial_nets.core.randomness import stream
from adversarial_nets.gan.game import discriminator_objective, generator_objective
from adversarial_nets.parameters.theory import Figure1Parameters
from adversarial_nets.theory.propositions import jensen_shannon_divergence, perceptron

DATA = norm(loc=1.5, scale=0.8)
NUM_VALUES = 256  # of z and of x
UNITS = 32  # in each of the two layers of either player
EDGES = np.linspace(-1.7, 4.7, 401)  # the axis: four standard deviations to either side
X = (EDGES[1:] + EDGES[:-1]) / 2
P_DATA = DATA.pdf(X)
Z = np.linspace(-math.sqrt(3), math.sqrt(3), 2001)


@dataclass(frozen=True)
class Moment:
    """What Figure 1 shows after a number of updates of the generator: p_g (n,) and D (n,) at ``X``, and G(z) (m,) at ``Z``."""

    updates: int
    p_g: np.ndarray
    d: np.ndarray
    g: np.ndarray

    @property
    def divergence(self) -> float:
        """Jensen-Shannon divergence of p_data and p_g in nats, from the axis' cells and what lies beyond them."""
        edges = np.array([-np.inf, *EDGES, np.inf])
        return jensen_shannon_divergence(np.diff(DATA.cdf(edges)), np.diff(distribution_function(self.g, edges)))

    def deviation(self, share: float) -> float:
        """The largest |D - 1/2| where p_data has at least this share of its peak."""
        return float(np.abs(self.d - 0.5)[P_DATA / P_DATA.max() >= share].max())


class Generator(nn.Module):
    """G(z) = z / 2 + a perceptron's correction, small at first: (m, 1) → (m, 1), float64. Untrained p_g is nearly uniform."""

    def __init__(self, random: torch.Generator):
        super().__init__()
        self.correction = perceptron(1, UNITS, random)
        nn.init.uniform_(self.correction[-1].weight, -0.05, 0.05, generator=random)

    def forward(self, z: Tensor) -> Tensor:
        """Points on the data's axis."""
        return z / 2 + self.correction(z)


class Players:
    """The generator, the discriminator, their optimisers, and the values that expectations are over."""

    def __init__(self, parameters: Figure1Parameters, seed: int):
        self.generator = Generator(stream(seed, "figure 1, generator"))
        self.discriminator = perceptron(1, UNITS, stream(seed, "figure 1, discriminator"))
        probabilities = (np.arange(NUM_VALUES) + 0.5) / NUM_VALUES
        self.real = torch.from_numpy(DATA.ppf(probabilities))[:, None]
        self.noise = torch.from_numpy(math.sqrt(3) * (2 * probabilities - 1))[:, None]
        self.rates = parameters.generator_learning_rate, parameters.discriminator_learning_rate
        self.optimizers = [
            torch.optim.Adam(player.parameters(), betas=(0.5, 0.999), fused=True)
            for player in (self.generator, self.discriminator)
        ]
        self.set_schedule(1.0)

    def set_schedule(self, share: float) -> None:
        """Let both players continue at this share of their learning rates."""
        for optimizer, rate in zip(self.optimizers, self.rates, strict=True):
            optimizer.param_groups[0]["lr"] = share * rate

    def discriminator_step(self) -> None:
        """Ascend V(G, D) by the discriminator."""
        with torch.no_grad():
            fake = self.generator(self.noise)
        logits = self.discriminator(torch.cat([self.real, fake]))
        objective = 2 * discriminator_objective(logits[:NUM_VALUES], logits[NUM_VALUES:])
        _move(self.discriminator, self.optimizers[1], objective)

    def generator_step(self) -> None:
        """Descend V(G, D) by the generator."""
        logits = self.discriminator(self.generator(self.noise))
        _move(self.generator, self.optimizers[0], generator_objective(logits, "minimax"))

    @torch.no_grad()
    def moment(self, updates: int) -> Moment:
        """What Figure 1 shows of the players as they are."""
        g = self.generator(torch.from_numpy(Z)[:, None])[:, 0].numpy()
        d = sigmoid(self.discriminator(torch.from_numpy(X)[:, None]))[:, 0].numpy()
        return Moment(updates, np.diff(distribution_function(g, EDGES)) / (EDGES[1] - EDGES[0]), d, g)


def _move(player: nn.Module, optimizer: torch.optim.Optimizer, objective: Tensor) -> None:
    parameters = list(player.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(objective, parameters), strict=True):
        parameter.grad = gradient
    optimizer.step()


def distribution_function(g: np.ndarray, x: np.ndarray) -> np.ndarray:
    """P(G(z) <= x) at x (n,) for uniform z, from G (m,) at evenly spaced z and straight between them."""
    low, high = np.minimum(g[1:], g[:-1]), np.maximum(g[1:], g[:-1])
    below = (x[:, None] - low) / np.maximum(high - low, 1e-12)
    return below.clip(0, 1).mean(axis=1)


def play(parameters: Figure1Parameters, seed: int, shown: Collection[int]) -> list[Moment]:
    """The untrained pair, then the pair after each of the ``shown`` numbers of updates of the generator, up to the last.

    After 0 updates the discriminator alone has learned, as in the inner loop of Algorithm 1. Learning rates fall linearly to 0.
    Raises InputError if a player is no longer finite at the end.
    """
    players = Players(parameters, seed)
    moments = [players.moment(0)]
    for _ in range(parameters.warm_up):
        players.discriminator_step()
    for update in range(parameters.generator_updates):
        if update in shown:
            moments.append(players.moment(update))
        players.set_schedule(1 - update / parameters.generator_updates)
        for _ in range(parameters.discriminator_steps):
            players.discriminator_step()
        players.generator_step()
    last = players.moment(parameters.generator_updates)
    if not (np.isfinite(last.g).all() and np.isfinite(last.d).all()):
        raise InputError("theory.figure_1: a player is no longer finite; lower the learning rates")
    return [*moments, last]
