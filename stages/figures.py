"""Draw a generator's samples beside their nearest training images (Figure 2) and interpolations (Figure 3); measure copying."""

from adversarial_nets import figures, files
from adversarial_nets.datasets import TEST, PreparedData
from adversarial_nets.errors import InputError
from adversarial_nets.neighbours import copying, nearest
from adversarial_nets.randomness import stream
from adversarial_nets.sampling import generate, interpolated_noise
from common import FIGURES, Task, load_data, load_generator, load_samples, main

LINES, STEPS = 4, 9  # of Figure 3: so many rows, so many images in each


def draw(task: Task) -> None:
    data = load_data(task)
    samples, interpolations = _samples_figure(task, data), _interpolations_figure(task, data)
    with files.replacing(task.folder(FIGURES)) as folder:
        folder.mkdir()
        figures.save(samples, folder / "samples.png")
        figures.save(interpolations, folder / "interpolations.png")
        files.write_json(folder / "copying.json", copying(load_samples(task), data.training_images, data.fold_images(0, TEST)))


def _samples_figure(task: Task, data: PreparedData) -> figures.Figure:
    """The first samples, not chosen ones."""
    samples, training_images = load_samples(task)[: figures.ROWS * figures.COLUMNS], data.training_images
    if samples.shape[1] != training_images.shape[1]:
        columns, pixels = samples.shape[1], training_images.shape[1]
        raise InputError(f"the samples have {columns} columns, the images {pixels} pixels; draw them again")
    neighbours = training_images[nearest(samples[figures.COLUMNS - 1 :: figures.COLUMNS], training_images)]
    return figures.samples_with_neighbours(*data.pictures(samples, neighbours))


def _interpolations_figure(task: Task, data: PreparedData) -> figures.Figure:
    generator, description = load_generator(task)
    points = stream(task.seed, "interpolation")
    noise = interpolated_noise(description.noise, description.noise_dimensions, LINES, STEPS, points)
    [images] = data.pictures(generate(generator, noise))
    return figures.interpolations(images.reshape(LINES, STEPS, *images.shape[1:]))


if __name__ == "__main__":
    main(draw, __doc__)
