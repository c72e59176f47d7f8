"""Train a generator too much against a discriminator that stays as it is, and watch it collapse."""

from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.diagnostics import helvetica
from adversarial_nets.gan.networks import load_discriminator, load_generator
from adversarial_nets.gan.run import Summary
from adversarial_nets.report.figures.collapse import draw_helvetica
from adversarial_nets.report.figures.style import save
from adversarial_nets.running.stage import Task, main


def watch(task: Task) -> None:
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    generator, _ = load_generator(task.paths.generator, device)
    discriminator = load_discriminator(task.paths.discriminator, task.experiment.image_shape, device)
    with files.reading(task.paths.summary, "train") as path:
        summary = files.read(path, Summary)
    trained = helvetica.Trained(generator, discriminator, task.experiment, summary, task.seed)
    measured, samples = helvetica.measure(trained, task.project.helvetica.generator_updates, data)
    save(draw_helvetica(measured, samples, data), task.paths.helvetica_figure)
    files.write_json(task.paths.helvetica, measured)


if __name__ == "__main__":
    main(watch, __doc__)
