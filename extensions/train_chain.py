"""Train the generative stochastic network whose clamped chain completes images; a run that was stopped resumes."""

import argparse

from adversarial_nets.baselines.training import training_of
from adversarial_nets.core import devices
from adversarial_nets.core.errors import exit_status
from adversarial_nets.data import prepared
from adversarial_nets.data.prepared import VALIDATION
from adversarial_nets.gan.run import Setup
from adversarial_nets.parameters.conditional import CHAIN
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.reading import read
from adversarial_nets.running import paths, stage
from adversarial_nets.running.checkpoints import Work, parent_process, under_way
from adversarial_nets.running.paths import ExperimentPaths, ExtensionPaths
from adversarial_nets.running.progress import EpochProgress


def train(seed: int) -> None:
    asked = read(paths.EXTENSIONS, Extensions)
    task, title = stage.task(asked.completion.chain.experiment, seed), f"clamped chain, seed {seed}"
    data, device = prepared.load(ExperimentPaths(asked.experiment).prepared), devices.resolve(task.project.device)
    training = training_of(Setup(task.experiment, data.training_images, data.fold_images(0, VALIDATION), seed, device))
    work = Work(f"extensions-{CHAIN}-{seed}", title, training.key)
    with under_way(work, paths.LOCKS, paths.checkpoints(), parent_process()) as checkpoint:
        with EpochProgress(title, training.epochs) as show:
            run = training.train(show, checkpoint)
        training.save(run, ExtensionPaths(CHAIN, seed).model)
        checkpoint.clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int, help="seed of the run, a whole number from 0")
    with exit_status():
        train(**vars(parser.parse_args()))
