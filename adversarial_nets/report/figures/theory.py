"""Figure 1 and section 4 of the paper, as matplotlib figures."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torch import nn

import adversarial_nets.report.figures.style  # noqa: F401 (sets matplotlib up)
from adversarial_nets.core import files
from adversarial_nets.theory.line_game import EDGES, P_DATA, Moment, X, Z
from adversarial_nets.theory.measurements import Descents
from adversarial_nets.theory.propositions import LOG_4, TEST_POINTS, Pair, on_support, optimal_discriminator, outputs

# As in the paper: the data dotted black, the model solid green, the discriminator dashed blue.
DATA = {"color": "black", "linestyle": ":", "linewidth": 2}
MODEL = {"color": "green", "linewidth": 1.8}
DISCRIMINATOR = {"color": "blue", "linestyle": "--", "linewidth": 1.4}
TOP = 1.25  # of Figure 1: D needs 1; a generator may put more density than this on a point
ARROWS = 21
COLOURS, FRAME_MS, LAST_FRAME_MS = 16, 120, 2500  # of the animation
TITLES = "(a) the untrained pair", "(b) D at its optimum", "(c) G on its way", "(d) at the end"


def figure_1(panels: list[Moment]) -> Figure:
    """Four moments of the game, a panel each: both densities and D above, below them the arrows from z to x = G(z)."""
    figure, axes = plt.subplots(1, len(panels), figsize=(3.2 * len(panels), 3.4), layout="constrained")
    for axis, title, moment in zip(axes, TITLES, panels, strict=True):
        _draw_moment(axis, moment)
        axis.set_title(title, fontsize=10)
    axes[0].legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def _draw_moment(axis: Axes, moment: Moment) -> None:
    axis.plot(X, P_DATA, label="data density", **DATA)
    axis.plot(X, moment.p_g, label="model density", **MODEL)
    axis.plot(X, moment.d, label="D(x)", **DISCRIMINATOR)
    _draw_arrows(axis, moment)
    axis.set(xlim=(EDGES[0], EDGES[-1]), ylim=(-0.85, TOP), yticks=[0, 0.5, 1], xticks=[])
    axis.spines[["top", "right", "bottom"]].set_visible(False)


def _draw_arrows(axis: Axes, moment: Moment) -> None:
    """From evenly spaced z on the lower line to G(z) on the upper one."""
    for height, name in ((-0.12, "x"), (-0.65, "z")):
        axis.axhline(height, color="black", linewidth=1)
        axis.text(EDGES[-1], height - 0.03, name, ha="right", va="top", fontsize=10)
    z = np.linspace(Z[0], Z[-1], ARROWS)
    starts = EDGES.mean() + z / Z[-1] * np.ptp(EDGES) / 3  # both lines have a scale of their own, as in the paper
    style = {"arrowstyle": "-|>", "color": "black", "linewidth": 0.6, "mutation_scale": 6, "shrinkA": 0, "shrinkB": 0}
    for start, end in zip(starts, np.interp(z, Z, moment.g), strict=True):
        axis.annotate("", xy=(end, -0.12), xytext=(start, -0.65), arrowprops=style, annotation_clip=False)


def save_animation(moments: list[Moment], path: Path) -> None:
    """Write the game as a GIF whose bytes depend on the pictures alone."""
    frames = [_frame(moment) for moment in moments]
    palette = frames[-1].quantize(COLOURS)
    pictures = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    durations = [FRAME_MS] * (len(frames) - 1) + [LAST_FRAME_MS]
    with files.replacing(path) as temporary:
        pictures[0].save(temporary, format="GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0)


def _frame(moment: Moment) -> Image.Image:
    figure, axis = plt.subplots(figsize=(5, 3.4), dpi=100, layout="constrained")
    _draw_moment(axis, moment)
    axis.set_title(f"{moment.updates} updates of the generator", fontsize=10)
    axis.legend(frameon=False, fontsize=8, loc="upper left")
    figure.canvas.draw()
    picture = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
    plt.close(figure)
    return picture


def proposition_1(pairs: dict[str, Pair], trained: dict[str, nn.Module]) -> Figure:
    """Each pair's D as trained over its closed form: curves in one dimension, levels in two."""
    figure, axes = plt.subplots(1, len(pairs), figsize=(3.1 * len(pairs), 3), layout="constrained")
    for axis, (name, pair) in zip(axes, pairs.items(), strict=True):
        points, _ = pair.midpoints(TEST_POINTS[pair.dimensions])
        draw = _draw_on_a_line if pair.dimensions == 1 else _draw_on_a_plane
        draw(axis, pair, points, outputs(trained[name], points))
        axis.set_title(name, fontsize=10)
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def _draw_on_a_line(axis: Axes, pair: Pair, points: np.ndarray, found: np.ndarray) -> None:
    p_data, p_g = pair.densities(points)
    axis.plot(points, p_data, label="data density", **DATA)
    axis.plot(points, p_g, label="model density", **MODEL)
    axis.plot(points, optimal_discriminator(p_data, p_g), color="lightsteelblue", linewidth=4, label="closed form of D")
    axis.plot(points, found, label="D as trained", **DISCRIMINATOR)
    shown = points[(p_data + p_g) > 1e-3]
    axis.set(xlim=(shown.min(), shown.max()), ylim=(0, 1.02), xlabel="x")


def _draw_on_a_plane(axis: Axes, pair: Pair, points: np.ndarray, found: np.ndarray) -> None:
    side = round(len(points) ** 0.5)
    p_data, p_g = (density.reshape(side, side) for density in pair.densities(points))
    x, y = points.reshape(side, side, 2).transpose(2, 0, 1)
    levels = np.linspace(0.1, 0.9, 5)
    for values, style in (
        (optimal_discriminator(p_data, p_g), {"colors": "lightsteelblue", "linewidths": 4}),
        (found.reshape(side, side), {"colors": "blue", "linestyles": "--", "linewidths": 1.2}),
    ):
        lines = axis.contour(x, y, np.where(on_support(p_data, p_g), values, np.nan), levels, **style)
    axis.clabel(lines, fontsize=7)
    axis.set(xlabel="x₁", ylabel="x₂", xlim=(-3.5, 3.5), ylim=(-3.5, 3.5), aspect="equal")


def theorem_1(path: pd.DataFrame) -> Figure:
    """C(G) by a trained D and by two computations of one identity, while p_g becomes p_data."""
    figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
    axis.axhline(-LOG_4, color="grey", linewidth=0.8, linestyle=":")
    axis.plot(path["share"], path["divergence"], color="lightsteelblue", linewidth=5, label="−log 4 + 2·JSD")
    axis.plot(path["share"], path["quadrature"], color="black", linewidth=1, label="quadrature")
    axis.plot(path["share"], path["trained"], "x", color="blue", label="trained discriminator")
    axis.text(0, -LOG_4, "−log 4", va="bottom", color="grey", fontsize=9)
    axis.set(xlabel="share of p_data in p_g", ylabel="C(G) (nats)", title="C(G) on the way from p_g to p_data")
    axis.legend(frameon=False, fontsize="small")
    return figure


def proposition_2(descents: Descents) -> Figure:
    """C(G) + log 4 by step, a line for each discriminator, and p_g on its way to p_data with the optimal one."""
    figure, (descent, densities) = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
    history = descents.histories["optimal"]
    for name, gap in descents.gaps.items():
        descent.plot(gap, label=name, linewidth=1.2)
    descent.set(
        xlabel="gradient step on p_g", ylabel="C(G) + log 4 (nats)", title="Descent to −log 4", yscale="log", ylim=(1e-5, 1)
    )
    descent.legend(frameon=False, fontsize="small")
    for step, shade in zip((0, 10, 40, len(history) - 1), np.linspace(0.25, 1, 4), strict=True):
        densities.plot(history[step], color=plt.cm.Greens(shade), label=f"p_g after {step} steps", linewidth=1.8)
    densities.plot(descents.p_data, label="p_data", **DATA)
    densities.set(xlabel="state", ylabel="probability", title="p_g with the optimal discriminator", ylim=(0, None))
    densities.legend(frameon=False, fontsize="small")
    return figure
