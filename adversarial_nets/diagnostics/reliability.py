"""How far the Parzen estimate can be trusted: its intervals, what it depends on, and its error where the truth is known."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy.optimize import minimize_scalar
from scipy.stats import bootstrap, norm

from adversarial_nets.core.arithmetic import log_spaced
from adversarial_nets.data.prepared import VALIDATION, PreparedData
from adversarial_nets.diagnostics.mixing import BURN_INS, STARTS, STATES, BurnIn, Mixing, autocorrelation_time
from adversarial_nets.diagnostics.sharpness import Sharpness, sharpness
from adversarial_nets.likelihood.parzen import Array, ParzenWindow
from adversarial_nets.likelihood.protocol import (
    Score,
    cross_validate,
    log_likelihoods,
    mean_and_standard_error,
    score,
    scoring,
    sigma_grid,
    spaced_counts,
)
from adversarial_nets.parameters.evaluation import EvaluationParameters, SigmaGrid
from adversarial_nets.parameters.reading import AnyExperiment

CONFIDENCE, RESAMPLES = 0.95, 10_000
TOLERANCE = 1e-3  # of log σ
KNOWN_DENSITY_SIGMAS = log_spaced(0.5, 2.0, 12)  # in units of Silverman's

Started = Callable[[str, int, int], Iterable[np.ndarray]]  # states from a start, a burn-in and a number of states


@dataclass(frozen=True)
class Drawn:
    """A model's samples (n, D), and how to draw a number of them from a random stream of another name, in blocks.

    ``others``: samples, in blocks, of the other generators of the same run by name. ``device``: where to score.
    ``started``: gives states of Markov chains in blocks; None if the samples need no chain.
    """

    samples: np.ndarray
    draw: Callable[[int, str], Iterable[np.ndarray]]
    others: dict[str, Iterable[np.ndarray]]
    device: torch.device
    started: Started | None = None


@dataclass(frozen=True)
class Refined:
    """Log-likelihood and standard error in nats with each fold's σ refined; whether a σ is an end of what was searched."""

    log_likelihood: float
    standard_error: float
    sigmas: list[float]
    sigma_at_search_end: bool


@dataclass(frozen=True)
class Alternative:
    """Other samples of the same run: of its last generator, of an average with another γ, or binary draws of mean pixels."""

    name: str
    score: Score
    sharpness: Sharpness


@dataclass(frozen=True)
class Reliability:
    """How far a model's log-likelihood can be trusted: its 95 % interval in nats over test images, σ refined, other draws of as
    many samples, other numbers of samples, and the other samples of the run; if they are states of chains, how these mix.
    """

    bootstrap_interval: tuple[float, float]
    refined: Refined
    draws: list[Score]
    by_num_samples: list[Score]
    alternatives: list[Alternative]
    mixing: Mixing | None = None

    @property
    def draw_std(self) -> float:
        """Sample standard deviation between independent draws of the generator's samples, in nats."""
        return float(np.std([draw.log_likelihood for draw in self.draws], ddof=1))


def pooled(deviations: list[float]) -> float:
    """One standard deviation from those of several samples of one size: the root of their mean variance."""
    return float(np.sqrt(np.mean(np.square(deviations))))


def measure(drawn: Drawn, folds: list[np.ndarray], data: PreparedData, experiment: AnyExperiment) -> Reliability:
    """Of a model whose samples gave the test images these log-likelihoods, (m,) for each fold.

    Raises InputError if a window refuses the data or a bandwidth.
    """
    device, protocol, asked = drawn.device, experiment.evaluation, experiment.reliability

    def scored(samples: np.ndarray) -> Score:
        return score(ParzenWindow(samples, device=device), len(samples), data, protocol)

    def drawn_anew(count: int, name: str) -> Score:
        return scored(np.concatenate(list(drawn.draw(count, name))))

    def by_num_samples(counts: list[int]) -> list[Score]:
        enough = len(drawn.samples) >= counts[-1]
        samples = drawn.samples if enough else np.concatenate(list(drawn.draw(counts[-1], "many samples")))
        return [scored(samples[:count]) for count in counts]

    def alternative(name: str, stream: Iterable[np.ndarray]) -> Alternative:
        samples = np.concatenate(list(stream))
        return Alternative(name, scored(samples), sharpness(samples, data))

    def mixing(chains: int, started: Started) -> Mixing:
        cases = [(start, burn_in) for start in STARTS for burn_in in BURN_INS]
        states = {case: np.concatenate(list(started(*case, STATES * chains))) for case in cases}
        time = autocorrelation_time(drawn.samples, chains, data.training_images)
        return Mixing(time, [BurnIn(*case, scored(samples)) for case, samples in states.items()])

    with scoring():
        return Reliability(
            bootstrap_interval=bootstrap_interval(folds),
            refined=refined_score(ParzenWindow(drawn.samples, device=device), data, protocol),
            draws=[drawn_anew(experiment.sampling.num_samples, f"draw {number}") for number in range(asked.num_draws)],
            by_num_samples=by_num_samples(spaced_counts(asked.num_samples)),
            alternatives=[alternative(name, stream) for name, stream in drawn.others.items()],
            mixing=mixing(experiment.sampling.chains, drawn.started) if drawn.started else None,
        )


def bootstrap_interval(folds: list[np.ndarray]) -> tuple[float, float]:
    """95 % percentile interval of the mean log-likelihood, in nats, were the test images drawn anew (each fold on its own)."""

    def mean_over_folds(*values: np.ndarray, axis: int) -> np.ndarray:
        return np.mean([fold.mean(axis=axis) for fold in values], axis=0)

    options = {"confidence_level": CONFIDENCE, "n_resamples": RESAMPLES, "method": "percentile", "batch": 100}
    interval = bootstrap(folds, mean_over_folds, rng=np.random.default_rng(0), **options).confidence_interval
    return float(interval.low), float(interval.high)


def refine_sigma(window: ParzenWindow, images: Array, grid: SigmaGrid) -> tuple[float, bool]:
    """The σ with the highest mean log-likelihood of images (m, D), and whether it is an end of what was searched.

    A bounded search in log σ between the neighbours of the grid's best; beyond an end of the grid, up to a tenfold.
    """

    def loss(log_sigma: float) -> float:
        return -window.log_prob(images, math.exp(log_sigma)).mean().item()

    sigmas = sigma_grid(grid)
    best = int(np.argmax(cross_validate(window, images, sigmas).log_likelihoods))
    around = [sigmas[0] / 10, *sigmas, sigmas[-1] * 10][best : best + 3]
    bounds = (math.log(around[0]), math.log(around[2]))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": TOLERANCE}).x
    return math.exp(found), bool(min(found - bounds[0], bounds[1] - found) < 3 * TOLERANCE)


def refined_score(window: ParzenWindow, data: PreparedData, protocol: EvaluationParameters) -> Refined:
    """The test images' log-likelihood and standard error in nats with each fold's σ refined on all its validation images."""
    folds = [data.fold_images(fold, VALIDATION) for fold in range(data.num_folds)]
    refined = [refine_sigma(window, images, protocol.sigma) for images in folds]
    sigmas = [sigma for sigma, _ in refined]
    mean, standard_error = mean_and_standard_error(log_likelihoods(window, data, sigmas))
    at_end = any(at_end for _, at_end in refined)
    return Refined(mean, standard_error, sigmas, at_end)


def known_density_errors(dimensions: int, num_samples: int, num_points: int, repeats: int) -> pd.DataFrame:
    """The estimate on N(0, I): the points' mean log-density under samples less their true one, in nats, for each repeat.

    All repeats share their points, so that their spread is the estimator's own; samples and the points that choose σ are drawn
    anew. Columns: dimensions, num_samples, repeat, sigma, error.
    """
    points = np.random.default_rng(dimensions).standard_normal((num_points, dimensions), dtype=np.float32)
    random = np.random.default_rng([dimensions, num_samples])
    draws = (random.standard_normal((num_samples + num_points, dimensions), dtype=np.float32) for _ in range(repeats))
    rows = [_known_density_error(draw[:num_samples], draw[num_samples:], points) for draw in draws]
    table = pd.DataFrame(rows, columns=["sigma", "error"]).rename_axis("repeat").reset_index()
    return table.assign(dimensions=dimensions, num_samples=num_samples)


def _known_density_error(samples: np.ndarray, validation_points: np.ndarray, points: np.ndarray) -> tuple[float, float]:
    window = ParzenWindow(samples)
    sigma = cross_validate(window, validation_points, KNOWN_DENSITY_SIGMAS * silverman_bandwidth(*samples.shape)).sigma
    truth = norm.logpdf(points.astype(np.float64)).sum(axis=1)
    return sigma, float((window.log_prob(points, sigma).numpy() - truth).mean())


def silverman_bandwidth(num_samples: int, dimensions: int) -> float:
    """Silverman's rule of thumb (1986) for a Gaussian of unit variance: (4 / (D + 2) / n)^(1 / (D + 4))."""
    return (4 / (dimensions + 2) / num_samples) ** (1 / (dimensions + 4))
