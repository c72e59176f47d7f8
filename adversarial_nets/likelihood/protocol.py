"""The paper's protocol around the Parzen window: σ from validation images, then the test images' log-likelihood."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from adversarial_nets.core import devices, files
from adversarial_nets.core.arithmetic import log_spaced
from adversarial_nets.core.errors import InputError, one_line
from adversarial_nets.data.prepared import TEST, VALIDATION, PreparedData
from adversarial_nets.likelihood.parzen import Array, ParzenWindow, share
from adversarial_nets.parameters.evaluation import CountGrid, EvaluationParameters, SigmaGrid

# The grid of the published evaluation script.
PUBLISHED_SIGMAS = log_spaced(0.1, 1.0, 10)


@dataclass(frozen=True)
class CrossValidation:
    """Mean validation log-likelihood in nats for each σ of a grid, ascending."""

    sigmas: list[float]
    log_likelihoods: list[float]

    @property
    def sigma(self) -> float:
        """The σ with the highest mean validation log-likelihood."""
        return self.sigmas[int(np.argmax(self.log_likelihoods))]

    @property
    def log_likelihood(self) -> float:
        """The highest mean validation log-likelihood, in nats."""
        return max(self.log_likelihoods)

    @property
    def at_grid_end(self) -> bool:
        """Whether the best σ is the first or the last of the grid, so that a better one may lie beyond it."""
        return self.sigma in (self.sigmas[0], self.sigmas[-1])


def sigma_grid(grid: SigmaGrid) -> np.ndarray:
    """Bandwidths evenly spaced in log10, ends included: (k,) float64."""
    return log_spaced(grid.lowest, grid.highest, grid.count)


def spaced_counts(grid: CountGrid, available: int | None = None) -> list[int]:
    """The grid's whole numbers, ascending; those beyond what is available become that."""
    counts = np.geomspace(grid.lowest, grid.highest, grid.count).round().astype(int).tolist()
    return sorted({min(count, available or count) for count in counts})


def cross_validate(window: ParzenWindow, validation_images: Array, sigmas: np.ndarray) -> CrossValidation:
    """Mean log-likelihood of validation images (m, D) for each σ (k,)."""
    log_probs = window.log_prob(validation_images, sigmas)
    return CrossValidation(sigmas.tolist(), log_probs.mean(dim=1).tolist())


def cross_validate_folds(window: ParzenWindow, data: PreparedData, protocol: EvaluationParameters) -> list[CrossValidation]:
    """The choice of σ on each fold's (first ``num_validation_images``) validation images."""
    sigmas = sigma_grid(protocol.sigma)
    folds = [data.fold_images(fold, VALIDATION)[: protocol.num_validation_images] for fold in range(data.num_folds)]
    return [cross_validate(window, images, sigmas) for images in folds]


def log_likelihoods(window: ParzenWindow, data: PreparedData, sigmas: list[float]) -> list[np.ndarray]:
    """Log-likelihood in nats of each test image, with each fold's σ: (m,) float64 for each fold."""
    folds = enumerate(sigmas)
    return [window.log_prob(data.fold_images(fold, TEST), sigma).cpu().numpy() for fold, sigma in folds]


def mean_and_standard_error(folds: list[np.ndarray]) -> tuple[float, float]:
    """Mean log-likelihood and its standard error, from every fold's test images.

    One fold: over its images (the paper's MNIST column). Several: over the folds' means (its TFD column).
    """
    values = folds[0] if len(folds) == 1 else np.array([fold.mean() for fold in folds])
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


@dataclass(frozen=True)
class SigmaChoice:
    """The choice of σ on each fold's validation images, with ``num_samples`` samples."""

    num_samples: int
    folds: list[CrossValidation]

    @property
    def sigmas(self) -> list[float]:
        """The best σ of each fold."""
        return [fold.sigma for fold in self.folds]

    @property
    def at_grid_end(self) -> bool:
        """Whether that of any fold is at an end of the grid."""
        return any(fold.at_grid_end for fold in self.folds)


@dataclass(frozen=True)
class Score:
    """What the whole protocol gives: log-likelihood and standard error in nats, and the σ of each fold."""

    num_samples: int
    log_likelihood: float
    standard_error: float
    sigmas: list[float]
    sigma_at_grid_end: bool


def score(window: ParzenWindow, num_samples: int, data: PreparedData, protocol: EvaluationParameters) -> Score:
    """The whole protocol, for a window of ``num_samples`` samples."""
    choice = SigmaChoice(num_samples, cross_validate_folds(window, data, protocol))
    mean, standard_error = mean_and_standard_error(log_likelihoods(window, data, choice.sigmas))
    return Score(num_samples, mean, standard_error, choice.sigmas, choice.at_grid_end)


def save_log_likelihoods(folds: list[np.ndarray], path: Path) -> None:
    """Log-likelihoods of every fold's test images, (m,) each."""
    files.write_npz(path, **{f"fold_{number}": fold for number, fold in enumerate(folds)})


def load_log_likelihoods(path: Path) -> list[np.ndarray]:
    """What ``save_log_likelihoods`` wrote. Raises InputError if it is not there, or damaged."""
    with files.reading(path, "likelihood"), np.load(path, allow_pickle=False) as arrays:
        return [arrays[f"fold_{number}"] for number in range(len(arrays))]


@contextmanager
def shared_window(samples: np.ndarray, device: torch.device) -> Iterator[tuple[ParzenWindow, bool]]:
    """The Parzen window of samples that the processes of ``torchrun`` share, and whether this process writes the results.

    Raises InputError if the window refuses the samples, the data or a bandwidth.
    """
    with devices.processes(device) as (own_device, group), scoring():
        yield ParzenWindow(share(samples, group), device=own_device, group=group), group is None or group.rank() == 0


@contextmanager
def scoring() -> Iterator[None]:
    """Turn what a Parzen window refuses into InputError: a bandwidth so narrow that log-likelihoods overflow, for one."""
    try:
        yield
    except ValueError as error:
        raise InputError(one_line(error)) from None
