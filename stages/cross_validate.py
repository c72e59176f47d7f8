"""Choose σ: mean validation log-likelihood of a generator's samples for every σ of the grid, fold by fold."""

from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.likelihood.protocol import SigmaChoice, cross_validate_folds, shared_window
from adversarial_nets.running.stage import Task, main


def choose_sigma(task: Task) -> None:
    data, samples = prepared.load(task.paths.prepared), files.read_samples(task.paths.samples)
    with shared_window(samples, devices.resolve(task.project.device)) as (window, writes):
        choice = SigmaChoice(len(samples), cross_validate_folds(window, data, task.experiment.evaluation))
    if writes:
        files.write_json(task.paths.cross_validation, choice)


if __name__ == "__main__":
    main(choose_sigma, __doc__)
