"""The paper's protocol around the Parzen window: σ from validation images, then the test images' log-likelihood."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from adversarial_nets.datasets import TEST, VALIDATION, PreparedData
from adversarial_nets.parameters import CountGrid, EvaluationParameters, SigmaGrid
from adversarial_nets.parzen import Array, ParzenWindow

# The grid of the published evaluation script.
PUBLISHED_SIGMAS = np.logspace(-1, 0, 10)


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
    return np.logspace(np.log10(grid.lowest), np.log10(grid.highest), grid.count)


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


def score(window: ParzenWindow, data: PreparedData, protocol: EvaluationParameters) -> dict[str, Any]:
    """The whole protocol: log-likelihood and standard error in nats, and the σ of each fold."""
    chosen = cross_validate_folds(window, data, protocol)
    sigmas = [fold.sigma for fold in chosen]
    mean, standard_error = mean_and_standard_error(log_likelihoods(window, data, sigmas))
    return {
        "log_likelihood": mean,
        "standard_error": standard_error,
        "sigmas": sigmas,
        "sigma_at_grid_end": any(fold.at_grid_end for fold in chosen),
    }
