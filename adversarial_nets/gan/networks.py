"""Generator and discriminator, built layer by layer from their descriptions.

Initialisation and column norms follow the configuration files that the paper's authors published with it.
"""

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from adversarial_nets.core import files
from adversarial_nets.gan.layers import layer_of
from adversarial_nets.parameters.layers import AnyLayer, DiscriminatorParameters, GeneratorParameters, Shape
from adversarial_nets.parameters.section import Section


class Network(nn.Module):
    """A chain of layers, each of which takes and gives rows of values: (m, inputs) → (m, values of the last layer).

    ``inputs`` is the shape of one input, (channels, height, width) of an image, or the number of its values. The weights that
    torch gives it are not the paper's: ``initialise`` or ``load_state_dict`` must follow.
    """

    def __init__(self, inputs: int | Shape, layers: dict[str, AnyLayer]):
        super().__init__()
        shape = (inputs,) if isinstance(inputs, int) else inputs
        self.layers = nn.ModuleDict()
        for name, description in layers.items():
            self.layers[name] = layer_of(shape, description)
            shape = description.shape_after(shape)

    def forward(self, x: Tensor, dropout: torch.Generator | None = None) -> Tensor:
        """The network's output, without dropout unless a random stream for it is given."""
        for layer in self.layers.values():
            x = layer(x, dropout)
        return x

    def logits(self, x: Tensor, dropout: torch.Generator | None = None, num_fixed: int = 0) -> Tensor:
        """The last layer's values before its activation, (m, units): what numerically safe objectives work on.

        The first ``num_fixed`` inputs are data, whose gradient may be left out.
        """
        *hidden, last = self.layers.values()
        for layer in hidden:
            x, num_fixed = layer(x, dropout, num_fixed), 0
        return last.preactivation(x, dropout, num_fixed)

    @property
    def num_parameters(self) -> int:
        """Number of weights and biases."""
        return sum(parameter.numel() for parameter in self.parameters())


@torch.no_grad()
def initialise(network: Network, generator: torch.Generator, marginals: Tensor | None = None) -> None:
    """Weights uniform in [-init_range, init_range], or sparse, within the layer's ``max_column_norm``; biases as described.

    Column norms are enforced from the start, as by the published code, and not only after the first update.
    ``marginals``, the mean training image (D,) in [0, 1], sets a bias described as such so that its sigmoid is that image.
    """
    for layer in network.layers.values():
        description, linear = layer.description, layer.linear
        if getattr(description, "sparse_init", None):
            _initialise_sparsely(linear.weight, description.sparse_init, generator)
        else:
            linear.weight.uniform_(-description.init_range, description.init_range, generator=generator)
        bias = getattr(description, "bias", 0.0)
        linear.bias.copy_(marginal_bias(marginals) if bias == "marginals" else torch.tensor(bias))
    limit_column_norms(network)


def _initialise_sparsely(weight: Tensor, count: int, generator: torch.Generator) -> None:
    """So many weights in each row, chosen at random, from N(0, 1); the others 0."""
    chosen = torch.rand(weight.shape, generator=generator).topk(count, dim=1).indices
    weight.zero_().scatter_(1, chosen, torch.randn(chosen.shape, generator=generator))


def marginal_bias(marginals: Tensor) -> Tensor:
    """b with sigmoid(b) = mean pixel, clipped to [1e-7, 1 - 1e-7] (in float64: float32 cannot hold the upper limit)."""
    return torch.logit(marginals.double(), eps=1e-7)


@torch.no_grad()
def limit_column_norms(network: Network) -> None:
    """Rescale the incoming weights of every unit (of every maxout piece) to the layer's ``max_column_norm``, if it has one.

    The bias is not part of the norm.
    """
    for layer in network.layers.values():
        limit = getattr(layer.description, "max_column_norm", None)
        if limit is not None:
            weight = layer.linear.weight.flatten(1)  # (units, inputs): a row here is a column of the published code
            norms = weight.norm(dim=1, keepdim=True)
            weight.mul_(limit / norms.clamp(min=limit))


def save_network(network: nn.Module, description: Section, path: Path) -> None:
    """Weights and description in one safetensors file, which holds no code.

    One metadata entry only: the format does not promise an order of several, and equal networks must give equal bytes.
    """
    weights = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    # Not by the library's own writer: what it raises on a full disk is not an OSError.
    path.write_bytes(save(weights, metadata={"description": description.model_dump_json(exclude_unset=True)}))


def load_generator(path: Path, device: torch.device) -> tuple[Network, GeneratorParameters]:
    """A saved generator and its description. Raises InputError if there is none, or it is damaged."""
    with files.reading(path, "train"):
        text, weights = read_network(path)
        description = GeneratorParameters.model_validate_json(text)
        network = Network(description.noise_dimensions, description.layers)
        network.load_state_dict(weights)
    return network.to(device), description


def load_discriminator(path: Path, inputs: Shape, device: torch.device) -> Network:
    """A saved discriminator of images (C, H, W). Raises InputError if there is none, or it is damaged."""
    with files.reading(path, "train"):
        text, weights = read_network(path)
        network = Network(inputs, DiscriminatorParameters.model_validate_json(text).layers)
        network.load_state_dict(weights)
    return network.to(device)


def read_network(path: Path) -> tuple[str, dict[str, Tensor]]:
    """A saved network's description, as JSON, and its weights."""
    with safe_open(path, framework="pt") as file:
        return file.metadata()["description"], {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is not a dict)
