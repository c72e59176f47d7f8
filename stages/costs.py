"""Count what an experiment's networks cost: parameters, and multiply-adds of a sample and of a training step."""

from adversarial_nets.core import files
from adversarial_nets.data import prepared
from adversarial_nets.diagnostics.costs import count
from adversarial_nets.running.stage import Task, main


def write_costs(task: Task) -> None:
    pixels = prepared.load(task.paths.prepared).images[0].size
    files.write_json(task.paths.costs, count(task.experiment, pixels))


if __name__ == "__main__":
    main(write_costs, __doc__, arguments=("experiment",))
