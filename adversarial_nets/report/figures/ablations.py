"""The ablations of Algorithm 1, as a matplotlib figure."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import adversarial_nets.report.figures.style  # noqa: F401 (sets matplotlib up)
from adversarial_nets.diagnostics.ablations import Tried
from adversarial_nets.diagnostics.collapse import COLLAPSED, FINISHED


def draw_ablations(runs: list[Tried]) -> Figure:
    """G's gradient in the first epochs, D's outputs, and log-likelihoods: a colour for each variant, means over its runs that
    finished, or over all if none did.
    """
    variants = {run.variant: [other for other in runs if other.variant == run.variant] for run in runs}
    figure, ((gradients, outputs), (validation, test)) = plt.subplots(2, 2, figsize=(12, 7), layout="constrained")
    for number, (variant, seeds) in enumerate(variants.items()):
        style = {"color": f"C{number}", "linewidth": 1.2}
        counted = [run for run in seeds if run.scores.outcome == FINISHED] or seeds
        curve = pd.concat([run.curve for run in counted]).groupby("epoch").mean()
        _draw_gradients(gradients, counted, label=variant.replace("_", " "), **style)
        outputs.plot(curve["d_real"], **style)
        outputs.plot(curve["d_fake"], linestyle="--", **style)
        validation.plot(curve["validation_log_likelihood"].dropna(), marker=".", **style)
        _draw_scores(test, seeds, number)
    gradients.set(xlabel="epoch", ylabel="norm", yscale="log", title="G's gradient in the first epochs")
    gradients.legend(frameon=False, fontsize="small", ncols=2)
    outputs.axhline(0.5, color="grey", linewidth=0.8, linestyle=":")
    outputs.set(xlabel="epoch", ylim=(0, 1), title="Mean D(x), solid, and D(G(z)), dashed")
    validation.set(xlabel="epoch", ylabel="nats", title="Validation log-likelihood")
    names = [variant.replace("_", " ") for variant in variants]
    test.set(xlabel="nats", yticks=range(len(names)), yticklabels=names, title="Test log-likelihood, by seed; × collapsed")
    test.invert_yaxis()
    return figure


def _draw_scores(axis: Axes, seeds: list[Tried], number: int) -> None:
    """A mark for each seed, in the row and the colour of this number."""
    for outcome, marker in {FINISHED: "o", COLLAPSED: "x"}.items():
        scores = [run.scores.log_likelihood for run in seeds if run.scores.outcome == outcome]
        axis.plot(scores, [number] * len(scores), marker, color=f"C{number}", fillstyle="none")


def _draw_gradients(axis: Axes, seeds: list[Tried], **style: object) -> None:
    """Means over seeds of each update's norm; an epoch has as many updates as the variant gives the generator."""
    means = pd.concat([run.gradients for run in seeds]).groupby("update").mean()
    fraction = means.groupby("epoch").cumcount() / means.groupby("epoch")["gradient_norm"].transform("size")
    axis.plot(means["epoch"] + fraction, means["gradient_norm"], **style)
