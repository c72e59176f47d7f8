"""What is measured of section 4 and of the game of Figure 1: what pictures are drawn from, and the numbers in ``theory.json``."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from torch import nn

from adversarial_nets.core.randomness import stream
from adversarial_nets.parameters.theory import Figure1Parameters, Proposition2Parameters, TheoryParameters
from adversarial_nets.theory import line_game, propositions
from adversarial_nets.theory.line_game import Moment
from adversarial_nets.theory.propositions import LOG_4, PAIRS, PATH, Pair

FRAMES = 32  # of the animation, about evenly spaced in the logarithm of the number of updates
SUPPORT = 0.1  # D is compared with 1/2 where p_data has at least this share of its peak

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Proposition1:
    """Of one pair: how far D is from its closed form, C(G) in nats by it and twice by the identity, and how far apart."""

    largest_deviation: float
    mean_deviation: float
    trained: float
    quadrature: float
    divergence: float
    disagreement: float


@dataclass(frozen=True)
class Theorem1:
    """On the way from p_g to p_data, in nats: how far the three values of C(G) are apart, and how far C(G) is above -log 4."""

    largest_disagreement: float
    gap_where_densities_agree: float
    smallest_gap_before: float


@dataclass(frozen=True)
class Proposition2:
    """Of one descent: C(G)'s largest rise in a step and distance from -log 4 at the end, in nats, and p_g's from p_data there."""

    largest_rise: float
    final_gap: float
    final_total_variation: float


@dataclass(frozen=True)
class Figure1:
    """Of the game on a line: Jensen-Shannon divergences in nats at both ends, and |D - 1/2| at the end."""

    divergence_of_untrained_pair: float
    divergence_at_the_end: float
    deviation_of_d_from_one_half: float


@dataclass(frozen=True)
class Theory:
    """Everything in ``theory.json``: proposition 1 by pair, proposition 2 by discriminator; every number to 1e-12."""

    proposition_1: dict[str, Proposition1]
    theorem_1: Theorem1
    proposition_2: dict[str, Proposition2]
    figure_1: Figure1


@dataclass(frozen=True)
class Descents:
    """Proposition 2: p_data (n,), and p_g (steps + 1, n) with each discriminator."""

    p_data: np.ndarray
    histories: dict[str, np.ndarray]

    @property
    def gaps(self) -> dict[str, np.ndarray]:
        """C(G) + log 4 in nats before and after each step: (steps + 1,) with each discriminator."""
        return {
            name: np.array([propositions.criterion(self.p_data, p_g) for p_g in history]) + LOG_4
            for name, history in self.histories.items()
        }


@dataclass(frozen=True)
class LineGame:
    """The game of Figure 1: the untrained pair, the pair after D alone has learned, and after ever more updates of G."""

    moments: list[Moment]
    middle: int

    @property
    def panels(self) -> list[Moment]:
        """The untrained pair, D at its optimum, G on its way, and the end."""
        untrained, optimal, *others = self.moments
        return [untrained, optimal, next(each for each in others if each.updates == self.middle), self.moments[-1]]


def train_discriminators(parameters: TheoryParameters) -> dict[str, nn.Module]:
    """Proposition 1: a discriminator at its optimum for each pair of densities."""
    return {name: _trained_discriminator(name, pair, parameters) for name, pair in PAIRS.items()}


def _trained_discriminator(name: str, pair: Pair, parameters: TheoryParameters) -> nn.Module:
    units, iterations = parameters.discriminator.units, parameters.discriminator.iterations
    discriminator = propositions.perceptron(pair.dimensions, units, stream(parameters.seed, f"theory, {name}"))
    propositions.train_discriminator(discriminator, pair, iterations)
    return discriminator


def follow_path(parameters: TheoryParameters) -> pd.DataFrame:
    """Theorem 1: C(G) in nats on the way from a model to the data: share, trained, quadrature, divergence."""
    discriminator = propositions.perceptron(1, parameters.discriminator.units, stream(parameters.seed, "theory, path"))
    shares = np.linspace(0, 1, parameters.path_points)
    return propositions.follow_path(PATH, shares, discriminator, parameters.discriminator.iterations)


def descend(parameters: Proposition2Parameters) -> Descents:
    """Proposition 2: with the optimal discriminator, and with one that lags behind it."""
    p_data, start = propositions.discrete_pair()
    rates = {"optimal": None, "lagging": parameters.discriminator_learning_rate}
    steps, rate = parameters.steps, parameters.learning_rate
    return Descents(p_data, {name: propositions.descend(p_data, start, steps, rate, its) for name, its in rates.items()})


def play(parameters: Figure1Parameters, seed: int) -> LineGame:
    """Figure 1: the game on a line from the untrained pair to its end, at the moments that are drawn."""
    updates, middle = parameters.generator_updates, parameters.generator_updates // 100
    shown = {0, middle, *np.geomspace(1, updates, FRAMES).round().astype(int).tolist()}
    return LineGame(line_game.play(parameters, seed, shown), middle)


def measure(discriminators: dict[str, nn.Module], path: pd.DataFrame, descents: Descents, game: LineGame) -> Theory:
    """All numbers, from what the functions above return."""
    return Theory(
        proposition_1={name.replace(" ", "_"): _proposition_1(discriminators[name], pair) for name, pair in PAIRS.items()},
        theorem_1=_theorem_1(path),
        proposition_2={f"{name}_discriminator": _proposition_2(name, descents) for name in descents.histories},
        figure_1=_figure_1(game),
    )


def _proposition_1(discriminator: nn.Module, pair: Pair) -> Proposition1:
    deviations, values = propositions.deviations(discriminator, pair), propositions.three_values(discriminator, pair)
    return _rounded(
        Proposition1,
        largest_deviation=deviations.max(),
        mean_deviation=deviations.mean(),
        **values,
        disagreement=max(values.values()) - min(values.values()),
    )


def _theorem_1(path: pd.DataFrame) -> Theorem1:
    values, gap = path.drop(columns="share"), path["quadrature"] + LOG_4
    return _rounded(
        Theorem1,
        largest_disagreement=(values.max(axis=1) - values.min(axis=1)).max(),
        gap_where_densities_agree=gap.iloc[-1],
        smallest_gap_before=gap.iloc[:-1].min(),
    )


def _proposition_2(name: str, descents: Descents) -> Proposition2:
    gap, last = descents.gaps[name], descents.histories[name][-1]
    variation = np.abs(last - descents.p_data).sum() / 2
    return _rounded(Proposition2, largest_rise=np.diff(gap).max(), final_gap=gap[-1], final_total_variation=variation)


def _figure_1(game: LineGame) -> Figure1:
    return _rounded(
        Figure1,
        divergence_of_untrained_pair=game.moments[0].divergence,
        divergence_at_the_end=game.moments[-1].divergence,
        deviation_of_d_from_one_half=game.moments[-1].deviation(SUPPORT),
    )


def _rounded(kind: type[Kind], **values: float) -> Kind:
    """Every number to 1e-12: enough for deviations, and not for rounding errors."""
    return kind(**{name: round(float(value), 12) for name, value in values.items()})
