"""Stacked contractive autoencoder (Rifai et al., 2011), sampled by steps along its manifold (Rifai et al., 2012)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from adversarial_nets.baselines.chains import State
from adversarial_nets.baselines.layers import TiedLayer, gaussian, initialise_uniformly, log_normaliser, lowered, stacked
from adversarial_nets.core.arithmetic import product, sigmoid
from adversarial_nets.parameters.baselines import AutoencoderLayerTraining, AutoencoderTraining, DeepNetParameters

INITIAL_SCALE = 4  # of uniform weights, as is usual for sigmoid units


class ContractiveAutoencoder(nn.Module):
    """Layers of sigmoid units with tied weights above the pixels, by name."""

    def __init__(self, description: DeepNetParameters, pixels: int):
        super().__init__()
        self.layers = stacked(pixels, description.layers)

    def initialise(self, images: Tensor, random: torch.Generator) -> None:
        """Uniform weights; biases are 0."""
        for layer in self.layers.values():
            initialise_uniformly(layer.weight, random, INITIAL_SCALE)

    def begin(self, images: Tensor, random: torch.Generator) -> State:
        """A chain's state: the mean pixels."""
        return (images,)

    def advance(self, state: State, random: torch.Generator, noise: float) -> State:
        """Encode, move the top code by J·Jᵀ·ε with ε ~ N(0, noise²), and decode."""
        codes = self.encoded(*state)
        image = codes[-1] + self.along_manifold(codes, gaussian(codes[-1], noise, random))
        for layer in reversed(self.layers.values()):
            image = layer.visible(image)
        return (image,)

    def encoded(self, images: Tensor) -> list[Tensor]:
        """Codes of images (D, m), of every layer."""
        codes = [images]
        for layer in self.layers.values():
            codes.append(layer.hidden(codes[-1]))
        return codes[1:]

    @torch.no_grad()
    def along_manifold(self, codes: list[Tensor], step: Tensor) -> Tensor:
        """J·Jᵀ times a step in the top code, with J the Jacobian of all layers: the (units, D) matrix is never made."""
        slopes = [(layer.weight, code * (1 - code)) for layer, code in zip(self.layers.values(), codes, strict=True)]
        for weight, slope in reversed(slopes):
            step = lowered(weight, slope * step)
        for weight, slope in slopes:
            step = slope * product(weight, step)
        return step

    def pixels(self, state: State, random: torch.Generator) -> Tensor:
        """The mean pixels."""
        return state[0]

    def learners(self, training: AutoencoderTraining) -> list["Contraction"]:
        """Layer by layer, from the pixels up."""
        layers, names = list(self.layers.values()), enumerate(training.layers)
        return [Contraction(layers[number], layers[:number], training, name) for number, name in names]


@dataclass
class Contraction:
    """Learns one layer: to reconstruct its inputs, the codes of the layer below, from a code that hardly moves with them."""

    layer: TiedLayer
    below: list[TiedLayer]
    training: AutoencoderTraining
    name: str

    def __post_init__(self) -> None:
        self.own: AutoencoderLayerTraining = self.training.layers[self.name]
        self.epochs, self.learning_rate = self.own.epochs, self.training.learning_rate
        betas = (self.training.adam.beta1, self.training.adam.beta2)
        self.optimizer = torch.optim.Adam(self.layer.parameters(), betas=betas, fused=True)

    @torch.no_grad()
    def step(self, x: Tensor, epoch: int, rate: float, random: torch.Generator) -> Tensor:
        """One update from images (D, m); returns the cost before it, in nats an image."""
        cost, *gradients = self.cost_and_gradients(self.inputs(x))
        for weight, gradient in zip(self.layer.parameters(), gradients, strict=True):
            weight.grad = gradient
        self.optimizer.param_groups[0]["lr"] = rate
        self.optimizer.step()
        return cost

    def inputs(self, x: Tensor) -> Tensor:
        """Images as the layer below has them."""
        for layer in self.below:
            x = layer.hidden(x)
        return x

    def cost_and_gradients(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Cross-entropy of inputs (visible, m) and reconstructions, summed over inputs, and the penalty: mean over m.

        The penalty is the squared Frobenius norm of the code's Jacobian: Σ_j (h_j (1 − h_j))² Σ_i W_ji². Gradients are of the
        weight, whose uses up and down are in one product, of the visible and of the hidden bias.
        """
        weight, code = self.layer.weight, self.layer.hidden(x)
        logits = self.layer.downwards(code)
        mean, slope, norms = sigmoid(logits), code * (1 - code), weight.norm(dim=1, keepdim=True).square()
        squares = self.own.contraction / x.shape[1] * slope.square()
        cost = (log_normaliser(logits, mean) - x * logits).sum(0).mean() + (squares * norms).sum(0).sum()
        error = (mean - x) / x.shape[1]
        of_given = slope * product(weight, error) + 2 * squares * (1 - 2 * code) * norms
        of_weight = product(torch.cat([of_given, code], 1), torch.cat([x, error], 1).t())
        of_weight.add_(2 * squares.sum(1, keepdim=True) * weight)
        return cost, of_weight, error.sum(1), of_given.sum(1)

    def state_dict(self) -> dict:
        """What learning changes beside the weights."""
        return self.optimizer.state_dict()

    def load_state_dict(self, state: dict) -> None:
        """The opposite."""
        self.optimizer.load_state_dict(state)
