"""The two parameter files beside the experiments: params.yaml and ablations/params.yaml."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from adversarial_nets.parameters.evaluation import KnownDensityParameters
from adversarial_nets.parameters.section import Name, Section, Seed, require
from adversarial_nets.parameters.theory import HelveticaParameters, TheoryParameters
from adversarial_nets.parameters.training import GameParameters


class Project(Section):
    """The whole of ``params.yaml``: what to run, where, and parameters that belong to no experiment."""

    suite: Annotated[list[Name], Field(min_length=1)]
    seeds: Annotated[list[Seed], Field(min_length=1)]
    device: Literal["auto", "cpu", "cuda"]
    known_density: KnownDensityParameters
    theory: TheoryParameters
    helvetica: HelveticaParameters

    @model_validator(mode="after")
    def _names_nothing_twice(self) -> "Project":
        require(len(set(self.suite)) == len(self.suite), "suite", "names an experiment twice")
        require(len(set(self.seeds)) == len(self.seeds), "seeds", "names a seed twice")
        return self


class Ablations(Section):
    """The whole of ``ablations/params.yaml``: variants of one experiment's game, and the seeds that each is trained with."""

    experiment: Name
    seeds: Annotated[list[Seed], Field(min_length=1)]
    variants: Annotated[dict[Name, GameParameters], Field(min_length=1)]
