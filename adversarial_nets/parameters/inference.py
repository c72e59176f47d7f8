"""Learned inference, and features for classifiers with few labels."""

from typing import Annotated

from pydantic import Field, model_validator

from adversarial_nets.parameters.layers import Layers
from adversarial_nets.parameters.section import Count, Name, Positive, Section, require

INFERENCE, FEW_LABELS = "inference", "few_labels"  # as their results are called


class InversionParameters(Section):
    """Gradient steps on z towards an image, from E's prediction."""

    steps: Count = Field(description="steps of Adam on z")
    learning_rate: Positive = Field(description="step size of Adam in the first step; it falls linearly to 0")


class InferenceParameters(Section):
    """An encoder E that predicts z from G(z), for a generator that is trained and stays as it is."""

    layers: Layers = Field(
        description="layers of E from the image to z, in this order, by name; the last is linear, a unit for each z"
    )
    updates: Count = Field(description="updates of E, each from fresh z")
    minibatch_size: Count = Field(description="values of z in one update")
    learning_rate: Positive = Field(description="learning rate of Adam in the first update; it falls linearly to 0")
    num_fresh: Count = Field(description="fresh values of z that R² is measured on")
    num_images: Count = Field(description="fresh samples, and test images, whose reconstructions are measured; the first ones")
    inversion: InversionParameters = Field(description="for comparison: the z whose G(z) is nearest, by gradient steps from E(x)")

    @model_validator(mode="after")
    def _ends_linearly(self) -> "InferenceParameters":
        name, last = list(self.layers.items())[-1]
        require(last.type == "linear", f"layers.{name}.type", "must be linear: the last layer predicts z")
        return self


class FewLabelsParameters(Section):
    """A linear classifier of features, from few labels."""

    counts: Annotated[list[Annotated[int, Field(ge=10)]], Field(min_length=1)] = Field(
        description="labelled training images, equally many of each class"
    )
    draws: Annotated[int, Field(ge=2)] = Field(description="random choices of the labelled images; errors are means over them")
    folds: Annotated[int, Field(ge=2)] = Field(description="folds of the labelled images, by which C is chosen")
    c: Annotated[list[Positive], Field(min_length=1)] = Field(
        description="values of C to choose from: the classifier's objective is ½·‖W‖² + C·Σ cross-entropy, in nats"
    )
    components: Count = Field(description="principal components among the features that are compared")
    compared: list[Name] = Field(
        description="experiments with other models whose features are compared: names of files in experiments/"
    )
