"""Draw the samples that stand for a generator in the Parzen window."""

from adversarial_nets.core import devices, files
from adversarial_nets.gan.networks import load_generator
from adversarial_nets.gan.sampling import draw_samples
from adversarial_nets.running.stage import Task, main


def sample(task: Task) -> None:
    device = devices.resolve(task.project.device)
    generator, description = load_generator(task.paths.generator, device)
    samples = draw_samples(generator, description, task.experiment.sampling.num_samples, task.seed)
    files.write_npy(task.paths.samples, samples)


if __name__ == "__main__":
    main(sample, __doc__)
