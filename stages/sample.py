"""Draw samples from a trained generator."""

from adversarial_nets import files
from adversarial_nets.randomness import stream
from adversarial_nets.sampling import draw_noise, generate
from common import SAMPLES, Task, load_generator, main


def sample(task: Task) -> None:
    generator, description = load_generator(task)
    shape = (task.experiment.sampling.num_samples, description.noise_dimensions)
    noise = draw_noise(description.noise, shape, stream(task.seed, "sampling"))
    files.write_npy(task.folder(SAMPLES).with_suffix(".npy"), generate(generator, noise))


if __name__ == "__main__":
    main(sample, __doc__)
