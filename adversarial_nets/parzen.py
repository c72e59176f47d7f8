"""The Gaussian Parzen window of section 5: the paper's estimate of a test set's log-likelihood from samples.

p(x) = 1/n Σ_j N(x; s_j, σ²·I), so that in D dimensions, with the squared distances d_j = ‖x − s_j‖²,

    log p(x) = logsumexp_j(−d_j / 2σ²) − log n − D·log(σ·√(2π))    (nats)

The distances do not depend on σ: one pass over them serves every σ.
"""

import math

import numpy as np
import torch
from torch import Tensor

Array = np.ndarray | Tensor


class ParzenWindow:
    """A mixture of n Gaussians of one bandwidth, centred on samples.

    samples: (n, D), any float type. device: where distances are computed. memory_budget: bytes for one block of them.
    Raises ValueError where the samples are not a non-empty, finite matrix of floats.
    """

    def __init__(self, samples: Array, *, device: str | torch.device = "cpu", memory_budget: int = 2**28):
        self._samples = _matrix(samples, "samples").to(device)
        self._centre = self._samples.mean(dim=0, dtype=torch.float64)
        self._memory_budget = memory_budget
        self.num_samples, self.dimensions = self._samples.shape

    def log_prob(self, x: Array, sigma: float | Array) -> Tensor:
        """Log-likelihood in nats of each row of x (m, D): (m,) float64, or (k, m) for k bandwidths.

        Raises ValueError where x is not a non-empty, finite matrix of floats with D columns, or a bandwidth is not
        positive and finite.
        """
        x, sigmas = _matrix(x, "x").to(self._centre.device), _bandwidths(sigma).to(self._centre.device)
        if x.shape[1] != self.dimensions:
            raise ValueError(f"x has {x.shape[1]} columns, the samples have {self.dimensions}")
        # In units of the widest bandwidth nothing overflows or vanishes because of the data's scale.
        unit = sigmas.max()
        x, samples = _of_sufficient_precision(self._in_units(x, unit), self._in_units(self._samples, unit), sigmas / unit)
        log_sums = torch.cat([_log_sums(block, samples, sigmas / unit) for block in x.split(self._rows)], dim=1)
        result = log_sums - math.log(self.num_samples) - self.dimensions * torch.log(sigmas * math.sqrt(2 * math.pi))[:, None]
        return result[0] if np.ndim(sigma) == 0 else result

    def _in_units(self, rows: Tensor, unit: Tensor) -> Tensor:
        """Rows less the samples' mean, which leaves distances as they are and costs them fewer digits: float64."""
        return (rows - self._centre) / unit

    @property
    def _rows(self) -> int:
        """Rows of x in a block: the log-sum holds four float64 numbers for each of its distances."""
        return max(1, self._memory_budget // (self.num_samples * 4 * 8))


def _of_sufficient_precision(x: Tensor, samples: Tensor, sigmas: Tensor) -> tuple[Tensor, Tensor]:
    """Both matrices in float32 if ‖x‖² + ‖s‖² − 2·x·s cancels too few digits to matter at the narrowest bandwidth.

    The rounding error of a squared distance is near 2⁻²⁴ of the largest squared norm. The limit keeps an error at the 1e-2
    nats that MNIST has at σ = 0.1, the narrowest of the published grid.
    """
    largest = torch.maximum(x.square().sum(dim=1).max(), samples.square().sum(dim=1).max())
    precise = largest * 2**-24 > 2e-3 * sigmas.min() ** 2
    return (x, samples) if precise else (x.float(), samples.float())


def _log_sums(x: Tensor, samples: Tensor, sigmas: Tensor) -> Tensor:
    """logsumexp_j(−d_j / 2σ²) for every row and bandwidth: (k, rows) float64."""
    distances = _squared_distances(x, samples).double()
    return torch.stack([torch.logsumexp(distances / (-2 * sigma**2), dim=1) for sigma in sigmas])


def _squared_distances(x: Tensor, samples: Tensor) -> Tensor:
    """‖x‖² + ‖s‖² − 2·x·s, at least 0: (m, n)."""
    norms = (x * x).sum(dim=1)[:, None] + (samples * samples).sum(dim=1)
    return torch.addmm(norms, x, samples.T, alpha=-2).clamp_(min=0)


def _matrix(values: Array, name: str) -> Tensor:
    values = torch.as_tensor(values)
    if values.ndim != 2 or values.numel() == 0:
        raise ValueError(f"{name}: a non-empty matrix is needed, one row an image; its shape is {tuple(values.shape)}")
    if not values.is_floating_point():
        raise ValueError(f"{name}: floats are needed, in the data's own scale; the type is {values.dtype}")
    if not torch.isfinite(values).all():
        raise ValueError(f"{name}: holds NaN or infinity")
    return values


def _bandwidths(sigma: float | Array) -> Tensor:
    sigmas = torch.atleast_1d(torch.as_tensor(sigma, dtype=torch.float64))
    if sigmas.ndim != 1 or len(sigmas) == 0 or not (torch.isfinite(sigmas) & (sigmas > 0)).all():
        raise ValueError(f"sigma: a positive, finite number or a sequence of such is needed; it is {sigma}")
    return sigmas
