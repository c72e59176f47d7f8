"""Train one variant of an experiment's game with one seed, and score it; a run that was stopped resumes from where it was."""

import argparse
from pathlib import Path

from adversarial_nets.core import devices
from adversarial_nets.core.errors import exit_status
from adversarial_nets.data import prepared
from adversarial_nets.diagnostics import ablations
from adversarial_nets.gan.run import Setup
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.parameters.reading import read, read_experiment
from adversarial_nets.running import paths, stage
from adversarial_nets.running.checkpoints import Work, parent_process, under_way
from adversarial_nets.running.progress import EpochProgress


def train(variant: str, seed: int, folder: Path) -> None:
    asked = read((place := paths.AblationPaths(folder)).parameters, Ablations)
    task, experiment = stage.task(asked.experiment, seed), ablations.varied(read_experiment(place.experiment), asked, variant)
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    setup = Setup(experiment, data.training_images, data.fold_images(0, prepared.VALIDATION), seed, device)
    work = Work(f"{folder.name}-{variant}-{seed}", f"{variant}, seed {seed}", setup.key("diagnostics/ablations.py"))
    with under_way(work, paths.LOCKS, paths.checkpoints(), parent_process()) as checkpoint:
        with EpochProgress(work.title, experiment.training.epochs, experiment.training.minibatch_size) as show:
            checkpoint.on_step = show.step
            run, gradients = ablations.train(setup, show, checkpoint)
        scores = ablations.measure(run, gradients, data, seed)
        checkpoint.after_step(run)  # a signal that came while it was scored was only noted
        ablations.save(run, gradients, scores, place.run(variant, seed))
        checkpoint.clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variant", help="name of a variant in the folder's params.yaml")
    parser.add_argument("seed", type=int, help="seed of the run, a whole number from 0")
    parser.add_argument("folder", type=Path, nargs="?", default=paths.ABLATIONS.parent, help="ablations, or a folder in it")
    with exit_status():
        train(**vars(parser.parse_args()))
