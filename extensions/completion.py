"""Measure and show completions of images by a trained generator, beside what needs no training."""

import argparse

from adversarial_nets.core import files
from adversarial_nets.core.errors import exit_status
from adversarial_nets.data import prepared
from adversarial_nets.extensions import clamped_chain, completion_scores, games
from adversarial_nets.extensions.completers import generated
from adversarial_nets.extensions.models import named
from adversarial_nets.likelihood.protocol import scoring
from adversarial_nets.parameters.conditional import COMPLETION
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.reading import read
from adversarial_nets.report.figures import style
from adversarial_nets.report.figures.extensions import draw_completions
from adversarial_nets.running import paths, stage
from adversarial_nets.running.paths import ExtensionPaths, RunPaths


def measure(seed: int) -> None:
    asked, results = read(paths.EXTENSIONS, Extensions), ExtensionPaths(COMPLETION, seed)
    data = prepared.load((task := stage.task(asked.experiment, seed)).paths.prepared)
    model = named(asked, COMPLETION, task, data)
    generator = games.load(model, results.model)
    trained = RunPaths(asked.completion.chain.experiment, seed).model
    network = clamped_chain.load(trained, data.training_images.shape[1], model.setup.device)
    chain = clamped_chain.by_clamped_chain(network, data.training_images, asked.completion.chain, seed)
    with scoring():
        complete = generated(model, generator, asked.completion.num_completions, "completions")
        scores = completion_scores.measure(model, complete, chain, data, asked)
    files.write_json(results.scores, scores)
    style.save(draw_completions(completion_scores.shown(model, generator, data), data), results.figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int, help="seed of the run, a whole number from 0")
    with exit_status():
        measure(**vars(parser.parse_args()))
