"""Draw samples beside their nearest training images (Figure 2), and measure copying.

Of adversarial nets also interpolations (Figure 3), and what averaging did to samples of the same z if the kept generator is an
average; of a baseline, its Markov chains.
"""

import numpy as np

from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.data.prepared import TEST
from adversarial_nets.diagnostics.neighbours import copying
from adversarial_nets.report.figures.images import chains, figure_2, of_generator
from adversarial_nets.report.figures.style import save
from adversarial_nets.running.stage import Task, main


def draw(task: Task) -> None:
    data, samples = prepared.load(task.paths.prepared), files.read_samples(task.paths.samples)
    figures, lines = {task.paths.samples_figure: figure_2(samples, data)}, None
    if task.experiment.model == "adversarial":
        drawn, lines = of_generator(task.paths, samples, data, devices.resolve(task.project.device))
        figures |= drawn
    else:
        figures[task.paths.chains_figure] = chains(samples, task.experiment.sampling.chains, data)
    with files.replacing(task.paths.figures) as folder:
        folder.mkdir()
        for path, figure in figures.items():
            save(figure, folder / path.name)
        if lines is not None:
            files.write_npy(folder / task.paths.interpolations.name, np.rint(255 * lines).astype(np.uint8))
        measured = copying(samples, data.training_images, data.fold_images(0, TEST))
        files.write_json(folder / task.paths.copying.name, measured)


if __name__ == "__main__":
    main(draw, __doc__)
