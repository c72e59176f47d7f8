"""Train one conditional model with one seed; a run that was stopped resumes from where it was."""

import argparse

from adversarial_nets.core import files
from adversarial_nets.core.errors import exit_status
from adversarial_nets.data import prepared
from adversarial_nets.extensions import games
from adversarial_nets.extensions.model_card import model_card
from adversarial_nets.extensions.models import named, recipe
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.reading import read
from adversarial_nets.running import paths, stage
from adversarial_nets.running.checkpoints import Work, parent_process, under_way
from adversarial_nets.running.paths import ExtensionPaths
from adversarial_nets.running.progress import EpochProgress


def train(name: str, seed: int) -> None:
    asked = read(paths.EXTENSIONS, Extensions)
    task, title = stage.task(asked.experiment, seed), f"{name}, seed {seed}"
    model = named(asked, name, task, data := prepared.load(task.paths.prepared))
    training = model.setup.experiment.training
    work = Work(f"extensions-{name}-{seed}", title, model.key)
    with under_way(work, paths.LOCKS, paths.checkpoints(), parent_process()) as checkpoint:
        with EpochProgress(title, training.epochs, training.minibatch_size) as show:
            checkpoint.on_step = show.step
            run = games.train(model, show, checkpoint)
        games.save(run, (folder := ExtensionPaths(name, seed)).model)
        files.write_text(folder.model_card, model_card(name, seed, data, run.updates, recipe(asked, name, model)))
        checkpoint.clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="name of a conditional variant in extensions/params.yaml, or completion")
    parser.add_argument("seed", type=int, help="seed of the run, a whole number from 0")
    with exit_status():
        train(**vars(parser.parse_args()))
