"""The layers of both players: linear, maxout, convolutional, transposed; and dropout.

Maxout, dropout and padding follow the configuration files that the paper's authors published with it.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import conv_transpose2d, max_pool2d

from adversarial_nets.core.arithmetic import product, sigmoid
from adversarial_nets.parameters.layers import (
    AnyLayer,
    ConvolutionalMaxoutParameters,
    LinearParameters,
    MaxoutParameters,
    Shape,
    TransposedConvolutionParameters,
)

ACTIVATIONS = {"relu": torch.relu, "sigmoid": sigmoid, "linear": lambda x: x}


class Linear(torch.autograd.Function):
    """A linear map that lays each unit's values out in a row of memory: x (m, d), weight (n, d), bias (n,) → (m, n).

    The first ``num_fixed`` rows of x are data. Nobody asks for their gradient, so a matrix product is saved; it is given as 0.
    """

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor, num_fixed: int) -> Tensor:
        """The values, (m, n)."""
        ctx.save_for_backward(x, weight)
        ctx.num_fixed = num_fixed
        return product(weight, x.t()).add_(bias[:, None]).t()

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of x, the weight and the bias, from that of the values."""
        x, weight = ctx.saved_tensors
        of_x = of_weight = None
        if ctx.needs_input_grad[0]:
            of_x = torch.zeros_like(x)  # laid out as x is
            of_x[ctx.num_fixed :] = product(gradient[ctx.num_fixed :], weight)
        if ctx.needs_input_grad[1]:
            of_weight = product(gradient.t(), x)
        # Always of one layout, because it decides the order of a sum.
        of_bias = gradient.t().contiguous().sum(dim=1)
        return of_x, of_weight, of_bias, None


class LinearMap(nn.Linear):
    """Weights and biases of a linear map, whose products are ``arithmetic``'s."""

    def forward(self, x: Tensor, num_fixed: int = 0) -> Tensor:
        """The map's values, (m, n); the first ``num_fixed`` rows of x are data."""
        return Linear.apply(x, self.weight, self.bias, num_fixed)


class Layer(nn.Module):
    """Dropout of the inputs, a linear map, then the activation: (m, inputs) → (m, units).

    ``linear`` holds the weights and biases, here as in the other kinds of layers.
    """

    def __init__(self, inputs: int, description: LinearParameters | MaxoutParameters):
        super().__init__()
        self.description = description
        pieces = description.pieces if description.type == "maxout" else 1
        self.linear = LinearMap(inputs, description.units * pieces)

    def preactivation(self, x: Tensor, dropout: torch.Generator | None = None, num_fixed: int = 0) -> Tensor:
        """The linear map's values, (m, units * pieces); inputs are dropped if a random stream is given.

        The first ``num_fixed`` inputs are data, whose gradient may be left out.
        """
        x = dropped(x, self.description.keep_probability, dropout)
        return self.linear(x, num_fixed)

    def forward(self, x: Tensor, dropout: torch.Generator | None = None, num_fixed: int = 0) -> Tensor:
        """The layer's output, (m, units)."""
        values = self.preactivation(x, dropout, num_fixed)
        if self.description.type == "maxout":
            return maxout(values, self.description.pieces)
        return ACTIVATIONS[self.description.type](values)


class ConvolutionalMaxout(nn.Module):
    """Dropout of the inputs, a convolution, maxout over each channel's pieces, max-pooling: (m, C·H·W) → (m, channels·H'·W')."""

    def __init__(self, shape: Shape, description: ConvolutionalMaxoutParameters):
        super().__init__()
        self.shape, self.description = shape, description
        self.linear = nn.Conv2d(shape[0], description.channels * description.pieces, description.kernel, padding=description.pad)

    def forward(self, x: Tensor, dropout: torch.Generator | None = None, num_fixed: int = 0) -> Tensor:
        """The layer's output, its channels one after another; the gradient of all inputs is given."""
        x = dropped(x, self.description.keep_probability, dropout)
        pieces = self.linear(x.unflatten(1, self.shape)).unflatten(1, (-1, self.description.pieces))
        pool = self.description.pool
        return max_pool2d(pieces.max(dim=2).values, pool.window, pool.stride, ceil_mode=True).flatten(1)


class TransposedConvolution(nn.Module):
    """Dropout of the inputs, then a transposed convolution with a bias for each value: (m, C·H·W) → (m, channels·H'·W')."""

    def __init__(self, shape: Shape, description: TransposedConvolutionParameters):
        super().__init__()
        self.shape, self.description = description.input_shape(shape), description
        kernel = (self.shape[0], description.channels, description.kernel, description.kernel)
        self.linear = nn.Module()
        self.linear.weight = nn.Parameter(torch.empty(kernel))
        self.linear.bias = nn.Parameter(torch.empty(description.shape_after(shape)))

    def preactivation(self, x: Tensor, dropout: torch.Generator | None = None, num_fixed: int = 0) -> Tensor:
        """The layer's output, its channels one after another."""
        x = dropped(x, self.description.keep_probability, dropout).unflatten(1, self.shape)
        return (conv_transpose2d(x, self.linear.weight, stride=self.description.stride) + self.linear.bias).flatten(1)

    forward = preactivation  # it is linear


LAYERS = {"convolutional_maxout": ConvolutionalMaxout, "transposed_convolution": TransposedConvolution}


def layer_of(shape: Shape, description: AnyLayer) -> nn.Module:
    """The layer that a description means, for inputs of a shape."""
    kind = LAYERS.get(description.type)
    return kind(shape, description) if kind else Layer(math.prod(shape), description)


def maxout(values: Tensor, pieces: int) -> Tensor:
    """Maximum over each unit's consecutive pieces: (m, units * pieces) → (m, units). Of equal pieces the first has the gradient.

    Fast if ``values.t()`` is contiguous. ``torch.max`` compares one number at a time, pooling a register of channels at once,
    so the rows are its channels here. Pooling finds the pieces, and ``gather`` takes them because its gradient is the faster one.
    """
    grouped = values.t().unflatten(0, (-1, pieces))  # (units, pieces, m)
    with torch.no_grad():
        _, winners = max_pool2d(grouped[:, :, None].permute(0, 3, 1, 2), (pieces, 1), return_indices=True)
    return grouped.gather(1, winners.squeeze(3).transpose(1, 2)).squeeze(1).t()


def dropped(x: Tensor, keep_probability: float, generator: torch.Generator | None) -> Tensor:
    """Inputs with dropout, or as they are if no random stream is given or all are kept."""
    return x if generator is None or keep_probability == 1 else x * dropout_mask(x, keep_probability, generator)


def dropout_mask(x: Tensor, keep_probability: float, generator: torch.Generator) -> Tensor:
    """1 / p for an input that is kept, which happens with probability p, else 0: on average 1.

    p is the nearest multiple of 2^-16 (0.800003 for 0.8), because every random 64-bit word decides on four inputs: drawing
    one number for each takes three times as long.
    """
    num_kept = num_kept_of_65536(keep_probability)
    words = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device).random_(-(2**63), None, generator=generator)
    kept = words.view(torch.int16)[: x.numel()].view(x.shape) < num_kept - 2**15
    return kept.to(x.dtype).mul_(2**16 / num_kept)


def num_kept_of_65536(keep_probability: float) -> int:
    """How many of the values that 16 bits can have keep an input: the nearest to the probability, but neither none nor all."""
    return min(max(round(keep_probability * 2**16), 1), 2**16 - 1)
