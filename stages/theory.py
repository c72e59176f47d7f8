"""Section 4 of the paper, measured, and the game of Figure 1: the optimal discriminator, its worth, and the descent to p_data."""

from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from adversarial_nets.core import devices, files
from adversarial_nets.core.randomness import stream
from adversarial_nets.parameters.theory import Figure1Parameters, Proposition2Parameters, TheoryParameters
from adversarial_nets.report.figures import style as figures
from adversarial_nets.report.figures import theory as theory_figures
from adversarial_nets.running import paths
from adversarial_nets.running.stage import Task, main
from adversarial_nets.theory import line_game as figure1
from adversarial_nets.theory import propositions as theory

FRAMES = 32  # of the animation, about evenly spaced in the logarithm of the number of updates
TITLES = ["(a) the untrained pair", "(b) D at its optimum", "(c) G on its way", "(d) at the end"]


def measure(task: Task) -> None:
    devices.resolve(task.project.device)  # only for the number of threads: everything here is small
    asked = task.project.theory
    with files.replacing(paths.THEORY_FIGURES) as folder:
        folder.mkdir()
        measured = {
            "proposition_1": proposition_1(asked, folder),
            "theorem_1": theorem_1(asked, folder),
            "proposition_2": proposition_2(asked.proposition_2, folder),
            "figure_1": figure_1(asked.figure_1, asked.seed, folder),
        }
        files.write_json(paths.THEORY, rounded(measured))


def proposition_1(asked: TheoryParameters, folder: Path) -> dict[str, dict[str, float]]:
    """For each pair of densities, how far D is from its closed form, and the three values of C(G)."""
    trained = {name: trained_discriminator(name, pair, asked) for name, pair in theory.PAIRS.items()}
    figures.save(theory_figures.proposition_1(theory.PAIRS, trained), folder / "proposition_1.png")
    return {name.replace(" ", "_"): measured_pair(trained[name], pair) for name, pair in theory.PAIRS.items()}


def trained_discriminator(name: str, pair: theory.Pair, asked: TheoryParameters) -> nn.Module:
    """A discriminator at its optimum against a pair's model."""
    discriminator = theory.perceptron(pair.dimensions, asked.discriminator.units, stream(asked.seed, f"theory, {name}"))
    theory.train_discriminator(discriminator, pair, asked.discriminator.iterations)
    return discriminator


def measured_pair(discriminator: nn.Module, pair: theory.Pair) -> dict[str, float]:
    deviations, values = theory.deviations(discriminator, pair), theory.three_values(discriminator, pair)
    measured = {"largest_deviation": deviations.max(), "mean_deviation": deviations.mean(), **values}
    return measured | {"disagreement": max(values.values()) - min(values.values())}


def theorem_1(asked: TheoryParameters, folder: Path) -> dict[str, float]:
    """C(G) on the way from a model to the data."""
    discriminator = theory.perceptron(1, asked.discriminator.units, stream(asked.seed, "theory, path"))
    shares = np.linspace(0, 1, asked.path_points)
    path = theory.follow_path(theory.PATH, shares, discriminator, asked.discriminator.iterations)
    figures.save(theory_figures.theorem_1(path), folder / "theorem_1.png")
    values, gap = path.drop(columns="share"), path["quadrature"] + theory.LOG_4
    return {
        "largest_disagreement": (values.max(axis=1) - values.min(axis=1)).max(),
        "gap_where_densities_agree": gap.iloc[-1],
        "smallest_gap_before": gap.iloc[:-1].min(),
    }


def proposition_2(asked: Proposition2Parameters, folder: Path) -> dict[str, dict[str, float]]:
    """The descent of p_g with the optimal discriminator, and with one that lags behind it."""
    p_data, start = theory.discrete_pair()
    rates = {"optimal": None, "lagging": asked.discriminator_learning_rate}
    runs = {name: theory.descend(p_data, start, asked.steps, asked.learning_rate, rate) for name, rate in rates.items()}
    gaps = {name: np.array([theory.criterion(p_data, p_g) for p_g in run]) + theory.LOG_4 for name, run in runs.items()}
    figures.save(theory_figures.proposition_2(p_data, gaps, runs["optimal"]), folder / "proposition_2.png")
    return {
        f"{name}_discriminator": {
            "largest_rise": np.diff(gaps[name]).max(),
            "final_gap": gaps[name][-1],
            "final_total_variation": np.abs(run[-1] - p_data).sum() / 2,
        }
        for name, run in runs.items()
    }


def figure_1(asked: Figure1Parameters, seed: int, folder: Path) -> dict[str, float]:
    """The game on a line, from the untrained pair to its end."""
    middle = asked.generator_updates // 100
    shown = {0, middle, *np.geomspace(1, asked.generator_updates, FRAMES).round().astype(int).tolist()}
    untrained, *moments = figure1.play(asked, seed, shown)
    on_its_way = next(moment for moment in moments if moment.updates == middle)
    panels = dict(zip(TITLES, (untrained, moments[0], on_its_way, moments[-1]), strict=True))
    figures.save(theory_figures.figure_1(panels), folder / "figure_1.png")
    theory_figures.save_animation([untrained, *moments], folder / "figure_1.gif")
    return {
        "divergence_of_untrained_pair": untrained.divergence,
        "divergence_at_the_end": moments[-1].divergence,
        "deviation_of_d_from_one_half": moments[-1].deviation(0.1),
    }


def rounded(measured: dict[str, Any]) -> dict[str, Any]:
    """Every number to 1e-12, enough for deviations and not for rounding errors."""
    return {name: rounded(each) if isinstance(each, dict) else round(float(each), 12) for name, each in measured.items()}


if __name__ == "__main__":
    main(measure, __doc__, arguments=())
