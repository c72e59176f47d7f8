"""The two parameter files beside the experiments: params.yaml and ablations/params.yaml."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from adversarial_nets.core.errors import InputError
from adversarial_nets.parameters.evaluation import KnownDensityParameters
from adversarial_nets.parameters.layers import GeneratorParameters
from adversarial_nets.parameters.section import Name, Positive, Section, Seed, require
from adversarial_nets.parameters.theory import HelveticaParameters, OverfittingParameters, TheoryParameters
from adversarial_nets.parameters.training import GameParameters


class Project(Section):
    """The whole of ``params.yaml``: what to run, where, and parameters that belong to no experiment."""

    suite: list[Name] = Field(
        description="experiments with adversarial nets that `dvc repro` runs: names of files in experiments/"
    )
    seeds: Annotated[list[Seed], Field(min_length=1)] = Field(
        description="each of them is trained once per seed; the reported spread is over them"
    )
    baselines: list[Name] = Field(description="experiments with other models of Table 1 that run beside them")
    baseline_seeds: Annotated[list[Seed], Field(min_length=1)] = Field(description="the seeds of the baselines")
    device: Literal["auto", "cpu", "cuda"] = Field(
        description="auto is CUDA if there is a GPU, otherwise the CPU; the results record which one it was"
    )
    known_density: KnownDensityParameters = Field(description="the Parzen window's own error, measured on a Gaussian")
    theory: TheoryParameters = Field(description="section 4 and Figure 1 of the paper, measured on densities that are known")
    helvetica: HelveticaParameters = Field(description="the Helvetica scenario of section 6")
    overfitting: OverfittingParameters = Field(description="section 3: D trained to completion on finite data")

    @model_validator(mode="after")
    def _names_something_and_nothing_twice(self) -> "Project":
        names = [*self.suite, *self.baselines]
        require(names, "suite", "names no experiment, and neither does baselines")
        require(len(set(names)) == len(names), "suite", "names an experiment twice, or one that baselines names too")
        for key in ("seeds", "baseline_seeds"):
            require(len(set(getattr(self, key))) == len(getattr(self, key)), key, "names a seed twice")
        return self

    @property
    def runs(self) -> dict[str, list[int]]:
        """The seeds of every experiment by name."""
        return dict.fromkeys(self.suite, self.seeds) | dict.fromkeys(self.baselines, self.baseline_seeds)

    def refuse_other_model(self, name: str, model: str) -> None:
        """Raise InputError if an experiment that is named here has a model that belongs to the other list."""
        wanted, other = ("suite", "baselines") if model == "adversarial" else ("baselines", "suite")
        if name not in getattr(self, wanted):
            raise InputError(f"params.yaml:{other}: the model of {name} is {model}; name it under {wanted}")


class VariantParameters(GameParameters):
    """Another game, learning rate or generator."""

    learning_rate: Positive | None = Field(None, description="as in training; without it, the experiment's own")
    learning_rate_decay: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = Field(None, description="as learning_rate")
    generator: GeneratorParameters | None = Field(
        None, description="noise and layers, as in an experiment; without it, the experiment's own"
    )


class Ablations(Section):
    """The whole of ``ablations/params.yaml``: variants of ``ablations/experiment.yaml``, and the seeds of each."""

    experiment: Name = Field(description="the experiment whose prepared data the runs use: a file's name in experiments/")
    seeds: Annotated[list[Seed], Field(min_length=1)] = Field(description="each variant is trained once per seed")
    variants: Annotated[dict[Name, VariantParameters], Field(min_length=1)] = Field(
        description="the variants by name; the keys of a game mean what they mean in training"
    )
