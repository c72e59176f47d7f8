"""What the nets of the baselines are made of: tied layers, and draws.

Values are columns, one for each image: (units, m). Then no product of a net needs a copy of a weight.
"""

import torch
from torch import Tensor, nn

from adversarial_nets.core.arithmetic import log, product, sigmoid, softplus
from adversarial_nets.parameters.baselines import HiddenLayerParameters


def lowered(weight: Tensor, x: Tensor) -> Tensor:
    """Weight (n, d), transposed, times x (n, m): (d, m). Of the two only x is copied, which is the smaller."""
    return product(x.t(), weight).t().contiguous()


class Map(torch.autograd.Function):
    """A weight (n, d) times x (d, m), or its transpose times x (n, m), with gradients that are specified products too."""

    @staticmethod
    def forward(ctx, weight: Tensor, x: Tensor, is_transposed: bool) -> Tensor:
        """The product: (n, m), or (d, m)."""
        ctx.save_for_backward(weight, x)
        ctx.is_transposed = is_transposed
        return lowered(weight, x) if is_transposed else product(weight, x)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the weight and of x, from that of the product."""
        weight, x = ctx.saved_tensors
        of_weight = of_x = None
        if ctx.needs_input_grad[0]:
            of_weight = product(x, gradient.t()) if ctx.is_transposed else product(gradient, x.t())
        if ctx.needs_input_grad[1]:
            of_x = product(weight, gradient) if ctx.is_transposed else lowered(weight, gradient)
        return of_weight, of_x, None


def up(weight: Tensor, x: Tensor) -> Tensor:
    """Weight (n, d) times x (d, m), differentiable."""
    return Map.apply(weight, x, False)


def down(weight: Tensor, x: Tensor) -> Tensor:
    """Weight (n, d), transposed, times x (n, m), differentiable."""
    return Map.apply(weight, x, True)


class TiedLayer(nn.Module):
    """Hidden units above visible ones; one matrix (hidden, visible) serves both directions. Weights start undefined."""

    def __init__(self, visible: int, hidden: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(hidden, visible))
        self.visible_bias = nn.Parameter(torch.zeros(visible))
        self.hidden_bias = nn.Parameter(torch.zeros(hidden))

    def upwards(self, visible: Tensor) -> Tensor:
        """What the hidden units are given, before any activation: (visible, m) → (hidden, m)."""
        return up(self.weight, visible) + self.hidden_bias[:, None]

    def downwards(self, hidden: Tensor) -> Tensor:
        """What the visible units are given, before any activation: (hidden, m) → (visible, m)."""
        return down(self.weight, hidden) + self.visible_bias[:, None]

    def hidden(self, visible: Tensor) -> Tensor:
        """Sigmoid hidden units: probabilities, or codes."""
        return sigmoid(self.upwards(visible))

    def visible(self, hidden: Tensor) -> Tensor:
        """Sigmoid visible units."""
        return sigmoid(self.downwards(hidden))


def stacked(pixels: int, layers: dict[str, HiddenLayerParameters]) -> nn.ModuleDict:
    """A tied layer for each hidden layer, by name, each above the one before."""
    sizes = [pixels, *(layer.units for layer in layers.values())]
    return nn.ModuleDict({name: TiedLayer(*pair) for name, *pair in zip(layers, sizes, sizes[1:], strict=False)})


def initialise_uniformly(weight: Tensor, random: torch.Generator, scale: float = 1.0) -> None:
    """In ± scale·√(6 / (n + d)), for weights (n, d)."""
    limit = scale * (6 / sum(weight.shape)) ** 0.5
    nn.init.uniform_(weight, -limit, limit, generator=random)


def cross_entropy(logits: Tensor, x: Tensor) -> Tensor:
    """−log of the Bernoulli probability of each pixel x in [0, 1], in nats, given the logits of its mean: element by element."""
    return softplus(logits) - x * logits


def log_normaliser(given: Tensor, mean: Tensor) -> Tensor:
    """log(1 + e**given) of what units are given, from their means, which are its sigmoid: element by element.

    That takes no exponential, and float64's logarithm, which is vectorised on every processor: a third of ``softplus``'s time.
    """
    return given.clamp(min=0) - log(torch.maximum(mean, 1 - mean).double()).to(mean.dtype)


def uniform(shape: torch.Size, random: torch.Generator, device: torch.device) -> Tensor:
    """Uniform on [0, 1), drawn on the stream's device."""
    return torch.rand(shape, generator=random, device=random.device).to(device)


def gaussian(x: Tensor, deviation: float, random: torch.Generator) -> Tensor:
    """N(0, deviation²), as many as x has elements, drawn on the stream's device."""
    return deviation * torch.randn(x.shape, generator=random, device=random.device).to(x.device)


def bernoulli(mean: Tensor, random: torch.Generator) -> Tensor:
    """A binary draw of each mean: the same uniform numbers whatever the means are."""
    return uniform(mean.shape, random, mean.device).lt_(mean).to(mean.dtype)
