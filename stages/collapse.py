"""Has the generator collapsed? Classes of its samples and near-duplicates among them, beside those of real images."""

from adversarial_nets.core import files
from adversarial_nets.data import prepared
from adversarial_nets.diagnostics import collapse
from adversarial_nets.running.stage import Task, main


def measure(task: Task) -> None:
    data, samples = prepared.load(task.paths.prepared), files.read_samples(task.paths.samples)
    files.write_json(task.paths.collapse, collapse.measure(samples, data))


if __name__ == "__main__":
    main(measure, __doc__)
