"""Section 7 of the paper: the whole of ``extensions/params.yaml``."""

from typing import Annotated

from pydantic import Field

from adversarial_nets.parameters.inference import FewLabelsParameters, InferenceParameters
from adversarial_nets.parameters.section import Name, Section, Seed


class Extensions(Section):
    """The whole of ``extensions/params.yaml``."""

    experiment: Name = Field(description="the experiment whose players are extended: a file's name in experiments/")
    seeds: Annotated[list[Seed], Field(min_length=1)] = Field(description="its runs that are extended")
    inference: InferenceParameters = Field(description="learned inference: section 7's second extension")
    few_labels: FewLabelsParameters = Field(description="features for classifiers with few labels: section 7's fourth extension")
