"""The layers of both players."""

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from adversarial_nets.parameters.section import Count, Name, Positive, Section, require

InitRange = Annotated[Positive, Field(description="weights start uniform in [−init_range, init_range]")]
KeepProbability = Annotated[
    float,
    Field(
        gt=0,
        le=1,
        description="dropout: each input of the layer is kept with this probability and divided by it; 1 means no dropout",
    ),
]
MaxColumnNorm = Annotated[
    Positive | None,
    Field(description="largest Euclidean norm of a unit's incoming weights, from the start on; without it, no limit"),
]
Shape = tuple[int, ...]  # of one value that a layer takes or gives: (units,) or (channels, height, width)


class LayerParameters(Section):
    """What a fully connected layer has: weights uniform in [-init_range, init_range], and what is done to inputs and weights."""

    units: Count = Field(description="values that the layer puts out")
    init_range: InitRange
    keep_probability: KeepProbability = 1.0
    max_column_norm: MaxColumnNorm = None

    def shape_after(self, shape: Shape) -> Shape:
        """Of the layer's output; it takes inputs of any shape."""
        return (self.units,)

    def num_weights(self, shape: Shape) -> int:
        """Of its linear map, from inputs of a shape."""
        return math.prod(shape) * self.units * getattr(self, "pieces", 1)


class LinearParameters(LayerParameters):
    """A linear map and an activation.

    With ``sparse_init`` in place of ``init_range``, that many incoming weights of each unit start from N(0, 1), the others at 0.
    """

    init_range: Positive | None = Field(
        None, description="weights start uniform in [−init_range, init_range]; give either this or sparse_init"
    )
    type: Literal["relu", "sigmoid", "linear"] = Field(description="a linear map, then this activation")
    bias: Annotated[float, Field(allow_inf_nan=False)] | Literal["marginals"] = Field(
        0.0, description="value that the biases start with; marginals: sigmoid(bias) is the mean training image"
    )
    sparse_init: Count | None = Field(
        None, description="incoming weights of each unit that start from N(0, 1), the others start at 0"
    )

    @model_validator(mode="after")
    def _has_one_initialisation(self) -> "LinearParameters":
        require((self.init_range is None) != (self.sparse_init is None), "init_range", "is required, or else sparse_init")
        return self

    def shape_after(self, shape: Shape) -> Shape:
        """Of the layer's output. Raises ValueError if it has fewer inputs than weights that are not 0."""
        if self.sparse_init and self.sparse_init > math.prod(shape):
            raise ValueError(f"its sparse_init is {self.sparse_init}, and it has only {math.prod(shape)} inputs")
        return (self.units,)


class MaxoutParameters(LayerParameters):
    """A linear map to ``units * pieces`` values, then the maximum over each unit's pieces."""

    type: Literal["maxout"] = Field(description="the maximum over pieces linear maps, for each unit")
    pieces: Count = Field(description="linear maps of each unit")


class PoolParameters(Section):
    """The maximum over square windows, those that hang over the border included."""

    window: Count = Field(description="side of the square window, in pixels; windows that hang over the border count")
    stride: Count = Field(description="distance from one window to the next, in pixels")

    def size_after(self, size: int) -> int:
        """Windows along a side of ``size`` values; 0 or less if the side is too short for one."""
        return min(math.ceil((size - self.window) / self.stride) + 1, math.ceil(size / self.stride))


class ConvolutionalMaxoutParameters(Section):
    """A convolution to ``channels * pieces`` maps, the maximum over each channel's pieces, then over windows of each map."""

    type: Literal["convolutional_maxout"] = Field(
        description="a convolution of stride 1, the maximum over each channel's pieces, then over windows of each map"
    )
    channels: Count = Field(description="maps that the layer puts out")
    pieces: Count = Field(description="convolutions of each channel")
    kernel: Count = Field(description="side of the square kernel, in pixels")
    pad: Annotated[int, Field(ge=0)] = Field(description="zeros on every side of the inputs, in pixels")
    pool: PoolParameters = Field(description="windows of the last maximum")
    init_range: InitRange
    keep_probability: KeepProbability = 1.0
    max_column_norm: MaxColumnNorm = None

    def convolved(self, size: int) -> int:
        """Side of the maps before pooling, from that of the inputs."""
        return size + 2 * self.pad - self.kernel + 1

    def shape_after(self, shape: Shape) -> Shape:
        """Of the layer's output. Raises ValueError if it cannot follow this shape."""
        if len(shape) != 3:
            raise ValueError("must follow an image or another convolutional layer: its inputs need channels, height and width")
        sides = [self.pool.size_after(self.convolved(size)) for size in shape[1:] if self.convolved(size) > 0]
        if len(sides) < 2 or min(sides) < 1:
            raise ValueError(f"its kernel or its pooling window does not fit into its inputs of {text(shape)}")
        return self.channels, *sides

    def num_weights(self, shape: Shape) -> int:
        """Of its convolutions, from inputs of a shape."""
        return shape[0] * self.kernel**2 * self.channels * self.pieces


class TransposedConvolutionParameters(Section):
    """Inputs seen as square maps of ``input_channels`` channels, then a transposed convolution without padding.

    Its output is linear. Biases are untied: one for each output channel and position.
    """

    type: Literal["transposed_convolution"] = Field(
        description="a transposed convolution without padding and with a linear output; each output value has a bias of its own"
    )
    input_channels: Count = Field(description="channels of the square maps that the inputs are seen as")
    channels: Count = Field(description="maps that the layer puts out")
    kernel: Count = Field(description="side of the square kernel, in pixels")
    stride: Count = Field(description="distance from one kernel to the next in the output, in pixels")
    init_range: InitRange
    keep_probability: KeepProbability = 1.0

    def input_shape(self, shape: Shape) -> Shape:
        """How the layer sees inputs of this shape. Raises ValueError if they do not make square maps."""
        positions, rest = divmod(math.prod(shape), self.input_channels)
        side = math.isqrt(positions)
        if rest or side * side != positions:
            raise ValueError(f"its {math.prod(shape)} inputs do not make {self.input_channels} square channels")
        return self.input_channels, side, side

    def shape_after(self, shape: Shape) -> Shape:
        """Of the layer's output. Raises ValueError if it cannot follow this shape."""
        size = (self.input_shape(shape)[1] - 1) * self.stride + self.kernel
        return self.channels, size, size

    def num_weights(self, shape: Shape) -> int:
        """Of its convolution, from inputs of any shape."""
        return self.input_channels * self.kernel**2 * self.channels


AnyLayer = Annotated[
    LinearParameters | MaxoutParameters | ConvolutionalMaxoutParameters | TransposedConvolutionParameters,
    Field(discriminator="type"),
]
Layers = Annotated[dict[Name, AnyLayer], Field(min_length=1)]


class GeneratorParameters(Section):
    """Noise and the layers that turn it into an image."""

    noise: Literal["uniform", "gaussian"] = Field(
        description="distribution of each coordinate of z: uniform on [−√3, √3] or gaussian N(0, 1); both have variance 1"
    )
    noise_dimensions: Count = Field(description="coordinates of z")
    layers: Layers = Field(
        description="layers from the noise to the image, in this order, by name; the last puts out one value for each pixel"
    )


class DiscriminatorParameters(Section):
    """The layers that turn an image into the probability that it is real."""

    layers: Layers = Field(
        description="layers from the image to one probability, in this order, by name; the last is a sigmoid unit"
    )


def text(shape: Shape) -> str:
    """A shape in words, such as ``3×32×32``."""
    return "×".join(map(str, shape))
