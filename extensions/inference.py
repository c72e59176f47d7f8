"""Train an encoder that predicts z from G(z), and measure it; a run that was stopped resumes from where it was."""

import argparse

from adversarial_nets.core import devices, files
from adversarial_nets.core.errors import exit_status
from adversarial_nets.data import prepared
from adversarial_nets.extensions import inference, reconstruction
from adversarial_nets.extensions.features import discriminators, of_players
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.reading import read
from adversarial_nets.report.figures.inference import draw_reconstructions
from adversarial_nets.report.figures.style import save
from adversarial_nets.running import paths, stage
from adversarial_nets.running.checkpoints import Work, parent_process, under_way


def infer(seed: int) -> None:
    asked = read(paths.EXTENSIONS, Extensions)
    task, own, title = stage.task(asked.experiment, seed), paths.ExtensionPaths(seed), f"inference, seed {seed}"
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    setup = inference.Setup(asked.inference, task.paths.generator, seed, device)
    work = Work(f"inference-{seed}", title, setup.key)
    with under_way(work, paths.LOCKS, paths.checkpoints(), parent_process()) as checkpoint:
        run = inference.train(inference.start(setup), title, checkpoint)
        compared = of_players(discriminators(task.experiment, task.paths.discriminator, seed, device), run.encoder, device)
        measured, found = reconstruction.measure(run, data, compared)
        inference.save(run, own.encoder)
        with files.replacing(own.inference) as folder:
            folder.mkdir()
            files.write_json(folder / paths.SCORES_FILE, measured)
            save(draw_reconstructions(found, data), folder / paths.FIGURE)
        checkpoint.clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int, help="seed of the run whose generator is inverted, a whole number from 0")
    with exit_status():
        infer(**vars(parser.parse_args()))
