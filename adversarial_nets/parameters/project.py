"""The two parameter files beside the experiments: params.yaml and ablations/params.yaml."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from adversarial_nets.parameters.evaluation import KnownDensityParameters
from adversarial_nets.parameters.section import Name, Section, Seed, require
from adversarial_nets.parameters.theory import HelveticaParameters, TheoryParameters
from adversarial_nets.parameters.training import GameParameters


class Project(Section):
    """The whole of ``params.yaml``: what to run, where, and parameters that belong to no experiment."""

    suite: Annotated[list[Name], Field(min_length=1)] = Field(
        description="experiments that `dvc repro` runs: names of files in experiments/"
    )
    seeds: Annotated[list[Seed], Field(min_length=1)] = Field(
        description="each experiment is trained once per seed; the reported spread is over them"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        description="auto is CUDA if there is a GPU, otherwise the CPU; the results record which one it was"
    )
    known_density: KnownDensityParameters = Field(description="the Parzen window's own error, measured on a Gaussian")
    theory: TheoryParameters = Field(description="section 4 and Figure 1 of the paper, measured on densities that are known")
    helvetica: HelveticaParameters = Field(description="the Helvetica scenario of section 6")

    @model_validator(mode="after")
    def _names_nothing_twice(self) -> "Project":
        require(len(set(self.suite)) == len(self.suite), "suite", "names an experiment twice")
        require(len(set(self.seeds)) == len(self.seeds), "seeds", "names a seed twice")
        return self


class Ablations(Section):
    """The whole of ``ablations/params.yaml``: variants of one experiment's game, and the seeds that each is trained with."""

    experiment: Name = Field(description="the experiment whose game is varied: a file's name in experiments/")
    seeds: Annotated[list[Seed], Field(min_length=1)] = Field(description="each variant is trained once per seed")
    variants: Annotated[dict[Name, GameParameters], Field(min_length=1)] = Field(
        description="the variants by name; their keys mean what they mean in training"
    )
