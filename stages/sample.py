"""Draw the samples that stand for a model in the Parzen window."""

import numpy as np

from adversarial_nets.baselines.models import sample_stream
from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.running.stage import Task, main


def sample(task: Task) -> None:
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    samples = sample_stream(task.paths, task.experiment, data.training_images, device)
    files.write_npy(task.paths.samples, np.concatenate(list(samples)))


if __name__ == "__main__":
    main(sample, __doc__)
