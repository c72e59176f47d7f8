"""Train an encoder that predicts z from G(z), and measure it; a run that was stopped resumes from where it was."""

import argparse

from adversarial_nets.core import devices, files
from adversarial_nets.core.errors import exit_status
from adversarial_nets.data import prepared
from adversarial_nets.extensions import inference, reconstruction
from adversarial_nets.extensions.features import discriminators, of_players
from adversarial_nets.extensions.model_card import model_card
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.inference import INFERENCE
from adversarial_nets.parameters.reading import read
from adversarial_nets.report.figures import style
from adversarial_nets.report.figures.extensions import draw_reconstructions
from adversarial_nets.running import paths, stage
from adversarial_nets.running.checkpoints import Work, parent_process, under_way


def infer(seed: int) -> None:
    asked, results = read(paths.EXTENSIONS, Extensions), paths.ExtensionPaths(INFERENCE, seed)
    task, title = stage.task(asked.experiment, seed), f"{INFERENCE}, seed {seed}"
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    run = inference.start(inference.Setup(asked.inference, task.paths.generator, seed, device))
    work = Work(f"extensions-{INFERENCE}-{seed}", title, run.setup.key)
    with under_way(work, paths.LOCKS, paths.checkpoints(), parent_process()) as checkpoint:
        inference.train(run, title, checkpoint)
        scores, found = reconstruction.measure(run, data, of_players(discriminators(task, device), run.encoder, device))
        inference.save(run, results.model)
        files.write_text(results.model_card, model_card(INFERENCE, seed, data, run.updates, {INFERENCE: asked.inference}))
        files.write_json(results.scores, scores)
        style.save(draw_reconstructions([row for each in found for row in each.rows], data), results.figure)
        checkpoint.clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int, help="seed of the run whose generator is taken, a whole number from 0")
    with exit_status():
        infer(**vars(parser.parse_args()))
