"""Turn a data set's source files into one file with images, splits and evaluation folds."""

from adversarial_nets import datasets, sources
from common import Task, main, raw_folder


def prepare(task: Task) -> None:
    datasets.save(sources.prepare(task.experiment.data, raw_folder()), task.prepared)


if __name__ == "__main__":
    main(prepare, __doc__, arguments=("experiment",))
