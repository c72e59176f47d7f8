"""Section 7 of the paper: the whole of ``extensions/params.yaml``."""

from typing import Annotated

from pydantic import Field

from adversarial_nets.parameters.conditional import ClassifierParameters, CompletionParameters, ConditionalParameters
from adversarial_nets.parameters.inference import FewLabelsParameters, InferenceParameters
from adversarial_nets.parameters.section import Name, Section, Seed


class Extensions(Section):
    """The whole of ``extensions/params.yaml``: section 7's extensions, on the data and with the game of one experiment."""

    experiment: Name = Field(description="the experiment whose data, networks and training serve: a file's name in experiments/")
    seeds: Annotated[list[Seed], Field(min_length=1)] = Field(description="each model is trained once per seed")
    classifier: ClassifierParameters = Field(description="what judges samples")
    conditional: ConditionalParameters = Field(description="conditional generation")
    completion: CompletionParameters = Field(description="completion of images")
    inference: InferenceParameters = Field(description="learned inference, for the experiment's trained generator")
    few_labels: FewLabelsParameters = Field(description="features of the experiment's players for classifiers with few labels")
