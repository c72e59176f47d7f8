"""The collapse of a generator, as a matplotlib figure."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

NAMES = {"minimax": "descends log(1 − D(G(z)))", "non_saturating": "ascends log D(G(z))"}


def collapse(before: np.ndarray, after: dict[str, np.ndarray], rows: dict[str, list[dict[str, Any]]]) -> Figure:
    """Left: images (n, H, W) or (n, H, W, 3) of the same z before and after, a row for each objective. Right: the measure."""
    lines = {"before": before, **{NAMES[objective]: images for objective, images in after.items()}}
    figure = plt.figure(figsize=(12, 3.4), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.35, 1))
    for axis, (name, images) in zip(left.subplots(len(lines), 1), lines.items(), strict=True):
        axis.imshow(np.concatenate(list(images), axis=1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axis.set(xticks=[], yticks=[])
        axis.set_title(name, fontsize=9, loc="left")
    _draw_measure(right.subplots(), rows)
    return figure


def _draw_measure(axis: Axes, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Class entropy, a solid line for each objective, and near-duplicates, a dotted one on the axis at the right."""
    duplicates = axis.twinx()
    for number, (objective, moments) in enumerate(rows.items()):
        updates = [moment["updates"] for moment in moments]
        if "class_entropy" in moments[0]:
            axis.plot(updates, [moment["class_entropy"] for moment in moments], f"C{number}.-", label=NAMES[objective])
        duplicates.plot(updates, [moment["near_duplicates"] for moment in moments], f"C{number}:", label=NAMES[objective])
    axis.set(xlabel="updates of G alone", ylabel="class entropy (nats), solid", ylim=(-0.05, None))
    duplicates.set(ylabel="near-duplicates, dotted", ylim=(-0.02, 1.02))
    if not axis.lines:  # no classes
        axis.set_ylabel("")
        axis.set_yticks([])
    (axis if axis.lines else duplicates).legend(frameon=False, fontsize="small", loc="center right")
