"""Measure and show samples of every class: of a conditional model with one seed, or training images in their place."""

import argparse

from adversarial_nets.core import files
from adversarial_nets.core.errors import exit_status
from adversarial_nets.data import prepared
from adversarial_nets.extensions import class_scores, conditional, games
from adversarial_nets.extensions.models import named
from adversarial_nets.likelihood.protocol import scoring
from adversarial_nets.parameters.conditional import TRAINING_IMAGES
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.reading import read
from adversarial_nets.report.figures import style
from adversarial_nets.report.figures.extensions import draw_classes
from adversarial_nets.running import paths, stage
from adversarial_nets.running.paths import ExtensionPaths


def measure(variant: str, seed: int) -> None:
    asked, results = read(paths.EXTENSIONS, Extensions), ExtensionPaths(variant, seed)
    task = stage.task(asked.experiment, seed)
    classes = conditional.Classes(data := prepared.load(task.paths.prepared))
    if variant == TRAINING_IMAGES:
        samples = classes.training_by_class
    else:
        model = named(asked, variant, task, data)
        samples = conditional.draw(model, games.load(model, results.model), asked.conditional.samples_per_class, "sampling")
    with scoring():
        scores = class_scores.measure(samples, classes, task.experiment.evaluation, asked, seed)
    files.write_json(results.scores, scores)
    style.save(draw_classes(samples, data), results.figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variant", help="name of a conditional variant in extensions/params.yaml, or training_images")
    parser.add_argument("seed", type=int, help="seed of the run, a whole number from 0")
    with exit_status():
        measure(**vars(parser.parse_args()))
