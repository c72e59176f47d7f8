"""Deep generative stochastic network, trained by walkback (Bengio et al., 2014), as its authors' published code has it."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from adversarial_nets.baselines.chains import State
from adversarial_nets.baselines.layers import bernoulli, cross_entropy, down, gaussian, initialise_uniformly, uniform, up
from adversarial_nets.core.arithmetic import sigmoid, tanh, total
from adversarial_nets.parameters.baselines import StochasticNetParameters, StochasticTraining


class GenerativeStochasticNetwork(nn.Module):
    """Pixels, a layer h1 and a top layer h2, with one tied matrix between each pair: ``lower`` (h1, D), ``upper`` (h2, h1)."""

    def __init__(self, description: StochasticNetParameters, pixels: int):
        super().__init__()
        h1, h2 = description.layers.h1.units, description.layers.h2.units
        self.description = description
        self.lower = nn.Parameter(torch.empty(h1, pixels))
        self.upper = nn.Parameter(torch.empty(h2, h1))
        self.pixel_bias, self.h1_bias, self.h2_bias = (nn.Parameter(torch.zeros(size, 1)) for size in (pixels, h1, h2))

    def initialise(self, images: Tensor, random: torch.Generator) -> None:
        """Uniform weights; biases are 0."""
        for weight in (self.lower, self.upper):
            initialise_uniformly(weight, random)

    def step(self, corrupted: Tensor, h2: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """From a noisy image (D, m) and the top layer: logits of the next image's mean, and the next top layer.

        Both come from the new h1. The top layer's noise is added before its tanh and after.
        """
        h1 = tanh(up(self.lower, corrupted) + down(self.upper, h2) + self.h1_bias)
        logits = down(self.lower, h1) + self.pixel_bias
        h2 = up(self.upper, h1) + self.h2_bias
        noise = self.description.hidden_noise
        h2 = tanh(h2 + gaussian(h2, noise, random))
        return logits, h2 + gaussian(h2, noise, random)

    def corrupted(self, x: Tensor, random: torch.Generator) -> Tensor:
        """Salt and pepper: with probability ``input_noise`` a fair coin in a pixel's place."""
        drawn, amount = uniform(x.shape, random, x.device), self.description.input_noise
        return torch.where(drawn < amount, (drawn < amount / 2).to(x.dtype), x)

    def top_layer(self, x: Tensor) -> Tensor:
        """The top layer at the start: 0."""
        return x.new_zeros(len(self.upper), x.shape[1])

    def begin(self, images: Tensor, random: torch.Generator) -> State:
        """A chain's state: the last mean image and the top layer."""
        return images, self.top_layer(images)

    def advance(self, state: State, random: torch.Generator, noise: float) -> State:
        """Draw the image, corrupt it, and step."""
        mean, h2 = state
        logits, h2 = self.step(self.corrupted(bernoulli(mean, random), random), h2, random)
        return sigmoid(logits), h2

    def pixels(self, state: State, random: torch.Generator) -> Tensor:
        """The last mean image."""
        return state[0]

    def learners(self, training: StochasticTraining) -> list["Walkback"]:
        """All of the network learns at once."""
        return [Walkback(self, training)]


@dataclass
class Walkback:
    """Learns a network: the chain runs some steps from each image, and each of them is to give the image back."""

    network: GenerativeStochasticNetwork
    training: StochasticTraining

    def __post_init__(self) -> None:
        self.epochs, self.learning_rate = self.training.epochs, self.training.learning_rate
        self.optimizer = self._make_optimizer()

    def _make_optimizer(self) -> torch.optim.Optimizer:
        weights, training = list(self.network.parameters()), self.training
        if training.optimizer == "adam":
            return torch.optim.Adam(weights, betas=(training.adam.beta1, training.adam.beta2), fused=True)
        return torch.optim.SGD(weights, momentum=training.momentum, dampening=training.momentum, fused=True)

    def step(self, x: Tensor, epoch: int, rate: float, random: torch.Generator) -> Tensor:
        """One update from images (D, m); returns the cross-entropy of the last step of the chain, a mean over pixels, in nats."""
        costs = self.costs(x, random)
        self.optimizer.zero_grad()
        torch.stack(costs).sum().backward()
        self.optimizer.param_groups[0]["lr"] = rate
        self.optimizer.step()
        return costs[-1].detach()

    def costs(self, x: Tensor, random: torch.Generator) -> list[Tensor]:
        """Cross-entropy of the images at each step of the chain. Gradients go through the top layer, and through no draw."""
        costs, visible, h2 = [], x, self.network.top_layer(x)
        for _ in range(self.training.walkback_steps):
            logits, h2 = self.network.step(self.network.corrupted(visible, random), h2, random)
            costs.append(total(cross_entropy(logits, x)) / x.numel())
            visible = bernoulli(sigmoid(logits.detach()), random)
        return costs

    def state_dict(self) -> dict:
        """What learning changes beside the weights."""
        return self.optimizer.state_dict()

    def load_state_dict(self, state: dict) -> None:
        """The opposite."""
        self.optimizer.load_state_dict(state)
