"""Deep belief network, trained greedily: a stack of restricted Boltzmann machines (Hinton, Osindero and Teh, 2006).

The top machine defines the distribution; the layers below it turn its states into pixels.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from adversarial_nets.baselines.chains import State
from adversarial_nets.baselines.layers import TiedLayer, bernoulli, stacked
from adversarial_nets.core.arithmetic import product, sigmoid, softplus
from adversarial_nets.gan.networks import marginal_bias
from adversarial_nets.gan.optimizers import momentum_at
from adversarial_nets.parameters.baselines import BeliefNetTraining, BoltzmannLayerTraining, DeepNetParameters

INITIAL_DEVIATION = 0.01  # of weights

Visible = tuple[Tensor, Tensor]  # visible units of a machine (visible, m), and what they give its hidden units, (hidden, m)


class DeepBeliefNetwork(nn.Module):
    """Layers of binary units above the pixels, by name."""

    def __init__(self, description: DeepNetParameters, pixels: int):
        super().__init__()
        self.layers = stacked(pixels, description.layers)

    def initialise(self, images: Tensor, random: torch.Generator) -> None:
        """Small Gaussian weights; the pixels' biases make the mean image, (n, D) → (D,), the others are 0."""
        first, *_ = self.layers.values()
        first.visible_bias.copy_(marginal_bias(images.mean(0, dtype=torch.float64)))
        for layer in self.layers.values():
            nn.init.normal_(layer.weight, std=INITIAL_DEVIATION, generator=random)

    def begin(self, images: Tensor, random: torch.Generator) -> State:
        """A chain's state: the visible units of the top machine."""
        *below, _ = self.layers.values()
        return (drawn_upwards(below, images, random),)

    def advance(self, state: State, random: torch.Generator, noise: float) -> State:
        """One Gibbs step of the top machine."""
        *_, top = self.layers.values()
        return (gibbs_step(top, top.hidden(*state), random),)

    def pixels(self, state: State, random: torch.Generator) -> Tensor:
        """Layers are drawn downwards, but for the pixels, whose means these are."""
        (drawn,), (first, *middle, _) = state, self.layers.values()
        for layer in reversed(middle):
            drawn = bernoulli(layer.visible(drawn), random)
        return first.visible(drawn)

    def learners(self, training: BeliefNetTraining) -> list["ContrastiveDivergence"]:
        """Layer by layer, from the pixels up."""
        layers = list(self.layers.values())
        descriptions = enumerate(training.layers.values())
        return [ContrastiveDivergence(layers[number], layers[:number], each) for number, each in descriptions]


def drawn_upwards(layers: list[TiedLayer], images: Tensor, random: torch.Generator) -> Tensor:
    """A binary draw of images (D, m), and of each layer given the one below: the last of them."""
    drawn = bernoulli(images, random)
    for layer in layers:
        drawn = bernoulli(layer.hidden(drawn), random)
    return drawn


def gibbs_step(machine: TiedLayer, hidden: Tensor, random: torch.Generator) -> Tensor:
    """New visible units, from the probabilities of the hidden ones: hidden units are drawn, then visible ones."""
    return bernoulli(machine.visible(bernoulli(hidden, random)), random)


def free_energy(machine: TiedLayer, visible: Tensor, given: Tensor) -> Tensor:
    """−log Σ_h exp(−E(v, h)) of visible units (visible, m), which give ``upwards`` (hidden, m): (m,), in nats."""
    return -(machine.visible_bias[:, None] * visible).sum(0) - softplus(given).sum(0)


@dataclass
class ContrastiveDivergence:
    """Learns one machine by CD-k, or by PCD-k if it has persistent chains, whose visible units are ``fantasies``."""

    machine: TiedLayer
    below: list[TiedLayer]
    training: BoltzmannLayerTraining
    velocities: list[Tensor] = field(default_factory=list)
    fantasies: Tensor | None = None

    def __post_init__(self) -> None:
        self.epochs, self.learning_rate = self.training.epochs, self.training.learning_rate
        self.velocities = [torch.zeros_like(weight) for weight in self.machine.parameters()]

    @torch.no_grad()
    def step(self, x: Tensor, epoch: int, rate: float, random: torch.Generator) -> Tensor:
        """One update from images (D, m); returns the free energy of the data less that of the chains, in nats."""
        data = self.given(drawn_upwards(self.below, x, random))
        cost, *gradients = self.cost_and_gradients(data, self.negatives(data, random))
        momentum = momentum_at(epoch, self.training.momentum)
        for weight, velocity, gradient in zip(self.machine.parameters(), self.velocities, gradients, strict=True):
            velocity.mul_(momentum).add_(gradient, alpha=rate)
            weight.add_(velocity)
        return cost

    def given(self, visible: Tensor) -> Visible:
        """Visible units, and what they give the hidden ones."""
        return visible, self.machine.upwards(visible)

    def negatives(self, data: Visible, random: torch.Generator) -> Visible:
        """After k Gibbs steps from the data, or of the persistent chains."""
        chains, persistent = data, self.training.persistent_chains
        if persistent:
            if self.fantasies is None:
                self.fantasies = bernoulli(data[0].mean(1, keepdim=True).expand(-1, persistent), random)
            chains = self.given(self.fantasies)
        for _ in range(self.training.gibbs_steps):
            chains = self.given(gibbs_step(self.machine, sigmoid(chains[1]), random))
        if persistent:
            self.fantasies = chains[0]
        return chains

    def cost_and_gradients(self, data: Visible, chains: Visible) -> tuple[Tensor, ...]:
        """Free energy of the data less that of the chains, and their estimate of the log-likelihood's gradients.

        These are of the weight, less weight decay, of the visible and of the hidden bias.
        """
        pairs = zip(*(self._statistics(*each) for each in (data, chains)), strict=True)
        cost, weight, *biases = (positive - negative for positive, negative in pairs)
        return cost, weight - self.training.weight_decay * self.machine.weight, *biases

    def _statistics(self, visible: Tensor, given: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        hidden, energies = sigmoid(given), free_energy(self.machine, visible, given)
        return energies.mean(), product(hidden, visible.t()) / visible.shape[1], visible.mean(1), hidden.mean(1)

    def state_dict(self) -> dict:
        """What learning changes beside the weights."""
        return {"velocities": self.velocities, "fantasies": self.fantasies}

    def load_state_dict(self, state: dict) -> None:
        """The opposite."""
        device = self.machine.weight.device
        self.velocities = [velocity.to(device) for velocity in state["velocities"]]
        self.fantasies = None if state["fantasies"] is None else state["fantasies"].to(device)
