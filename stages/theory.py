"""Section 4 of the paper, measured, and the game of Figure 1: the optimal discriminator, its worth, and the descent to p_data."""

from adversarial_nets.core import devices, files
from adversarial_nets.report.figures import theory as figures
from adversarial_nets.report.figures.style import save
from adversarial_nets.running import paths
from adversarial_nets.running.stage import Task, main
from adversarial_nets.theory import measurements
from adversarial_nets.theory.propositions import PAIRS


def measure(task: Task) -> None:
    devices.resolve(task.project.device)  # only for the number of threads: everything here is small
    parameters = task.project.theory
    descents = measurements.descend(parameters.proposition_2)  # with the game first: rates that are too high end here
    game = measurements.play(parameters.figure_1, parameters.seed)
    discriminators, path = measurements.train_discriminators(parameters), measurements.follow_path(parameters)
    with files.replacing(paths.THEORY_FIGURES) as folder:
        folder.mkdir()
        save(figures.figure_1(game.panels), folder / paths.FIGURE_1.name)
        figures.save_animation(game.moments, folder / paths.ANIMATION.name)
        save(figures.proposition_1(PAIRS, discriminators), folder / paths.PROPOSITION_1.name)
        save(figures.theorem_1(path), folder / paths.THEOREM_1.name)
        save(figures.proposition_2(descents), folder / paths.PROPOSITION_2.name)
    files.write_json(paths.THEORY, measurements.measure(discriminators, path, descents, game))


if __name__ == "__main__":
    main(measure, __doc__, arguments=())
