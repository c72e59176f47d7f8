"""Log-likelihood of every test image under a generator's samples, with the σ chosen before, fold by fold."""

from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.likelihood.protocol import SigmaChoice, log_likelihoods, save_log_likelihoods, shared_window
from adversarial_nets.running.stage import Task, main


def score(task: Task) -> None:
    data, samples = prepared.load(task.paths.prepared), files.read_samples(task.paths.samples)
    with files.reading(task.paths.cross_validation, "cross_validate") as path:
        choice = files.read(path, SigmaChoice)
    with shared_window(samples, devices.resolve(task.project.device)) as (window, writes):
        folds = log_likelihoods(window, data, choice.sigmas)
    if writes:
        save_log_likelihoods(folds, task.paths.log_likelihoods)


if __name__ == "__main__":
    main(score, __doc__)
