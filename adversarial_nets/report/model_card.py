"""A model card beside each generator: what it is, what made it, what it is good for, how to load it (Mitchell et al., 2019)."""

import json
from typing import Any

import numpy as np
from tabulate import tabulate

from adversarial_nets.baselines.training import Run as BaselineRun
from adversarial_nets.baselines.training import summary
from adversarial_nets.data.prepared import TEST, VALIDATION, PreparedData
from adversarial_nets.gan.run import Run, num_epochs
from adversarial_nets.parameters.layers import DiscriminatorParameters, GeneratorParameters
from adversarial_nets.parameters.section import Section

CARD = """# A generator of images: {name}, seed {seed}

`generator.safetensors` maps noise to images like those of: {data_set}. It was trained against `discriminator.safetensors` by the
adversarial game of “Generative Adversarial Nets” (Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661), in the reproduction
adversarial-nets (licence: MIT).

## Quality

Parzen-window log-likelihood of {num_validation_images} validation images under {num_validation_samples} samples, at the best σ of
{grid}: **{log_likelihood:.1f} nats**. This is the generator of epoch {epoch} of {epochs}, {keep}.
What it scores on test images, with standard errors and beside other seeds, is in `reports/` of the commit that names this file.
Log-likelihoods on other data sets cannot be compared with it.

## Architecture

Noise: {noise_dimensions} numbers, {noise}, of variance 1. Image: {shape} values, {scale}.

{layers}

Parameters: {generator_parameters:,} of the generator, {discriminator_parameters:,} of the discriminator.

## Data

{data_set}: {num_training} images for training, {num_held_out} others for validation and testing{folds}.

{sources}

## Training

Seed {seed}, on {device}, {updates:,} updates of the discriminator{stage}, with these parameters:

```json
{recipe}
```

## Intended use and limits

For research and teaching: to look at, to score, and to compare with other generators of the same data. Not for making training
data, or anything that people would take for real. It knows nothing but its training images, and shows their selection and its
biases; it may leave out kinds of images that they have, and may repeat others. It takes no label: what an image shows cannot be
asked for. The Parzen-window estimate is a rough measure of all this. The terms of the data set hold for what is made from it.

## How to load it

With the package of that reproduction installed, in the folder of this file:

```python
from pathlib import Path

import torch

from adversarial_nets.gan.networks import load_generator
from adversarial_nets.core.randomness import stream
from adversarial_nets.gan.sampling import draw_noise, generate

generator, description = load_generator(Path("generator.safetensors"), torch.device("cpu"))
noise = draw_noise(description.noise, (16, description.noise_dimensions), stream({seed}, "sampling"))
images = generate(generator, noise).reshape(-1, {shape_arguments})
```
"""
BASELINE_CARD = """# A generator of images: {name}, seed {seed}

`generator.safetensors` is a {model} with a Markov chain that gives images like those of: {data_set}. It stands beside “Generative
Adversarial Nets” (Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661) in the reproduction adversarial-nets (licence: MIT).

Parzen-window log-likelihood of {num_validation_images} validation images under {num_validation_samples} states of its chains:
**{log_likelihood:.1f} nats**. Log-likelihoods on other data sets cannot be compared with it. It has {generator_parameters:,}
parameters, and learned from {num_training} images in {updates:,} updates on {device}, with these parameters:

```json
{recipe}
```

For research and teaching: to look at, to score, and to compare with other models of the same data. It knows nothing but its
training images, shows their selection and its biases, and takes no label. The terms of the data set hold for its images.
`python -m stages.sample {name} {seed}` draws images from it.
"""
NOISE = {"uniform": "uniform on [−√3, √3]", "gaussian": "Gaussian"}
AVERAGE = "its weights averaged over the run; `last_generator.safetensors` has its last weights"
KEEP = {"best": "the best by this measure", "last": "kept because it was the last", "average": AVERAGE}


def model_card(run: Run | BaselineRun, data: PreparedData, name: str, seed: int) -> str:
    """Markdown about a finished run on prepared data; equal runs have equal cards."""
    return (_game_card if isinstance(run, Run) else _baseline_card)(run, data, name, seed)


def _baseline_card(run: BaselineRun, data: PreparedData, name: str, seed: int) -> str:
    experiment, measured = run.setup.experiment, summary(run)
    validation = experiment.training.validation
    return BASELINE_CARD.format(
        name=name,
        seed=seed,
        model=experiment.model.replace("_", " "),
        data_set=data.title,
        num_validation_images=len(run.setup.validation_images[: validation.num_images]),
        num_validation_samples=f"{validation.sampling.num_samples:,}",
        log_likelihood=measured.validation_log_likelihood,
        generator_parameters=measured.generator_parameters,
        num_training=f"{len(data.training):,}",
        updates=run.updates,
        device=measured.device,
        recipe=json.dumps(experiment.model_dump(include={"generator", "training"}, exclude_none=True), indent=2),
    )


def _game_card(run: Run, data: PreparedData, name: str, seed: int) -> str:
    training, shape = run.experiment.training, data.images.shape[1:]
    kept = run.kept
    return CARD.format(
        name=name,
        seed=seed,
        data_set=data.title,
        num_validation_images=len(run.validation_images),
        num_validation_samples=f"{training.validation.num_samples:,}",
        log_likelihood=kept.log_likelihood,
        grid="a grid" if training.validation.sigma else "the published grid",
        epoch=len(run.pretraining) + kept.epoch,
        epochs=num_epochs(run.experiment),
        keep=KEEP[training.keep],
        noise=NOISE[run.experiment.generator.noise],
        noise_dimensions=run.experiment.generator.noise_dimensions,
        layers=tabulate(
            [*layers("generator", run.experiment.generator), *layers("discriminator", run.experiment.discriminator)],
            ["network", "layer", "type", "settings"],
            tablefmt="github",
        ),
        generator_parameters=kept.generator.num_parameters,
        discriminator_parameters=kept.discriminator.num_parameters,
        num_training=f"{len(data.training):,}",
        num_held_out=f"{held_out(data):,}",
        folds=f", in {data.num_folds} folds" if data.num_folds > 1 else "",
        sources="\n".join(f"- {file}, {sum}" for file, sum in zip(data.source_files, data.source_checksums, strict=True)),
        device=run.images.device.type,
        updates=run.updates,
        stage=f" after {len(run.pretraining)} epochs of pretraining" if run.pretraining else "",
        recipe=json.dumps(training.model_dump(exclude_none=True), indent=2),
        scale="in [0, 1]" if data.contrast_norm is None else f"less their mean, scaled to norm {data.contrast_norm:g}",
        shape=" × ".join(map(str, shape)),
        shape_arguments=", ".join(map(str, shape)),
    )


def layers(network: str, description: GeneratorParameters | DiscriminatorParameters) -> list[list[str]]:
    """A row for each layer: the network, its name, its type, and all else that describes it."""
    return [[network, name, layer.type, settings(layer)] for name, layer in description.layers.items()]


def settings(layer: Section) -> str:
    """What describes a layer beside its type, such as ``units 240, pieces 5``."""
    values: dict[str, Any] = layer.model_dump(exclude={"type"}, exclude_none=True)
    return ", ".join(f"{key} {value}" for key, value in values.items())


def held_out(data: PreparedData) -> int:
    """How many images are for validation or testing in any fold, and for training in none."""
    used = np.isin(data.folds, (VALIDATION, TEST)).any(axis=0)
    used[data.training] = False
    return int(used.sum())
