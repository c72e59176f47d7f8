"""Draw a generator's samples beside their nearest training images (Figure 2) and interpolations (Figure 3); measure copying.

If the kept generator is an average, a third picture shows what averaging did to samples of the same z.
"""

from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.data.prepared import TEST
from adversarial_nets.diagnostics.neighbours import copying
from adversarial_nets.gan.networks import load_generator
from adversarial_nets.gan.sampling import draw_samples
from adversarial_nets.likelihood.protocol import load_samples
from adversarial_nets.report.figures.images import averaging, figure_2, figure_3
from adversarial_nets.report.figures.style import save
from adversarial_nets.running.stage import Task, main


def draw(task: Task) -> None:
    data, samples = prepared.load(task.paths.prepared), load_samples(task.paths.samples)
    device = devices.resolve(task.project.device)
    generator, description = load_generator(task.paths.generator, device)
    figures = {
        task.paths.samples_figure: figure_2(samples, data),
        task.paths.interpolations_figure: figure_3(generator, description, task.seed, data),
    }
    if task.paths.last_generator.exists():
        last, _ = load_generator(task.paths.last_generator, device)
        figures[task.paths.averaging_figure] = averaging(samples, draw_samples(last, description, len(samples), task.seed), data)
    with files.replacing(task.paths.figures) as folder:
        folder.mkdir()
        for path, figure in figures.items():
            save(figure, folder / path.name)
        measured = copying(samples, data.training_images, data.fold_images(0, TEST))
        files.write_json(folder / task.paths.copying.name, measured)


if __name__ == "__main__":
    main(draw, __doc__)
