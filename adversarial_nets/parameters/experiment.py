"""One experiment: a file in experiments/, complete in itself."""

import math
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, model_validator

from adversarial_nets.parameters.data_sets import AnyData
from adversarial_nets.parameters.evaluation import (
    EvaluationParameters,
    ReliabilityParameters,
    SamplingParameters,
    SanityParameters,
)
from adversarial_nets.parameters.layers import DiscriminatorParameters, GeneratorParameters, Shape, text
from adversarial_nets.parameters.section import Section, require
from adversarial_nets.parameters.training import TrainingParameters


class Measured(Section):
    """What every experiment has, whatever its model: images, and how samples are scored."""

    data: AnyData = Field(description="images and their split")
    evaluation: EvaluationParameters = Field(description="the Parzen-window protocol")
    sanity: SanityParameters = Field(description="sanity checks: stand-ins for samples, scored by the generator's protocol")
    reliability: ReliabilityParameters = Field(description="how far the generator's log-likelihood can be trusted")

    @property
    def image_shape(self) -> Shape:
        """Channels, height and width of one image."""
        return self.data.shape


class Experiment(Measured):
    """One experiment with adversarial nets, complete in itself."""

    model: Literal["adversarial"] = Field("adversarial", description="which model; without it, adversarial nets")
    generator: GeneratorParameters = Field(description="noise and the layers that turn it into an image")
    discriminator: DiscriminatorParameters = Field(description="layers that turn an image into the probability that it is real")
    training: TrainingParameters = Field(description="how the game is played")
    sampling: SamplingParameters = Field(description="samples of the kept generator")

    def largest_arrays(self) -> Iterator[tuple[str, int]]:
        """Values that must be in memory at once, by the parameter that decides how many."""
        inputs = {"generator": (self.generator.noise_dimensions,), "discriminator": self.image_shape}
        for player, shape in inputs.items():
            layers = getattr(self, player).layers
            before = [shape, *_shapes(layers, shape, player)]
            for (name, layer), taken in zip(layers.items(), before, strict=False):
                yield f"{player}.layers.{name}", layer.num_weights(taken)
        counts = {"sampling": self.sampling, "training.validation": self.training.validation}
        for section, samples in counts.items():
            yield f"{section}.num_samples", samples.num_samples * math.prod(self.image_shape)

    @model_validator(mode="after")
    def _networks_fit(self) -> "Experiment":
        dimensions = math.prod(self.image_shape)
        image_name, image = list(self.generator.layers.items())[-1]
        name, output = list(self.discriminator.layers.items())[-1]
        image_key, key = f"generator.layers.{image_name}", f"discriminator.layers.{name}"
        require(output.type == "sigmoid", f"{key}.type", "must be sigmoid: the last layer gives a probability")
        require(output.units == 1, f"{key}.units", "must be 1: the last layer gives one probability")
        drawn = _shapes(self.generator.layers, (self.generator.noise_dimensions,), "generator")[-1]
        _shapes(self.discriminator.layers, self.image_shape, "discriminator")
        self._require_pretraining_to_fit()
        size_key = f"{image_key}.units" if hasattr(image, "units") else image_key
        wanted = f"must be {dimensions}, one per pixel of {self.data.source}"
        require(math.prod(drawn) == dimensions, size_key, wanted if len(drawn) == 1 else f"{wanted}; it makes {text(drawn)}")
        for key, layer in _all_layers(self):
            marginals = getattr(layer, "bias", None) == "marginals"
            possible = layer is image and layer.type == "sigmoid" and not hasattr(self.data, "scaling")
            require(
                not marginals or possible,
                f"{key}.bias",
                "marginals are for a generator's last layer, a sigmoid one, and pixels in [0, 1]",
            )
        return self

    @model_validator(mode="after")
    def _takes_effect(self) -> "Experiment":
        """Every parameter that is given must have a part in the training."""
        for name, layer in self.generator.layers.items():
            kept = getattr(layer, "keep_probability", 1)
            require(kept == 1, f"generator.layers.{name}.keep_probability", "dropout is for the discriminator; leave it out here")
        training, images = self.training, self.data.num_train
        if images is not None:
            updates, annealing = training.epochs * math.ceil(images / training.minibatch_size), training.annealing
            moves = training.discriminator_steps <= updates
            require(
                moves, "training.discriminator_steps", f"must not be above the number of updates, {updates}: G would never move"
            )
            begins = annealing is None or annealing.after_updates < updates - 1
            wanted = f"must be below {updates - 1}: there are {updates} updates, and it would never begin"
            require(begins, "training.annealing.after_updates", wanted)
        return self

    def _require_pretraining_to_fit(self) -> None:
        pretraining, layers = self.training.pretraining, self.generator.layers
        if pretraining is None:
            return
        first, later = pretraining.first_layer, list(layers)[1:]
        known = f"'{first}' must be a layer of the generator after its first: {', '.join(later)}"
        require(first in later, "training.pretraining.first_layer", known)
        before, noise = list(layers)[later.index(first)], self.generator.noise_dimensions
        width = _shapes(layers, (noise,), "generator")[list(layers).index(before)]
        wanted = (
            f"gives {text(width)} values to {first}, which in pretraining is fed with noise, {noise} values; both must be equal"
        )
        require(math.prod(width) == noise, f"generator.layers.{before}", wanted)


def _shapes(layers: dict[str, Any], shape: Shape, player: str) -> list[Shape]:
    """What each layer puts out, from inputs of a shape."""
    found = []
    for name, layer in layers.items():
        try:
            found.append(shape := layer.shape_after(shape))
        except ValueError as error:
            require(False, f"{player}.layers.{name}", str(error))
    return found


def _all_layers(experiment: Experiment) -> Iterator[tuple[str, Any]]:
    for player in ("generator", "discriminator"):
        for name, layer in getattr(experiment, player).layers.items():
            yield f"{player}.layers.{name}", layer
