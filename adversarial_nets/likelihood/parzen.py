"""The Gaussian Parzen window of section 5: the paper's estimate of a test set's log-likelihood from samples.

p(x) = 1/n Σ_j N(x; s_j, σ²·I), so that in D dimensions, with the squared distances d_j = ‖x − s_j‖²,

    log p(x) = logsumexp_j(−d_j / 2σ²) − log n − D·log(σ·√(2π))    (nats)

The distances do not depend on σ: one pass over them serves every σ.
"""

import math
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed

from adversarial_nets.core import arithmetic

Array = np.ndarray | Tensor

# Bytes of one tile. On a CPU it should stay in the cache during the passes over it; a GPU is busy only with large ones.
TILE_BYTES = {"cpu": 2**25, "cuda": 2**30}
# What a tile holds for each distance: it and its exponential in float32, and the exponential in float64 while it is summed.
BYTES_PER_DISTANCE = 16
BLOCK = 1024  # rows that are checked, summed or moved at a time, so that no copy of all samples is needed
# Beside the nearest sample's 1, a kernel of 2**-115 changes no digit. The exponential of numbers that underflow float32 takes six
# times as long.
NEGLIGIBLE = -115.0
# Nats that rounding may cost at the narrowest bandwidth, by the estimate in `_Points._is_exact_enough`.
LIMITS = {torch.float32: 2e-3, torch.float64: 1e-9}


class ParzenWindow:
    """A mixture of Gaussians of one bandwidth, centred on samples.

    samples: (n, D) floats, which are copied unless they are mapped from a file to be read only; or an iterable of such blocks.
    Every ``log_prob`` goes through the blocks once and holds one at a time, so that there may be more samples than memory.
    device: cpu or cuda, where distances are computed. precise: in float64 throughout; otherwise only if float32 would not do.
    memory_budget: bytes for one tile of distances; by default what suits the device. group: of processes (torch.distributed) that
    each bring a share of the samples, at least one each, and the same x: all get the same result; without a group a process is
    alone. Raises ValueError if the samples are not non-empty, finite matrices of floats, or another argument is impossible.
    """

    def __init__(
        self,
        samples: Array | Iterable[Array],
        *,
        device: str | torch.device = "cpu",
        precise: bool = False,
        memory_budget: int | None = None,
        group: distributed.ProcessGroup | None = None,
    ):
        self._device, self._precise, self._group = _device(device), precise, group
        budget = TILE_BYTES[self._device.type] if memory_budget is None else memory_budget
        if not isinstance(budget, Real) or not BYTES_PER_DISTANCE <= budget < math.inf:
            raise ValueError(f"memory_budget: at least {BYTES_PER_DISTANCE} bytes are needed; it is {budget!r}")
        self._tile = int(budget) // BYTES_PER_DISTANCE
        self._is_checked = _is_matrix(samples)
        if self._is_checked:
            is_mapped = isinstance(samples, np.memmap) and not samples.flags.writeable
            samples = (_matrix(samples, "samples").to(self._device, copy=not is_mapped),)
        self._samples = samples

    @torch.no_grad()
    def log_prob(self, x: Array, sigma: float | Array) -> Tensor:
        """Log-likelihood in nats of each row of x (m, D): (m,) float64, or (k, m) for k bandwidths.

        Raises ValueError if x is not a non-empty, finite matrix of floats with D columns, a bandwidth is not positive and
        finite, no samples came, or a result overflows.
        """
        x, sigmas = _matrix(x, "x").to(self._device), _bandwidths(sigma).to(self._device)
        with _exact_products():
            log_sums, num_samples = self._log_sums(x, sigmas)
        log_widths = sigmas.new_tensor([math.log(width * math.sqrt(2 * math.pi)) for width in sigmas.tolist()])
        result = log_sums - (math.log(num_samples) + x.shape[1] * log_widths[:, None])
        if not torch.isfinite(result).all():
            raise ValueError(f"sigma: so narrow beside the data's distances that a log-likelihood overflows; it is {sigma}")
        return result[0] if np.ndim(sigma) == 0 else result

    def _log_sums(self, x: Tensor, sigmas: Tensor) -> tuple[Tensor, int]:
        """logsumexp_j(−d_j / 2σ²), (k, m) float64, and how many samples there are."""
        points, num_samples = None, 0
        log_sums = torch.full((len(sigmas), len(x)), -math.inf, dtype=torch.float64, device=self._device)
        rows, columns = self._tile_shape(*x.shape)
        for block in self._blocks(x.shape[1]):
            points = points or _Points(x, _mean(block, self._group), sigmas, self._precise)
            num_samples += len(block)
            for samples in block.split(columns):
                log_sums = _log_of_both(log_sums, points.log_sums(samples, rows))
        if num_samples == 0:
            raise ValueError("samples: none came; an iterator can be gone through only once, a list or an array again and again")
        return _merged(log_sums, num_samples, self._group)

    def _tile_shape(self, num_points: int, dimensions: int) -> tuple[int, int]:
        """Rows (points) and columns (samples) of a tile: square, or wider if points are few, if its samples fit too."""
        rows = min(num_points, math.isqrt(self._tile))
        return rows, max(1, min(self._tile // rows, 2 * self._tile // dimensions))

    def _blocks(self, dimensions: int) -> Iterator[Tensor]:
        for block in self._samples:
            block = block if self._is_checked else _matrix(block, "samples").to(self._device)
            if block.shape[1] != dimensions:
                raise ValueError(f"x has {dimensions} columns, the samples have {block.shape[1]}")
            yield block


def share(samples: Array, group: distributed.ProcessGroup | None) -> Array:
    """This process's part of samples (n, D) that all processes of a group hold; all of them without a group.

    Raises ValueError, in every process alike, if there are fewer samples than processes.
    """
    if group is None:
        return samples
    count, rank = distributed.get_world_size(group), distributed.get_rank(group)
    if len(samples) < count:
        raise ValueError(f"samples: {count} processes cannot share {len(samples)}; start fewer")
    return samples[len(samples) * rank // count : len(samples) * (rank + 1) // count]


class _Points:
    """Points at which the density is wanted, relative to a centre and in units of the widest bandwidth.

    Near the centre distances cost fewer digits, and in these units nothing overflows or vanishes because of the data's scale.
    """

    def __init__(self, x: Tensor, centre: Tensor, sigmas: Tensor, precise: bool):
        self._x, self._centre, self._unit = x, centre, sigmas.max()
        self._inverse_variances = (self._unit / sigmas) ** 2
        self._cheapest = torch.float64 if precise else torch.float32
        self._placed_x = {self._cheapest: self._placed(x, self._cheapest)}

    def log_sums(self, samples: Tensor, rows: int) -> Tensor:
        """logsumexp_j(−d_j / 2σ²) over these samples (c, D) for every bandwidth and point: (k, m) float64."""
        placed, norms = self._placed(samples, self._cheapest)
        if not self._is_exact_enough(placed.dtype, norms):
            placed, norms = self._placed(samples, torch.float64)
            if torch.float64 not in self._placed_x:
                self._placed_x[torch.float64] = self._placed(self._x, torch.float64)
        x, shares = self._placed_x[placed.dtype]
        if not self._is_exact_enough(placed.dtype, norms):
            norms, shares = None, torch.zeros_like(shares)
        columns = placed.T.contiguous()
        tiles = [_tile_log_sums(block, columns, norms, self._inverse_variances) for block in x.split(rows)]
        # The share of ‖x‖²/2, the same for all samples.
        return torch.cat(tiles, dim=1) - shares * self._inverse_variances[:, None]

    def _placed(self, rows: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Rows about the centre, and ‖row‖²/2 of them as rounded, in float64."""
        blocks = [((block - self._centre) / self._unit).to(dtype) for block in rows.split(BLOCK)]
        return torch.cat(blocks), torch.cat([block.double().square().sum(dim=1) / 2 for block in blocks])

    def _is_exact_enough(self, dtype: torch.dtype, sample_norms: Tensor) -> bool:
        """Whether x·s − ‖x‖²/2 − ‖s‖²/2 cancels too few digits to matter at the narrowest bandwidth.

        Its rounding error is near half the type's epsilon times the largest norm², as a rule; in the worst case ten times that.
        float32's limit is so chosen that MNIST, which needs a third of it at σ = 0.1, is off by less than 1e-2 nats.
        """
        narrowest, limit = self._inverse_variances.max().item(), torch.finfo(torch.float32).max
        largest = 2 * max(self._placed_x[self._cheapest][1].max().item(), sample_norms.max().item())
        fits = dtype == torch.float64 or narrowest < limit
        return fits and largest * torch.finfo(dtype).eps / 2 * narrowest <= LIMITS[dtype]


def _tile_log_sums(x: Tensor, samples: Tensor, norms: Tensor | None, inverse_variances: Tensor) -> Tensor:
    """logsumexp_j((x·s_j − ‖s_j‖²/2) / σ²) for one tile, its samples (D, c) as columns: (k, rows) float64. norms: the ‖s_j‖²/2.

    Without norms, of −‖x − s_j‖²/2 from differences: tens of times slower, but cancelling nothing.
    """
    if norms is None:
        exponents = torch.cdist(x, samples.T, compute_mode="donot_use_mm_for_euclid_dist").square_().div_(-2)
    else:
        exponents = arithmetic.product(x, samples).sub_(norms.to(x.dtype))
    largest = exponents.amax(dim=1)
    exponents -= largest[:, None]
    powers = arithmetic.padded(exponents)
    sums = []
    for factor in inverse_variances.tolist():
        scaled = torch.mul(exponents, factor / math.log(2), out=powers[: exponents.numel()].view(exponents.shape))
        scaled.clamp_(min=NEGLIGIBLE)
        arithmetic.exp2_(powers)
        sums.append(scaled.sum(dim=1, dtype=torch.float64))
    return arithmetic.log(torch.stack(sums)) + largest.double() * inverse_variances[:, None]


def _log_of_both(a: Tensor, b: Tensor) -> Tensor:
    """log(e**a + e**b); a may be -∞."""
    return torch.maximum(a, b) + torch.log1p(arithmetic.exp(-(a - b).abs()))


def _mean(block: Tensor, group: distributed.ProcessGroup | None) -> Tensor:
    """Mean of the rows of all processes' blocks: (D,) float64."""
    sums = sum(rows.sum(dim=0, dtype=torch.float64) for rows in block.split(BLOCK))
    total = torch.cat([sums, sums.new_tensor([len(block)])])
    if group is not None:
        distributed.all_reduce(total, group=group)
    return total[:-1] / total[-1]


def _merged(log_sums: Tensor, num_samples: int, group: distributed.ProcessGroup | None) -> tuple[Tensor, int]:
    """Log-sums and number of samples of all processes together."""
    if group is None:
        return log_sums, num_samples
    largest, count = log_sums.clone(), torch.tensor(num_samples, device=log_sums.device)
    distributed.all_reduce(largest, distributed.ReduceOp.MAX, group)
    total = arithmetic.exp(log_sums - largest)
    distributed.all_reduce(total, group=group)
    distributed.all_reduce(count, group=group)
    return largest + arithmetic.log(total), int(count)


@contextmanager
def _exact_products() -> Iterator[None]:
    """float32 products in float32, whatever the caller allows elsewhere: TF32 and bfloat16 lose whole nats here."""
    backends = torch.backends.cuda.matmul, torch.backends.mkldnn.matmul
    allowed = [backend.fp32_precision for backend in backends]
    try:
        for backend in backends:
            backend.fp32_precision = "ieee"
        with torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
            yield
    finally:
        for backend, precision in zip(backends, allowed, strict=True):
            backend.fp32_precision = precision


def _device(device: str | torch.device) -> torch.device:
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError):
        found = torch.device("meta")
    if found.type not in TILE_BYTES:
        raise ValueError(f"device: must be cpu or cuda; it is {device!r}")
    if found.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device: PyTorch finds no CUDA GPU here; it is {device!r}")
    return found


def _is_matrix(samples: Any) -> bool:
    """Whether samples are one matrix: an array, a table or a list of rows. Anything else is an iterable of blocks."""
    is_list_of_rows = isinstance(samples, list | tuple) and len(samples) > 0 and np.ndim(samples[0]) < 2
    return hasattr(samples, "__array__") or is_list_of_rows


def _matrix(values: Any, name: str) -> Tensor:
    values = _tensor(values, name)
    if values.ndim != 2 or values.numel() == 0:
        raise ValueError(f"{name}: a non-empty matrix is needed, one row an image; its shape is {tuple(values.shape)}")
    if not values.is_floating_point():
        raise ValueError(f"{name}: floats are needed, in the data's own scale; the type is {values.dtype}")
    if not all(torch.isfinite(rows).all() for rows in values.split(BLOCK)):
        raise ValueError(f"{name}: holds NaN or infinity")
    return values


def _tensor(values: Any, name: str) -> Tensor:
    """Values that may be an array of any layout, a table or a list, without a copy if possible."""
    if isinstance(values, Tensor):
        return values
    if np.ma.is_masked(values):
        raise ValueError(f"{name}: is a masked array; fill what is masked, or leave it out")
    try:
        array = np.asarray(values)
        array = array.astype(array.dtype.newbyteorder("="), copy=min(array.strides, default=0) < 0)
        with warnings.catch_warnings(action="ignore"):  # PyTorch's, of arrays that cannot be written: nothing writes them here
            return torch.from_numpy(array)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: no numbers that PyTorch can read: {error}") from None


def _bandwidths(sigma: float | Array) -> Tensor:
    sigmas = torch.atleast_1d(_tensor(sigma, "sigma")).double()
    if sigmas.ndim != 1 or len(sigmas) == 0 or not (torch.isfinite(sigmas) & (sigmas > 0)).all():
        raise ValueError(f"sigma: a positive, finite number or a sequence of such is needed; it is {sigma}")
    return sigmas
