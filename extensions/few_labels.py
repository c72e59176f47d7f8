"""Classify images from few labels by features of D, of E and of others, and measure the errors."""

import argparse

from adversarial_nets.core import devices, files
from adversarial_nets.core.errors import exit_status
from adversarial_nets.data import prepared
from adversarial_nets.extensions import features, few_labels
from adversarial_nets.extensions.inference import load_encoder
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.reading import read
from adversarial_nets.running import paths, stage


def classify(seed: int) -> None:
    asked = read(paths.EXTENSIONS, Extensions)
    task, own = stage.task(asked.experiment, seed), paths.ExtensionPaths(seed)
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    images = data.training_images
    encoder = load_encoder(own.encoder / paths.ENCODER, images.shape[1], device)
    discriminators = features.discriminators(task.experiment, task.paths.discriminator, seed, device)
    compared = features.of_players(discriminators, encoder, device)
    compared = {name: features.standardised(each, images) for name, each in compared.items()}
    components = asked.few_labels.components
    compared[f"PCA-{components}"] = features.principal_components(images, components)
    files.write_csv(own.few_labels, few_labels.measure(compared, data, asked.few_labels, seed))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int, help="seed of the run whose players' features are used, a whole number from 0")
    with exit_status():
        classify(**vars(parser.parse_args()))
