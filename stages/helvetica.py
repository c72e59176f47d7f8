"""Train a generator too much against a discriminator that stays as it is, and watch it collapse."""

from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.diagnostics import helvetica, trained
from adversarial_nets.report.figures.collapse import draw_helvetica
from adversarial_nets.report.figures.style import save
from adversarial_nets.running.stage import Task, main


def watch(task: Task) -> None:
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    players = trained.load(task.paths, task.experiment, device)
    measured, samples = helvetica.measure(players, task.project.helvetica.generator_updates, data)
    save(draw_helvetica(measured, samples, data), task.paths.helvetica_figure)
    files.write_json(task.paths.helvetica, measured)


if __name__ == "__main__":
    main(watch, __doc__)
