"""Learning curves, the choice of σ and the estimate's own error, as matplotlib figures."""

import re

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import adversarial_nets.report.figures.style  # noqa: F401 (sets matplotlib up)

STARTS = {"marginals": "draws of the mean image", "training": "training images"}
SHARPNESS = {"spread": "spread of pixels", "gradient": "gradient", "grey": "share of grey pixels"}


def learning_curves(curve: pd.DataFrame) -> Figure:
    """What was descended, discriminator outputs and validation log-likelihood against the epoch, a line for each seed.

    A baseline has a cost, and no discriminator.
    """
    if "cost" in curve:
        figure, (costs, likelihood) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
        _lines(costs, curve, {"cost": "cost"})
        costs.set(xlabel="epoch", ylabel="cost (nats)", title="Training, layer after layer")
    else:
        figure, (objectives, outputs, likelihood) = plt.subplots(1, 3, figsize=(12, 3.2), layout="constrained")
        _game(objectives, outputs, curve)
    _likelihoods(likelihood, curve)
    return figure


def _game(objectives: Axes, outputs: Axes, curve: pd.DataFrame) -> None:
    _lines(objectives, curve, {"discriminator_objective": "discriminator", "generator_objective": "generator"})
    objectives.set(xlabel="epoch", ylabel="objective (nats)", title="Objectives")
    _lines(outputs, curve, {"d_real": "D(x)", "d_fake": "D(G(z))"})
    outputs.set(xlabel="epoch", ylabel="mean output of D", title="Discriminator", ylim=(0, 1))
    outputs.axhline(0.5, color="grey", linewidth=0.8, linestyle=":")


def _likelihoods(likelihood: Axes, curve: pd.DataFrame) -> None:
    validated = curve.dropna(subset="validation_log_likelihood")
    columns = {"validation_log_likelihood": "validation", "average_validation_log_likelihood": "validation, averaged weights"}
    _lines(likelihood, validated, {name: label for name, label in columns.items() if name in curve}, marker=".")
    likelihood.set(xlabel="epoch", ylabel="log-likelihood (nats)", title="Parzen window, validation images")


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


def burn_in_curve(curve: pd.DataFrame) -> Figure:
    """Test log-likelihood of states of Markov chains against the steps before them, a line for each start."""
    figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
    for start, line in curve.groupby("start"):
        axis.plot(line["burn_in"], line["log_likelihood"], marker=".", label=f"from {STARTS[start]}")
    axis.set(xscale="symlog", xlabel="burn-in (steps)", ylabel="log-likelihood (nats)", title="Starts of the chains")
    axis.legend(frameon=False, fontsize="small")
    return figure


def score_against_blur(points: pd.DataFrame) -> Figure:
    """Test log-likelihood against three measures of sharpness, each as a ratio to real test images'.

    A row a set of images: images (its name), kind, log_likelihood, spread, grey, gradient.
    """
    measures = [name for name in ("spread", "gradient", "grey") if points[name].notna().all()]
    figure, axes = plt.subplots(1, len(measures), figsize=(4.2 * len(measures), 3.8), layout="constrained", sharey=True)
    for axis, measure in zip(axes, measures, strict=True):
        for kind, rows in points.groupby("kind", sort=False):
            axis.plot(rows[measure], rows["log_likelihood"], marker="o", linestyle="", markersize=4, label=kind)
        _annotate(axis, points.drop_duplicates("images"), measure)
        axis.axvline(1, color="grey", linewidth=0.8, linestyle=":")
        axis.set(xlabel=f"{SHARPNESS[measure]}, real test images = 1")
    axes[0].set(ylabel="log-likelihood (nats)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize="small")
    return figure


def _annotate(axis: Axes, points: pd.DataFrame, measure: str) -> None:
    """The names of the images beside their points, on the side where there is room."""
    middle = sum(axis.get_xlim()) / 2
    for row in points.itertuples():
        x = getattr(row, measure)
        side = {"xytext": (4, 3), "ha": "left"} if x < middle else {"xytext": (-4, 3), "ha": "right"}
        name = re.sub("((of|from) )?training images( as samples)?", "", row.images).strip() or "real"
        axis.annotate(name, (x, row.log_likelihood), textcoords="offset points", fontsize=7, **side).set_in_layout(False)


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


def _lines(axis: Axes, curve: pd.DataFrame, columns: dict[str, str], **style: str) -> None:
    for number, (column, label) in enumerate(columns.items()):
        for index, (_, line) in enumerate(curve.groupby("seed")):
            label_once = label if index == 0 else None
            axis.plot(line["epoch"], line[column], color=f"C{number}", label=label_once, linewidth=1, **style)
    axis.legend(frameon=False, fontsize="small")
