"""Conditional models, section 7's first and third extensions: their networks, their measures, and what judges samples."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from adversarial_nets.parameters.layers import DiscriminatorParameters, GeneratorParameters
from adversarial_nets.parameters.section import Count, Name, Positive, Section, require

TRAINING_IMAGES, COMPLETION = "training_images", "completion"  # names of runs that are no variants


class ClassifierParameters(Section):
    """The classifier that judges samples: one hidden layer of ReLU units, trained with Adam."""

    hidden_units: Count = Field(description="units of the hidden layer")
    epochs: Count = Field(description="passes over the images that it is trained on")
    minibatch_size: Count = Field(description="images in one update")
    learning_rate: Positive = Field(description="Adam's")


class BranchedNetworks(Section):
    """Networks whose first layer takes the input alone, whose second takes the condition alone; the others follow both."""

    generator: GeneratorParameters = Field(description="noise and layers: the first for the noise, the second for the condition")
    discriminator: DiscriminatorParameters = Field(description="layers: the first for the image, the second for the condition")

    @model_validator(mode="after")
    def _has_branches_to_join(self) -> "BranchedNetworks":
        for player in ("generator", "discriminator"):
            layers = list(getattr(self, player).layers.values())
            require(len(layers) > 2, f"{player}.layers", "must be three or more: two branches, and what follows both")
            for layer in layers:
                require(hasattr(layer, "units"), f"{player}.layers", "must be fully connected")
        is_probability = layers[-1].type == "sigmoid" and layers[-1].units == 1
        require(is_probability, "discriminator.layers", "must end in one sigmoid unit: a probability")
        return self


class ConditionalVariant(Section):
    """One conditional model."""

    labels: Literal["given", "shuffled"] = Field(
        description="given: the training images' own; shuffled: those of others, a control"
    )
    scale: Positive = Field(
        1.0,
        description="value that stands for the class in its one-hot code; at √10, codes of ten classes have mean square 1, as z",
    )
    networks: BranchedNetworks | None = Field(
        None, description="networks of its own; without them, the experiment's with the condition appended to their inputs"
    )


class ConditionalParameters(Section):
    """Images given their class: p(x | c)."""

    epochs: Count = Field(description="passes over the training images, instead of the experiment's")
    samples_per_class: Count = Field(description="samples of each class that stand for the generator")
    variants: Annotated[dict[Name, ConditionalVariant], Field(min_length=1)] = Field(description="the models by name")

    @model_validator(mode="after")
    def _has_names_of_its_own(self) -> "ConditionalParameters":
        for name in (TRAINING_IMAGES, COMPLETION):
            require(name not in self.variants, f"variants.{name}", "is the name of something else; choose another")
        return self


class ClampedChainParameters(Section):
    """The chain of a generative stochastic network with the seen pixels held: a competitor."""

    experiment: Name = Field(description="the network's experiment, on the same data: a file's name in experiments/")
    chains: Count = Field(description="chains for each image, from binary draws of the mean image in its missing pixels")
    burn_in: Annotated[int, Field(ge=0)] = Field(description="steps of each chain before the first state that is kept")
    states: Count = Field(description="states of each chain that are kept, one after another")


class CompletionParameters(Section):
    """Images given some of their pixels, whichever: p(x_S | x_rest)."""

    epochs: Count = Field(description="passes over the training images, instead of the experiment's")
    learning_rate: Positive = Field(description="of both players in the first update, instead of the experiment's")
    num_images: Count = Field(description="test images that are completed, evenly spaced, and as many validation images for σ")
    num_completions: Annotated[int, Field(ge=2)] = Field(description="completions of each image that stand for the generator")
    num_neighbours: Annotated[int, Field(ge=2)] = Field(
        description="training images that stand for the nearest neighbours, which are compared with it"
    )
    chain: ClampedChainParameters = Field(description="a clamped chain, which is compared with it too")
