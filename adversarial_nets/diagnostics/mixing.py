"""How far the states of Markov chains can be trusted: their autocorrelation time (Sokal, 1997), and scores by burn-in."""

from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA

from adversarial_nets.likelihood.protocol import Score

COMPONENTS = 3  # principal ones of the training images, in which chains are looked at
WINDOW = 5  # autocorrelations are summed up to as many autocorrelation times
STARTS, BURN_INS, STATES = ("marginals", "training"), (0, 10, 100, 1000), 10


@dataclass(frozen=True)
class BurnIn:
    """The score of ``STATES`` consecutive states of every chain, after ``burn_in`` steps from a start."""

    start: str
    burn_in: int
    score: Score


@dataclass(frozen=True)
class Mixing:
    """Of a model whose samples are states of Markov chains; the autocorrelation time is in kept states."""

    autocorrelation_time: float
    by_burn_in: list[BurnIn]


def autocorrelation_time(samples: np.ndarray, chains: int, training_images: np.ndarray) -> float:
    """Of samples (n, D), a state of each chain after another, in kept states: n of them are worth n over this.

    The largest over the first principal components of the training images. At least 1, which independent samples have. To two
    decimals, because the components' last digits depend on the processor.
    """
    components = PCA(COMPONENTS, svd_solver="covariance_eigh").fit(training_images)
    whole = len(samples) // chains * chains
    series = components.transform(samples[:whole]).reshape(-1, chains, COMPONENTS)
    return round(max(integrated_time(series[:, :, component].T) for component in range(COMPONENTS)), 2)


def integrated_time(series: np.ndarray) -> float:
    """1 + 2·Σ_k ρ_k of stationary series (chains, n), at least 1; the sum ends at the first lag of ``WINDOW`` such times."""
    times = 2 * np.cumsum(autocorrelations(series)) - 1
    lags = np.arange(len(times))
    ends = np.flatnonzero(lags >= WINDOW * times)
    return float(max(times[ends[0] if len(ends) else -1], 1.0))


def autocorrelations(series: np.ndarray) -> np.ndarray:
    """ρ_k for k from 0 to n − 1, (n,): about the mean of all chains, whose covariances are averaged."""
    centred, length = series - series.mean(), series.shape[1]
    spectrum = np.abs(np.fft.rfft(centred, 2 * length, axis=1)) ** 2
    covariances = np.fft.irfft(spectrum, axis=1)[:, :length].mean(axis=0) / np.arange(length, 0, -1)
    return covariances / covariances[0]
