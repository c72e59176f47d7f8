"""The paper's figures of samples, as matplotlib figures."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure

import adversarial_nets.report.figures.style  # noqa: F401 (sets matplotlib up)
from adversarial_nets.core.errors import InputError
from adversarial_nets.core.randomness import stream
from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.diagnostics.neighbours import nearest
from adversarial_nets.gan.networks import Network, load_generator
from adversarial_nets.gan.sampling import draw_samples, generate, interpolated_noise
from adversarial_nets.parameters.layers import GeneratorParameters
from adversarial_nets.running.paths import RunPaths

ROWS, COLUMNS = 4, 5  # Figure 2: samples on this grid, and one more column for the nearest training images
LINES, STEPS = 4, 9  # Figure 3: rows, and images in each
HIGHLIGHT = "#f2c300"


def figure_2(samples: np.ndarray, data: PreparedData) -> Figure:
    """The first samples (n, D), not chosen ones, and the training images nearest to every fifth.

    Raises InputError if the samples have another size than the images.
    """
    shown, training_images = samples[: ROWS * COLUMNS], data.training_images
    if shown.shape[1] != training_images.shape[1]:
        columns, pixels = shown.shape[1], training_images.shape[1]
        raise InputError(f"the samples have {columns} columns, the images {pixels} pixels; draw the samples again")
    neighbours = training_images[nearest(shown[COLUMNS - 1 :: COLUMNS], training_images)]
    return samples_with_neighbours(*data.pictures(shown, neighbours))


def of_generator(run: RunPaths, samples: np.ndarray, data: PreparedData, device: torch.device) -> dict[Path, Figure]:
    """Figure 3 of a run, and what averaging did if its generator is an average, by where they are kept."""
    generator, description = load_generator(run.generator, device)
    figures = {run.interpolations_figure: figure_3(generator, description, run.seed, data)}
    if run.last_generator.exists():
        last, _ = load_generator(run.last_generator, device)
        figures[run.averaging_figure] = averaging(samples, draw_samples(last, description, len(samples), run.seed), data)
    return figures


def figure_3(generator: Network, description: GeneratorParameters, seed: int, data: PreparedData) -> Figure:
    """Images on straight lines between random pairs of points of z space."""
    noise = interpolated_noise(description.noise, description.noise_dimensions, LINES, STEPS, stream(seed, "interpolation"))
    [images] = data.pictures(generate(generator, noise))
    return interpolations(images.reshape(LINES, STEPS, *images.shape[1:]))


def averaging(averaged: np.ndarray, last: np.ndarray, data: PreparedData) -> Figure:
    """The first samples (n, D) of a generator with averaged weights, each above the last generator's (n, D) of the same z."""
    pairs = np.stack(data.pictures(averaged[: 2 * STEPS], last[: 2 * STEPS]))
    rows = pairs.reshape(2, 2, STEPS, *pairs.shape[2:]).swapaxes(0, 1)
    figure, axes = _image_grid(rows.reshape(4, STEPS, *pairs.shape[2:]))
    for axis, label in zip(axes[:, 0], ("average", "last") * 2, strict=True):
        axis.set_ylabel(label)
    return figure


def chains(samples: np.ndarray, count: int, data: PreparedData) -> Figure:
    """Kept states of the first of ``count`` Markov chains, one chain a row, from samples (n, D) in blocks of a state of each."""
    states = samples.reshape(-1, count, samples.shape[1])[:STEPS, :LINES].swapaxes(0, 1)
    [images] = data.pictures(states.reshape(-1, samples.shape[1]))
    return _image_grid(images.reshape(*states.shape[:2], *images.shape[1:]))[0]


def samples_with_neighbours(samples: np.ndarray, neighbours: np.ndarray) -> Figure:
    """Figure 2: samples (20, H, W) row by row; beside each row, framed, the training image (4, H, W) nearest to its last one.

    Colour images have one more dimension, of 3.
    """
    columns = np.concatenate([samples.reshape(ROWS, COLUMNS, *samples.shape[1:]), neighbours[:, None]], axis=1)
    figure, axes = _image_grid(columns)
    for axis in axes[:, -1]:
        axis.spines[:].set(visible=True, color=HIGHLIGHT, linewidth=3)
    return figure


def interpolations(images: np.ndarray) -> Figure:
    """Figure 3: each row goes from one point of z space to another on a straight line; images (rows, steps, H, W)."""
    return _image_grid(images)[0]


def _image_grid(images: np.ndarray) -> tuple[Figure, np.ndarray]:
    """Images (rows, columns, H, W), or (rows, columns, H, W, 3) in colour, with values from 0 to 1."""
    rows, columns = images.shape[:2]
    figure, axes = plt.subplots(rows, columns, figsize=(columns * 0.8, rows * 0.8), squeeze=False)
    figure.subplots_adjust(wspace=0.06, hspace=0.06)
    for axis, image in zip(axes.flat, images.reshape(-1, *images.shape[2:]), strict=True):
        axis.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    return figure, axes
