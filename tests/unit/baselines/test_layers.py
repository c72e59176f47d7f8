"""What the nets of the baselines are made of, against NumPy in float64."""

import numpy as np
import pytest
import torch

from adversarial_nets.baselines.layers import bernoulli, log_normaliser


@pytest.mark.parametrize(("dtype", "error"), [(torch.float32, 2e-7), (torch.float64, 4e-16)])
def test_the_normaliser_of_units_is_that_of_what_they_are_given(dtype, error):
    """Also where a mean is 0 or 1 to its last digit; errors are absolute, and of larger values relative."""
    given = torch.linspace(-100, 100, 4001, dtype=torch.float64).to(dtype)
    found = log_normaliser(given, torch.sigmoid(given))
    assert found.dtype == dtype
    np.testing.assert_allclose(found.numpy(), np.logaddexp(0, given.double().numpy()), rtol=error, atol=error)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_binary_draws_compare_uniform_numbers_with_means(dtype):
    means = torch.rand(40, 50, dtype=dtype, generator=torch.Generator().manual_seed(0))
    drawn = bernoulli(means, torch.Generator().manual_seed(1))
    uniform = torch.rand(40, 50, generator=torch.Generator().manual_seed(1))
    assert drawn.dtype == dtype
    np.testing.assert_array_equal(drawn.numpy(), uniform.numpy() < means.numpy())
