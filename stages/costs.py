"""Count what an experiment's networks cost: parameters, and multiply-adds of a sample and of a training step."""

from adversarial_nets import files
from adversarial_nets.costs import count
from common import SCORES, Task, load_data, main


def write_costs(task: Task) -> None:
    pixels = load_data(task).images[0].size
    files.write_json(SCORES / task.name / "costs.json", count(task.experiment, pixels))


if __name__ == "__main__":
    main(write_costs, __doc__, arguments=("experiment",))
