"""Check every parameter file before DVC deletes anything; the output is constant, so that it never makes another stage run."""

import os

from adversarial_nets.core import files
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.parameters.reading import experiment_path, read, read_experiment, read_experiments
from adversarial_nets.running import paths, prune
from adversarial_nets.running.machine import refuse_too_large
from adversarial_nets.running.stage import Task, main


def check(task: Task) -> None:
    read_experiments(paths.EXPERIMENTS)
    read(paths.ABLATIONS, Ablations)
    read_experiment(paths.ABLATED)
    read(paths.EXTENSIONS, Extensions)
    for name in task.project.runs:
        path = experiment_path(name, paths.EXPERIMENTS)
        experiment = read_experiment(path)
        refuse_too_large(experiment, path)
        task.project.refuse_other_model(name, experiment.model)
    if task.project.device == "cuda":
        from adversarial_nets.core import devices  # PyTorch takes seconds to import, and every changed parameter runs this stage

        devices.resolve(task.project.device)  # refuses if there is no GPU
    runs = [paths.RunPaths(name, seed) for name, seeds in task.project.runs.items() for seed in seeds]
    if "DVC_EXP_NAME" in os.environ and not all(run.model.exists() for run in runs):
        print("DVC's warnings 'No file hash info found' are about results that do not exist yet: this run makes them.")
    files.write_text(paths.PARAMETERS_VALID, "The stage `check` found every parameter valid.\n")


if __name__ == "__main__":
    prune.remove_empty_folders()
    main(check, __doc__, arguments=())
