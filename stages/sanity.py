"""Sanity checks: what training images, their cluster centres and a single mean image score by the generators' protocol."""

from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.diagnostics import sanity
from adversarial_nets.running.stage import Task, main


def check_sanity(task: Task) -> None:
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    files.write_json(task.paths.sanity, sanity.measure(data, task.experiment, device))


if __name__ == "__main__":
    main(check_sanity, __doc__, arguments=("experiment",))
