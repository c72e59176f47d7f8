"""Deep belief network, trained greedily: a stack of restricted Boltzmann machines (Hinton, Osindero and Teh, 2006).

The top machine defines the distribution; the layers below it turn its states into pixels.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from adversarial_nets.baselines.chains import State
from adversarial_nets.baselines.layers import TiedLayer, bernoulli, log_normaliser, stacked
from adversarial_nets.core.arithmetic import product, sigmoid
from adversarial_nets.gan.networks import marginal_bias
from adversarial_nets.gan.optimizers import momentum_at, set_schedule
from adversarial_nets.parameters.baselines import BeliefNetTraining, BoltzmannLayerTraining, DeepNetParameters

INITIAL_DEVIATION = 0.01  # of weights


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


class Phase(NamedTuple):
    """Visible units of a machine (visible, m), what they give the hidden units, and these units' probabilities (hidden, m)."""

    visible: Tensor
    given: Tensor
    hidden: Tensor


def phase(machine: TiedLayer, visible: Tensor) -> Phase:
    """The positive phase if visible units are data, the negative one if they are states of chains."""
    given = machine.upwards(visible)
    return Phase(visible, given, sigmoid(given))


def free_energy(machine: TiedLayer, state: Phase) -> Tensor:
    """−log Σ_h exp(−E(v, h)) of visible units: (m,), in nats."""
    return -(machine.visible_bias[:, None] * state.visible).sum(0) - log_normaliser(state.given, state.hidden).sum(0)


def log_likelihood_gradients(data: Phase, chains: Phase) -> tuple[Tensor, Tensor, Tensor]:
    """As the phases estimate them: of the weight, of the visible and of the hidden bias. Both phases are in one product."""
    hidden = torch.cat([data.hidden / data.hidden.shape[1], chains.hidden / -chains.hidden.shape[1]], 1)
    weight = product(hidden, torch.cat([data.visible, chains.visible], 1).t())
    return weight, data.visible.mean(1) - chains.visible.mean(1), hidden.sum(1)


@dataclass
class ContrastiveDivergence:
    """Learns one machine by CD-k, or by PCD-k if it has persistent chains, whose visible units are ``fantasies``."""

    machine: TiedLayer
    below: list[TiedLayer]
    training: BoltzmannLayerTraining
    fantasies: Tensor | None = None

    def __post_init__(self) -> None:
        self.epochs, self.learning_rate = self.training.epochs, self.training.learning_rate
        weight, *biases = self.machine.parameters()
        groups = [{"params": [weight], "weight_decay": self.training.weight_decay}, {"params": biases}]
        self.optimizer = torch.optim.SGD(groups, maximize=True, fused=True)

    @torch.no_grad()
    def step(self, x: Tensor, epoch: int, rate: float, random: torch.Generator) -> Tensor:
        """One update from images (D, m); returns the free energy of the data less that of the chains, in nats."""
        data = phase(self.machine, drawn_upwards(self.below, x, random))
        chains = self.negatives(data, random)
        cost = free_energy(self.machine, data).mean() - free_energy(self.machine, chains).mean()
        for weight, gradient in zip(self.machine.parameters(), log_likelihood_gradients(data, chains), strict=True):
            weight.grad = gradient
        set_schedule(self.optimizer, rate, momentum_at(epoch, self.training.momentum))
        self.optimizer.step()
        return cost

    def negatives(self, data: Phase, random: torch.Generator) -> Phase:
        """After k Gibbs steps from the data, or of the persistent chains."""
        chains, persistent = data, self.training.persistent_chains
        if persistent:
            if self.fantasies is None:
                self.fantasies = bernoulli(data.visible.mean(1, keepdim=True).expand(-1, persistent), random)
            chains = phase(self.machine, self.fantasies)
        for _ in range(self.training.gibbs_steps):
            chains = phase(self.machine, gibbs_step(self.machine, chains.hidden, random))
        if persistent:
            self.fantasies = chains.visible
        return chains

    def state_dict(self) -> dict:
        """What learning changes beside the weights."""
        return {"optimizer": self.optimizer.state_dict(), "fantasies": self.fantasies}

    def load_state_dict(self, state: dict) -> None:
        """The opposite."""
        self.optimizer.load_state_dict(state["optimizer"])
        self.fantasies = None if state["fantasies"] is None else state["fantasies"].to(self.machine.weight.device)
