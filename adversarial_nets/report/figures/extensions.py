"""Images of section 7's extensions, as matplotlib figures."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import adversarial_nets.report.figures.style  # noqa: F401 (sets matplotlib up)
from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.extensions.masks import KINDS

COLUMNS = 20  # samples of each class that are shown
GAP = 2  # white pixels between images


def draw_classes(samples: Sequence[np.ndarray], data: PreparedData) -> Figure:
    """The first samples of each class, not chosen ones: a row for each of arrays (n, D)."""
    columns = min(COLUMNS, *(len(each) for each in samples))
    figure, rows = _rows(np.stack([each[:columns] for each in samples]), data)
    figure.axes[0].set(yticks=rows, yticklabels=range(len(samples)), ylabel="class asked for")
    return figure


def draw_completions(shown: np.ndarray, data: PreparedData) -> Figure:
    """What ``completion_scores.shown`` gives: a row for each image, and equally many rows for each kind of masks."""
    figure, rows = _rows(shown, data)
    each, columns = len(shown) // len(KINDS), shown.shape[1]
    step = rows[1] - rows[0]
    middles = [number * each * step + (each * step) / 2 for number in range(len(KINDS))]
    figure.axes[0].set(yticks=middles, yticklabels=[f"missing: {kind}" for kind in KINDS])
    places = [step / 2, 1.5 * step, (columns / 2 + 0.5) * step, (columns - 0.5) * step]
    figure.axes[0].set(xticks=places, xticklabels=["x", "seen", "completions by G", "nearest"])
    figure.axes[0].xaxis.tick_top()
    return figure


def draw_reconstructions(shown: list[tuple[str, np.ndarray]], data: PreparedData) -> Figure:
    """Images, evenly spaced because data may be sorted by class, and what is made of them: a row for each array (n, D)."""
    labels, images = zip(*shown, strict=True)
    columns = np.linspace(0, len(images[0]) - 1, COLUMNS).astype(int)
    figure, rows = _rows(np.stack([each[columns] for each in images]), data)
    figure.axes[0].set(yticks=rows, yticklabels=labels)
    return figure


def _rows(images: np.ndarray, data: PreparedData) -> tuple[Figure, np.ndarray]:
    """Images (rows, columns, D) as one picture, and where the middle of each row is."""
    rows, columns = images.shape[:2]
    [pictures] = data.pictures(images.reshape(rows * columns, -1))
    height, width = pictures.shape[1:3]
    framed = np.ones((rows, columns, height + GAP, width + GAP, *pictures.shape[3:]), np.float32)
    framed[:, :, :height, :width] = pictures.reshape(rows, columns, *pictures.shape[1:])
    whole = framed.swapaxes(1, 2).reshape(rows * (height + GAP), columns * (width + GAP), *pictures.shape[3:])
    figure, axis = plt.subplots(figsize=(columns * 0.4, rows * 0.4), layout="constrained")
    axis.imshow(whole, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axis.set(xticks=[], yticks=[])
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    return figure, (np.arange(rows) + 0.5) * (height + GAP)
