"""The autocorrelation time of chains, on processes whose time is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial_nets.diagnostics.mixing import autocorrelation_time, autocorrelations, integrated_time


def autoregressive(rho: float, chains: int, length: int, seed: int = 0) -> np.ndarray:
    """Stationary AR(1) chains of unit variance, (chains, length)."""
    random = np.random.default_rng(seed)
    state, states = random.standard_normal(chains), []
    for _ in range(length):
        states.append(state)
        state = rho * state + np.sqrt(1 - rho**2) * random.standard_normal(chains)
    return np.stack(states, axis=1)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6, 0.9])
def test_the_time_of_an_autoregressive_process(rho: float) -> None:
    """(1 + ρ) / (1 − ρ), from 200 chains of 400 states."""
    assert integrated_time(autoregressive(rho, 200, 400)) == pytest.approx((1 + rho) / (1 - rho), rel=0.2)


@given(st.integers(2, 6), st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_autocorrelations_are_those_of_the_definition(chains: int, length: int, seed: int) -> None:
    series = np.random.default_rng(seed).standard_normal((chains, length))
    centred = series - series.mean()
    sums = [np.mean([row[: length - lag] @ row[lag:] for row in centred]) / (length - lag) for lag in range(length)]
    np.testing.assert_allclose(autocorrelations(series), np.array(sums) / sums[0], rtol=1e-8, atol=1e-10)


def test_independent_samples_are_worth_themselves_and_repeated_ones_less(digits: np.ndarray) -> None:
    random = np.random.default_rng(0)
    independent = digits[random.permutation(5000)[:4000]]
    assert autocorrelation_time(independent, 100, digits) < 1.2
    slow = np.repeat(independent.reshape(40, 100, 784), 4, axis=0).reshape(-1, 784)  # every state four times
    assert autocorrelation_time(slow, 100, digits) == pytest.approx(4, rel=0.2)
