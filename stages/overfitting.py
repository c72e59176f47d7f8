"""Train a discriminator too much against a generator that stays as it is, and watch it overfit."""

from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.diagnostics import overfitting, trained
from adversarial_nets.running.stage import Task, main


def watch(task: Task) -> None:
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    players = trained.load(task.paths, task.experiment, device)
    files.write_json(task.paths.overfitting, overfitting.measure(players, task.project.overfitting.discriminator_updates, data))


if __name__ == "__main__":
    main(watch, __doc__)
