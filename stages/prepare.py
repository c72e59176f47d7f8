"""Turn a data set's source files into one file with images, splits and evaluation folds."""

from adversarial_nets.data import prepared, sources
from adversarial_nets.running.stage import Task, main


def prepare(task: Task) -> None:
    prepared.save(sources.prepare(task.experiment.data, task.paths.sources, task.name), task.paths.prepared)


if __name__ == "__main__":
    main(prepare, __doc__, arguments=("experiment",))
