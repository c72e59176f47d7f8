"""The paper's figures of samples, and curves, as matplotlib figures."""

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from adversarial_nets import files

matplotlib.use("Agg")
matplotlib.rcdefaults()  # a user's own settings must not change the figures

ROWS, COLUMNS = 4, 5  # Figure 2: samples on this grid, and one more column for the nearest training images
HIGHLIGHT = "#f2c300"


def save(figure: Figure, path: Path) -> None:
    """Write a PNG whose bytes depend on the picture alone."""
    with files.replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)


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


def learning_curves(curve: pd.DataFrame) -> Figure:
    """Objectives, discriminator outputs and validation log-likelihood against the epoch, a line for each seed."""
    figure, (objectives, outputs, likelihood) = plt.subplots(1, 3, figsize=(12, 3.2), layout="constrained")
    _lines(objectives, curve, {"discriminator_objective": "discriminator", "generator_objective": "generator"})
    objectives.set(xlabel="epoch", ylabel="objective (nats)", title="Objectives")
    _lines(outputs, curve, {"d_real": "D(x)", "d_fake": "D(G(z))"})
    outputs.set(xlabel="epoch", ylabel="mean output of D", title="Discriminator", ylim=(0, 1))
    outputs.axhline(0.5, color="grey", linewidth=0.8, linestyle=":")
    validated = curve.dropna(subset="validation_log_likelihood")
    _lines(likelihood, validated, {"validation_log_likelihood": "validation"}, marker=".")
    likelihood.set(xlabel="epoch", ylabel="log-likelihood (nats)", title="Parzen window, validation images")
    return figure


def sigma_curve(curve: pd.DataFrame) -> Figure:
    """Mean validation log-likelihood against σ, a line for each seed, with the chosen σ marked."""
    figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
    for seed, line in curve.groupby("seed"):
        axis.semilogx(line["sigma"], line["log_likelihood"], marker=".", label=f"seed {seed}")
        best = line.loc[line["log_likelihood"].idxmax()]
        axis.plot(best["sigma"], best["log_likelihood"], marker="o", fillstyle="none", markersize=10, color="black")
    # Too small a σ costs thousands of nats: showing all of them would flatten the part that matters.
    top = curve["log_likelihood"].max()
    axis.set_ylim(max(curve["log_likelihood"].min(), top - 600) - 20, top + 60)
    axis.set(xlabel="σ", ylabel="log-likelihood (nats)", title="Choice of σ on validation images")
    axis.legend(frameon=False, fontsize="small")
    return figure


def count_curve(curve: pd.DataFrame) -> Figure:
    """Test log-likelihood against the number of samples, a line for each origin of the samples."""
    figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
    for samples, line in curve.groupby("samples"):
        style = {"color": "black", "linestyle": "--"} if samples == "training images" else {}
        axis.semilogx(line["num_samples"], line["log_likelihood"], marker=".", label=samples, **style)
    axis.set(xlabel="number of samples", ylabel="log-likelihood (nats)", title="The estimate grows with its samples")
    axis.legend(frameon=False, fontsize="small")
    return figure


def known_density_errors(errors: pd.DataFrame) -> Figure:
    """Bias and spread of the estimate on a Gaussian against its dimensions, a line for each number of samples."""
    figure, (bias, spread) = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
    for count, rows in errors.groupby("num_samples"):
        repeats = rows.groupby("dimensions")["error"]
        bias.plot(repeats.mean(), marker=".", label=f"{count:,} samples")
        spread.plot(repeats.std(), marker=".", label=f"{count:,} samples")
    bias.set(xscale="log", yscale="symlog", xlabel="dimensions", ylabel="nats", title="Bias: estimated less true log-density")
    spread.set(xscale="log", yscale="log", xlabel="dimensions", ylabel="nats", title="Spread over draws of the samples")
    bias.legend(frameon=False, fontsize="small")
    return figure


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


def _lines(axis: Axes, curve: pd.DataFrame, columns: dict[str, str], **style: str) -> None:
    for number, (column, label) in enumerate(columns.items()):
        for index, (_, line) in enumerate(curve.groupby("seed")):
            label_once = label if index == 0 else None
            axis.plot(line["epoch"], line[column], color=f"C{number}", label=label_once, linewidth=1, **style)
    axis.legend(frameon=False, fontsize="small")
