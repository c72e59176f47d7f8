"""Products and functions whose every bit is specified, so that the same parameters give the same bytes on every x86-64 processor.

What PyTorch does otherwise depends on the processor: MKL chooses the order of a product's sums, and the code of ``exp``,
``log``, ``sqrt`` and ``tanh``, by the processor's maker; vectors of other widths leave other remainders to the C library. Sums
along an axis, means, norms, ``expm1``, ``log1p``, optimisers and random numbers give the same bits everywhere, as they are.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

TERMS = 256  # in one chain, at most: oneDNN's kernels split longer ones, each in its own way
VECTOR = 64  # a multiple of every vector's width, and of what a loop over vectors does at a time
PIECE = 2**14  # elements; PyTorch does not share work as small as this among threads

_plain = False


def product(a: Tensor, b: Tensor) -> Tensor:
    """a (m, k) times b (k, n): (m, n), its rows contiguous (PyTorch's fused optimisers take that for granted).

    float32 on a CPU: the k terms are cut into the fewest blocks of at most 256, equal but for the last. In a block, c ← fma(a_k,
    b_k, c) from c = 0 in the order of k; then the blocks' values are added in their order. No processor, shape, layout or number
    of threads changes a bit, if ``is_specified``. float64 on a CPU: NumPy's loops, compiled for what every x86-64 processor has.
    On a GPU: PyTorch's product.

    Fast if the rows of b are contiguous, or k is at most 256; otherwise b is copied. The layout of a does not matter.
    """
    if a.device.type != "cpu" or _plain or not is_specified():
        return a @ b
    if a.dtype == torch.float64:
        return torch.from_numpy(np.einsum("ik,kj->ij", a.numpy(), b.numpy(), order="C"))
    return _sum_of_chains(a, b)


def _sum_of_chains(a: Tensor, b: Tensor) -> Tensor:
    (m, k), n = a.shape, b.shape[1]
    width = -(-k // -(-k // TERMS))
    # Of a b with gaps in memory oneDNN makes no chains, and it takes a thousand times as long.
    b = b if k == width and b.t().is_contiguous() else b.contiguous()
    a = a if 1 in a.stride() else a.contiguous()
    # A single row or column has kernels of its own, which are not chains.
    a, b = (a.repeat(2, 1) if m == 1 else a), (b.repeat(1, 2) if n == 1 else b)
    total = _chains(a[:, :width], b[:width])
    for start in range(width, k, width):
        total.add_(_chains(a[:, start : start + width], b[start : start + width]))
    return total[:m, :n].contiguous()


def _chains(a: Tensor, b: Tensor) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(a, b.t(), None, "none", [], "")


@cache
def is_specified() -> bool:
    """Whether this process's products are as specified, tried out: not on processors without AVX2, or other than x86-64."""
    a, b = np.random.default_rng(0).uniform(-1, 1, (2, 20, TERMS)).astype(np.float32)
    try:
        found = _chains(torch.from_numpy(a), torch.from_numpy(b).t()).numpy()
    except (AttributeError, RuntimeError):  # a PyTorch without oneDNN
        return False
    chain = np.zeros((20, 20), np.float32)
    for terms in (a[:, None] * b.astype(np.float64)).transpose(2, 0, 1):  # float64 holds a product of two float32 exactly
        chain = (terms + chain).astype(np.float32)
    return bool(np.array_equal(found, chain))


@contextmanager
def plain_products() -> Iterator[None]:
    """PyTorch's own products, whatever their bits: to count or to time them."""
    global _plain
    before, _plain = _plain, True
    try:
        yield
    finally:
        _plain = before


def total(x: Tensor) -> Tensor:
    """The sum of all elements, the same for any number of threads: PyTorch shares more than 2**15 of them among its threads."""
    whole = x.numel() // PIECE * PIECE
    pieces, rest = x.flatten().tensor_split([whole])
    return pieces.view(-1, PIECE).sum(1).sum() + rest.sum() if whole else rest.sum()


class PortableDots(TorchFunctionMode):
    """A context in which ``Tensor.dot``, with which PyTorch's L-BFGS works, is a sum like others."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        """Any function of PyTorch's as it is, but for that one."""
        if function is torch.Tensor.dot:
            return total(args[0] * args[1])
        return function(*args, **(kwargs or {}))


def padded(x: Tensor) -> Tensor:
    """Room for as many elements as x has, in one dimension, and for some zeros more: what ``exp2_`` wants."""
    return x.new_zeros(-(-x.numel() // VECTOR) * VECTOR)


def exp2_(x: Tensor) -> Tensor:
    """2**x in place, for x (n,) of whole vectors; what they leave over would go to the C library, which has other last digits.

    Threads that share work cut vectors too, hence the pieces.
    """
    for piece in x.split(PIECE if x.device.type == "cpu" else len(x)):
        piece.exp2_()
    return x


def exp(x: Tensor) -> Tensor:
    """e**x, in float64 inside; ``torch.exp`` is MKL's and differs between processors' makers."""
    exponents = x.double()
    powers = padded(exponents)
    torch.mul(exponents, 1 / math.log(2), out=powers[: x.numel()].view(x.shape))
    return exp2_(powers)[: x.numel()].view(x.shape).to(x.dtype)


def log(x: Tensor) -> Tensor:
    """Natural logarithm of x, at least 1/2: below it digits are lost."""
    return torch.log1p(x - 1)


class _Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        y = 1 / (1 + exp(-x))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return gradient * y * (1 - y)


class _Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0) + torch.log1p(exp(-x.abs()))

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return gradient * sigmoid(*ctx.saved_tensors)


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + e**-x)."""
    return _Sigmoid.apply(x)


def tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent of x, to an absolute error of about a unit in the last place of 1."""
    return 2 * sigmoid(2 * x) - 1


def softplus(x: Tensor) -> Tensor:
    """log(1 + e**x), without overflow."""
    return _Softplus.apply(x)


def log_spaced(lowest: float, highest: float, count: int) -> np.ndarray:
    """Numbers evenly spaced in their logarithm, ends included: (count,) float64. NumPy's own depend on the processor."""
    exponents = np.linspace(math.log10(lowest), math.log10(highest), count)
    return np.array([10.0**exponent for exponent in exponents.tolist()])
