"""The stage runner: arguments, typed parameters, and failures as one line and an exit status."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from adversarial_nets.core.errors import InputError, exit_status
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import AnyExperiment, experiment_path, read, read_experiment
from adversarial_nets.running import paths
from adversarial_nets.running.paths import RunPaths


@dataclass(frozen=True)
class Task:
    """One stage's work: the project's parameters and, if the stage has them, an experiment and a seed."""

    project: Project
    name: str = ""
    seed: int = 0
    experiment: AnyExperiment | None = None

    @property
    def title(self) -> str:
        """What messages call a run."""
        return f"{self.name}, seed {self.seed}"

    @property
    def paths(self) -> RunPaths:
        """Where the experiment's and the run's files are."""
        return RunPaths(self.name, self.seed)


def main(stage: Callable[[Task], None], description: str, arguments: tuple[str, ...] = ("experiment", "seed")) -> None:
    """Run a stage from the command line; exit 0 on success, 1 if a check failed, 2 if the input is wrong."""
    parser = argparse.ArgumentParser(description=description)
    if "experiment" in arguments:
        parser.add_argument("experiment", help="name of a file in experiments/, such as mnist5k")
    if "seed" in arguments:
        parser.add_argument("seed", type=int, help="seed of the run, a whole number from 0")
    with exit_status():
        given = parser.parse_args()
        stage(task(getattr(given, "experiment", None), getattr(given, "seed", 0)))


def task(name: str | None = None, seed: int = 0) -> Task:
    """The task that these arguments mean in this project. Raises InputError if a parameter or an argument is wrong."""
    project = read(paths.PARAMETERS, Project)
    if seed < 0:
        raise InputError(f"seed: must be 0 or more (it is {seed})")
    if name is None:
        return Task(project, seed=seed)
    return Task(project, name, seed, read_experiment(experiment_path(name, paths.EXPERIMENTS)))
