"""Classify images from few labels by features of D, of E and of others, and measure the errors."""

import argparse

from adversarial_nets.core import devices
from adversarial_nets.core.errors import exit_status
from adversarial_nets.data import prepared
from adversarial_nets.extensions import features, few_labels
from adversarial_nets.extensions.inference import load_encoder
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.inference import FEW_LABELS, INFERENCE
from adversarial_nets.parameters.reading import read
from adversarial_nets.running import paths, stage
from adversarial_nets.running.paths import ExtensionPaths


def classify(seed: int) -> None:
    asked = read(paths.EXTENSIONS, Extensions)
    task = stage.task(asked.experiment, seed)
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    images = data.training_images
    encoder = load_encoder(ExtensionPaths(INFERENCE, seed).encoder, images.shape[1], device)
    compared = features.of_players(features.discriminators(task, device), encoder, device)
    compared |= {name: features.of_baseline(stage.task(name, seed), images, device) for name in asked.few_labels.compared}
    scaled = {name: features.standardised(each, images) for name, each in compared.items()}
    scaled |= features.principal_components(images, asked.few_labels.components)
    found = []
    for name, function in scaled.items():
        found.append(few_labels.measure(name, function, data, asked.few_labels, seed))
        print(f"few labels, seed {seed}: {name} {found[-1].rows['error'].mean():.1f} % on average", flush=True)
    few_labels.save(found, ExtensionPaths(FEW_LABELS, seed).results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int, help="seed of the run whose players' features are used, a whole number from 0")
    with exit_status():
        classify(**vars(parser.parse_args()))
