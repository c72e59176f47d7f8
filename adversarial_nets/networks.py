"""Generator and discriminator, built layer by layer from their descriptions.

Initialisation, maxout, dropout and column norms follow the configuration files that the paper's authors published with it.
"""

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from adversarial_nets.parameters import (
    DiscriminatorParameters,
    GeneratorParameters,
    LinearParameters,
    MaxoutParameters,
)

ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "linear": lambda x: x}


class Layer(nn.Module):
    """Dropout of the inputs, a linear map, then the activation: (m, inputs) → (m, units)."""

    def __init__(self, inputs: int, description: LinearParameters | MaxoutParameters):
        super().__init__()
        self.description = description
        pieces = description.pieces if description.type == "maxout" else 1
        self.linear = nn.Linear(inputs, description.units * pieces)

    def preactivation(self, x: Tensor, dropout: torch.Generator | None = None) -> Tensor:
        """The linear map's values, (m, units * pieces); inputs are dropped where a random stream is given."""
        if dropout is not None and self.description.keep_probability < 1:
            x = x * dropout_mask(x, self.description.keep_probability, dropout)
        return self.linear(x)

    def forward(self, x: Tensor, dropout: torch.Generator | None = None) -> Tensor:
        """The layer's output, (m, units)."""
        values = self.preactivation(x, dropout)
        if self.description.type == "maxout":
            return maxout(values, self.description.pieces)
        return ACTIVATIONS[self.description.type](values)


class Network(nn.Module):
    """A chain of layers: (m, inputs) → (m, units of the last layer).

    The weights that torch gives it are not the paper's: ``initialise`` or ``load_state_dict`` must follow.
    """

    def __init__(self, inputs: int, layers: dict[str, LinearParameters | MaxoutParameters]):
        super().__init__()
        widths = [inputs, *(layer.units for layer in layers.values())]
        self.layers = nn.ModuleDict(
            {name: Layer(width, layer) for width, (name, layer) in zip(widths, layers.items(), strict=False)}
        )

    def forward(self, x: Tensor, dropout: torch.Generator | None = None) -> Tensor:
        """The network's output, without dropout unless a random stream for it is given."""
        for layer in self.layers.values():
            x = layer(x, dropout)
        return x

    def logits(self, x: Tensor, dropout: torch.Generator | None = None) -> Tensor:
        """The last layer's values before its activation, (m, units): what numerically safe objectives work on."""
        *hidden, last = self.layers.values()
        for layer in hidden:
            x = layer(x, dropout)
        return last.preactivation(x, dropout)

    @property
    def num_parameters(self) -> int:
        """Number of weights and biases."""
        return sum(parameter.numel() for parameter in self.parameters())


def maxout(values: Tensor, pieces: int) -> Tensor:
    """Maximum over each unit's consecutive pieces: (m, units * pieces) → (m, units)."""
    return values.unflatten(1, (-1, pieces)).max(dim=2).values


def dropout_mask(x: Tensor, keep_probability: float, generator: torch.Generator) -> Tensor:
    """1 / keep_probability where an input is kept, else 0. (torch's own dropout takes no random stream.)"""
    kept = torch.rand(x.shape, generator=generator, device=x.device, dtype=torch.float32) < keep_probability
    return kept.to(x.dtype) / keep_probability


@torch.no_grad()
def initialise(network: Network, generator: torch.Generator, marginals: Tensor | None = None) -> None:
    """Weights uniform in [-init_range, init_range]; biases as described.

    ``marginals``, the mean training image (D,) in [0, 1], sets a bias described as such so that its sigmoid is that image.
    """
    for layer in network.layers.values():
        description, linear = layer.description, layer.linear
        linear.weight.uniform_(-description.init_range, description.init_range, generator=generator)
        bias = getattr(description, "bias", 0.0)
        linear.bias.copy_(marginal_bias(marginals) if bias == "marginals" else torch.tensor(bias))


def marginal_bias(marginals: Tensor) -> Tensor:
    """b with sigmoid(b) = mean pixel, clipped to [1e-7, 1 - 1e-7] (in float64: float32 cannot hold the upper limit)."""
    return torch.logit(marginals.double(), eps=1e-7)


@torch.no_grad()
def limit_column_norms(network: Network) -> None:
    """Rescale the incoming weights of every unit (of every maxout piece) to the layer's ``max_column_norm``, where it has one.

    The bias is not part of the norm.
    """
    for layer in network.layers.values():
        limit = layer.description.max_column_norm
        if limit is not None:
            weight = layer.linear.weight  # (units, inputs): a row here is a column of the published code
            norms = weight.norm(dim=1, keepdim=True)
            weight.mul_(limit / norms.clamp(min=limit))


def save_network(network: Network, description: GeneratorParameters | DiscriminatorParameters, path: Path) -> None:
    """Weights and description in one safetensors file, which holds no code.

    One metadata entry only: the format does not promise an order of several, and equal networks must give equal bytes.
    """
    weights = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    save_file(weights, path, metadata={"description": description.model_dump_json(exclude_unset=True)})


def load_generator(path: Path, device: torch.device) -> tuple[Network, GeneratorParameters]:
    """A saved generator and its description."""
    with safe_open(path, framework="pt") as file:
        description = GeneratorParameters.model_validate_json(file.metadata()["description"])
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
    network = Network(description.noise_dimensions, description.layers)
    network.load_state_dict(weights)
    return network.to(device), description
