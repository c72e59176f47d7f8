"""The Helvetica scenario: a generator's collapse, as a matplotlib figure."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import adversarial_nets.report.figures.style  # noqa: F401 (sets matplotlib up)
from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.diagnostics.helvetica import Helvetica, Moment

NAMES = {"minimax": "descends log(1 − D(G(z)))", "non_saturating": "ascends log D(G(z))"}
SHOWN = 14  # samples of each moment


def draw_helvetica(measured: Helvetica, samples: dict[str, list[np.ndarray]], data: PreparedData) -> Figure:
    """Left: images of the same z before and after, a row for each objective. Right: the signs of collapse.

    ``samples``: (n, D) at each moment, by objective.
    """
    before, *after = data.pictures(
        next(iter(samples.values()))[0][:SHOWN], *(moments[-1][:SHOWN] for moments in samples.values())
    )
    lines = {"before": before, **{NAMES[objective]: images for objective, images in zip(samples, after, strict=True)}}
    figure = plt.figure(figsize=(12, 3.4), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.35, 1))
    for axis, (name, images) in zip(left.subplots(len(lines), 1), lines.items(), strict=True):
        axis.imshow(np.concatenate(list(images), axis=1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axis.set(xticks=[], yticks=[])
        axis.set_title(name, fontsize=9, loc="left")
    _draw_signs(right.subplots(), measured.objectives)
    return figure


def _draw_signs(axis: Axes, objectives: dict[str, list[Moment]]) -> None:
    """Class entropy, a solid line for each objective, and near-duplicates, a dotted one on the axis at the right."""
    duplicates = axis.twinx()
    for number, (objective, moments) in enumerate(objectives.items()):
        updates = [moment.updates for moment in moments]
        if moments[0].class_entropy is not None:
            axis.plot(updates, [moment.class_entropy for moment in moments], f"C{number}.-", label=NAMES[objective])
        duplicates.plot(updates, [moment.near_duplicates for moment in moments], f"C{number}:", label=NAMES[objective])
    axis.set(xlabel="updates of G alone", ylabel="class entropy (nats), solid", ylim=(-0.05, None))
    duplicates.set(ylabel="near-duplicates, dotted", ylim=(-0.02, 1.02))
    if not axis.lines:  # no classes
        axis.set_ylabel("")
        axis.set_yticks([])
    (axis if axis.lines else duplicates).legend(frameon=False, fontsize="small", loc="center right")
