"""Find or download a data set's source files, verify them, and hand them to DVC."""

from adversarial_nets.data import sources
from adversarial_nets.running import paths
from adversarial_nets.running.stage import Task, main


def fetch(task: Task) -> None:
    sources.fetch(task.experiment.data, paths.raw(), task.paths.sources)


if __name__ == "__main__":
    main(fetch, __doc__, arguments=("experiment",))
