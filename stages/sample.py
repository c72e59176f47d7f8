"""Draw the samples that stand for a model in the Parzen window."""

import numpy as np

from adversarial_nets.baselines.models import sample_stream
from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.running.stage import Task, main


def sample(task: Task) -> None:
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    samples = np.empty((task.experiment.sampling.num_samples, data.training_images.shape[1]), np.float32)  # if it fits, at once
    position = 0
    for block in sample_stream(task.paths, task.experiment, data.training_images, device):
        samples[position : position + len(block)] = block
        position += len(block)
    files.write_npy(task.paths.samples, samples)


if __name__ == "__main__":
    main(sample, __doc__)
