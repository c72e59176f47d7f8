"""The layers of both players."""

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from adversarial_nets.parameters.section import Count, Name, Positive, Section, require

KeepProbability = Annotated[float, Field(gt=0, le=1)]
Shape = tuple[int, ...]  # of one value that a layer takes or gives: (units,) or (channels, height, width)


class LayerParameters(Section):
    """What a fully connected layer has: weights uniform in [-init_range, init_range], and what is done to inputs and weights."""

    units: Count
    init_range: Positive
    keep_probability: KeepProbability = 1.0
    max_column_norm: Positive | None = None

    def shape_after(self, shape: Shape) -> Shape:
        """Of the layer's output; it takes inputs of any shape."""
        return (self.units,)


class LinearParameters(LayerParameters):
    """A linear map and an activation.

    With ``sparse_init`` in place of ``init_range``, so many incoming weights of each unit start from N(0, 1), the others at 0.
    """

    init_range: Positive | None = None
    type: Literal["relu", "sigmoid", "linear"]
    bias: Annotated[float, Field(allow_inf_nan=False)] | Literal["marginals"] = 0.0
    sparse_init: Count | None = None

    @model_validator(mode="after")
    def _has_one_initialisation(self) -> "LinearParameters":
        require((self.init_range is None) != (self.sparse_init is None), "init_range", "is required, or else sparse_init")
        return self

    def shape_after(self, shape: Shape) -> Shape:
        """Of the layer's output. Raises ValueError where it has fewer inputs than weights that are not 0."""
        if self.sparse_init and self.sparse_init > math.prod(shape):
            raise ValueError(f"its sparse_init is {self.sparse_init}, and it has only {math.prod(shape)} inputs")
        return (self.units,)


class MaxoutParameters(LayerParameters):
    """A linear map to ``units * pieces`` values, then the maximum over each unit's pieces."""

    type: Literal["maxout"]
    pieces: Count


class PoolParameters(Section):
    """The maximum over square windows, those that hang over the border included."""

    window: Count
    stride: Count

    def size_after(self, size: int) -> int:
        """Windows along a side of so many values; 0 or less where the side is too short for one."""
        return min(math.ceil((size - self.window) / self.stride) + 1, math.ceil(size / self.stride))


class ConvolutionalMaxoutParameters(Section):
    """A convolution to ``channels * pieces`` maps, the maximum over each channel's pieces, then over windows of each map."""

    type: Literal["convolutional_maxout"]
    channels: Count
    pieces: Count
    kernel: Count
    pad: Annotated[int, Field(ge=0)]
    pool: PoolParameters
    init_range: Positive
    keep_probability: KeepProbability = 1.0
    max_column_norm: Positive | None = None

    def convolved(self, size: int) -> int:
        """Side of the maps before pooling, from that of the inputs."""
        return size + 2 * self.pad - self.kernel + 1

    def shape_after(self, shape: Shape) -> Shape:
        """Of the layer's output. Raises ValueError where it cannot follow this shape."""
        if len(shape) != 3:
            raise ValueError("must follow an image or another convolutional layer: its inputs need channels, height and width")
        sides = [self.pool.size_after(self.convolved(size)) for size in shape[1:] if self.convolved(size) > 0]
        if len(sides) < 2 or min(sides) < 1:
            raise ValueError(f"its kernel or its pooling window does not fit into its inputs of {text(shape)}")
        return self.channels, *sides


class TransposedConvolutionParameters(Section):
    """Inputs seen as square maps of ``input_channels`` channels, then a transposed convolution without padding.

    Its output is linear. Biases are untied: one for each output channel and position.
    """

    type: Literal["transposed_convolution"]
    input_channels: Count
    channels: Count
    kernel: Count
    stride: Count
    init_range: Positive
    keep_probability: KeepProbability = 1.0

    def input_shape(self, shape: Shape) -> Shape:
        """How the layer sees inputs of this shape. Raises ValueError where they do not make square maps."""
        positions, rest = divmod(math.prod(shape), self.input_channels)
        side = math.isqrt(positions)
        if rest or side * side != positions:
            raise ValueError(f"its {math.prod(shape)} inputs do not make {self.input_channels} square channels")
        return self.input_channels, side, side

    def shape_after(self, shape: Shape) -> Shape:
        """Of the layer's output. Raises ValueError where it cannot follow this shape."""
        size = (self.input_shape(shape)[1] - 1) * self.stride + self.kernel
        return self.channels, size, size


AnyLayer = Annotated[
    LinearParameters | MaxoutParameters | ConvolutionalMaxoutParameters | TransposedConvolutionParameters,
    Field(discriminator="type"),
]
Layers = Annotated[dict[Name, AnyLayer], Field(min_length=1)]


class GeneratorParameters(Section):
    """Noise and the layers that turn it into an image."""

    noise: Literal["uniform", "gaussian"]
    noise_dimensions: Count
    layers: Layers


class DiscriminatorParameters(Section):
    """The layers that turn an image into the probability that it is real."""

    layers: Layers


def text(shape: Shape) -> str:
    """A shape in words, such as ``3×32×32``."""
    return "×".join(map(str, shape))
