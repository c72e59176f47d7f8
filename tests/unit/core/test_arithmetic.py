"""Every bit as specified, whatever the shapes, the layouts, the processor and the number of threads."""

import json
import math
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial_nets.core import arithmetic
from adversarial_nets.core.arithmetic import product

ROOT = Path(__file__).parents[3]
# What the program short_run gives on every x86-64 processor with AVX2.
DIGESTS = {
    "mnist5k": "adc6a20643785a6d",
    "mnist": "feb11f4550b41e82",
    "deep_belief_network": "d7396889c42cb617",
    "contractive_autoencoder": "4de1633721405537",
    "generative_stochastic_network": "e0220ac0cf84d335",
    "float32 scores": "1a9f002aaa4e24e7",
    "float64 scores": "b6bd149fa79021df",
    "section 4": "7753677baa2243e6",
}
SETTINGS = {
    "one thread": {"ADVERSARIAL_NETS_THREADS": "1"},
    "three threads": {"ADVERSARIAL_NETS_THREADS": "3"},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "OPENBLAS_CORETYPE": "Haswell"},
    "MKL's compatible mode": {"MKL_CBWR": "COMPATIBLE", "ADVERSARIAL_NETS_THREADS": "2"},
}
specified = pytest.mark.skipif(not arithmetic.is_specified(), reason="this processor's products are not as specified")


def fused(terms: np.ndarray, total: np.ndarray) -> np.ndarray:
    """float32 of exact products (float64) + a total (float32), rounded once.

    Rounded to float64 and then to float32, a sum would be rounded twice. So an inexact float64 is made odd: it then lies on no
    boundary between two float32, but on the right side of it.
    """
    total = total.astype(np.float64)
    sums = terms + total
    share = sums - terms
    error = (terms - (sums - share)) + (total - share)
    bits = sums.view(np.int64)
    towards = np.where((error > 0) == (sums > 0), 1, -1)
    bits = np.where((error != 0) & np.isfinite(error) & (bits % 2 == 0), bits + towards, bits)
    return bits.view(np.float64).astype(np.float32)


def emulated(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``product``'s specification, one fused multiply-add after another."""
    k = a.shape[1]
    width = math.ceil(k / math.ceil(k / arithmetic.TERMS))
    blocks = []
    for start in range(0, k, width):
        total = np.zeros((len(a), b.shape[1]), np.float32)
        for term in range(start, min(start + width, k)):
            total = fused(a[:, term, None].astype(np.float64) * b[term].astype(np.float64), total)
        blocks.append(total)
    return sum(blocks[1:], blocks[0])


def bits(values: np.ndarray) -> np.ndarray:
    """The bits of float32 values; all NaN are one."""
    return np.where(np.isnan(values), np.float32(np.nan), np.ascontiguousarray(values)).view(np.int32)


def laid_out(values: np.ndarray, layout: str) -> torch.Tensor:
    """A matrix with its rows contiguous, its columns, either as a part of a larger one, or neither."""
    matrix = torch.from_numpy(values)
    if "columns" in layout:
        return laid_out(values.T.copy(), layout.replace("columns", "rows")).t()
    if layout == "some rows":
        return torch.cat([matrix, matrix], dim=1)[:, : matrix.shape[1]]
    return matrix if layout == "rows" else matrix.repeat_interleave(2, 0).repeat_interleave(2, 1)[::2, ::2]


LAYOUTS = st.sampled_from(["rows", "columns"])
STRIDED = ["some rows", "some columns", "neither"]
SIZES = st.one_of(st.integers(1, 8), st.integers(1, 1500))


@specified
@settings(max_examples=25)
@given(m=SIZES, k=SIZES, n=SIZES, layouts=st.tuples(LAYOUTS, LAYOUTS), seed=st.integers(0, 2**32))
def test_a_product_is_as_specified_bit_for_bit(m, k, n, layouts, seed):
    random = np.random.default_rng(seed)
    a, b = random.standard_normal((m, k), dtype=np.float32), random.standard_normal((k, n), dtype=np.float32)
    a *= random.choice(np.array([0, -0.0, 1, 1], np.float32), a.shape)
    found = product(laid_out(a, layouts[0]), laid_out(b, layouts[1])).numpy()
    rows, columns = random.integers(0, m, 3), random.integers(0, n, 20)
    rows[:2], columns[:2] = (0, m - 1), (0, n - 1)
    np.testing.assert_array_equal(bits(found[rows][:, columns]), bits(emulated(a[rows], b[:, columns])))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("layout", ["rows", "columns"])
@pytest.mark.parametrize("shape", [(5, 300, 1), (1, 300, 5), (7, 4, 3)])
def test_the_rows_of_a_product_are_contiguous(shape, layout, dtype):
    """PyTorch's fused optimisers read a gradient as if it were laid out as its parameter is."""
    m, k, n = shape
    a, b = (laid_out(np.ones(size), layout).to(dtype) for size in ((m, k), (k, n)))
    assert product(a, b).is_contiguous()


@specified
@pytest.mark.parametrize("scale", [1e-22, 1e18])
def test_products_that_are_denormal_or_infinite_follow_the_chain(scale):
    random = np.random.default_rng(0)
    a, b = (random.standard_normal(shape, dtype=np.float32) * np.float32(scale) for shape in ((9, 300), (300, 70)))
    with np.errstate(all="ignore"):
        expected = emulated(a, b)
    np.testing.assert_array_equal(bits(product(torch.from_numpy(a), torch.from_numpy(b)).numpy()), bits(expected))


@specified
@pytest.mark.parametrize("layout", STRIDED)
@pytest.mark.parametrize("k", [1, 2, 256, 257, 600])
def test_strided_operands_have_the_same_product(k, layout):
    random = np.random.default_rng(k)
    a, b = random.standard_normal((7, k), dtype=np.float32), random.standard_normal((k, 5), dtype=np.float32)
    np.testing.assert_array_equal(product(laid_out(a, layout), laid_out(b, layout)).numpy(), emulated(a, b))


@specified
def test_infinities_zeros_and_nan_follow_the_chain():
    a = np.array([[np.inf, 1.0], [np.inf, -np.inf], [0.0, 1.0], [-0.0, -0.0], [np.nan, 0.0], [1e-45, 0.0]], np.float32)
    b = np.array([[1.0, 0.0, 1e-45], [1.0, 1.0, -1.0]], np.float32)
    with np.errstate(invalid="ignore"):
        expected = emulated(a, b)
    np.testing.assert_array_equal(bits(product(torch.from_numpy(a), torch.from_numpy(b)).numpy()), bits(expected))
    assert np.isnan(expected[1, 0])
    assert np.isposinf(expected[0, 0])


def test_a_sum_that_float64_would_round_twice_is_rounded_once():
    """1 + 2**-24 lies between two float32; 2**-80 more decides, which float64 cannot hold."""
    terms, total = np.array([2.0**-24 + 2.0**-70]), np.array([1.0], np.float32)
    assert (terms + total).astype(np.float32) == 1
    assert fused(terms, total) == np.float32(1 + 2.0**-23)


def test_a_product_in_float64_is_the_usual_one_but_for_rounding():
    random = torch.Generator().manual_seed(0)
    a, b = (torch.randn(shape, generator=random, dtype=torch.float64) for shape in ((30, 500), (500, 20)))
    torch.testing.assert_close(product(a, b), a @ b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("count", [5, 2**14, 2**15 + 3, 100_000])
def test_a_total_does_not_depend_on_the_number_of_threads(count):
    numbers = torch.randn(count, generator=torch.Generator().manual_seed(0))
    before, found, theirs = torch.get_num_threads(), [], []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(arithmetic.total(numbers).item())
            theirs.append(numbers.sum().item())
    finally:
        torch.set_num_threads(before)
    assert len(set(found)) == 1
    assert found[0] == pytest.approx(numbers.double().sum().item(), abs=1e-3)
    assert (len(set(theirs)) > 1) == (count == 100_000)  # if this fails, PyTorch's own may do


def test_plain_products_are_pytorchs():
    a, b = torch.randn(30, 500), torch.randn(500, 20)
    with arithmetic.plain_products():
        assert torch.equal(product(a, b), a @ b)


def test_a_process_whose_products_are_not_as_specified_notices(monkeypatch):
    monkeypatch.setattr(arithmetic, "_chains", lambda a, b: (a.double() @ b.double()).float())
    assert not arithmetic.is_specified.__wrapped__()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["sigmoid", "softplus"])
def test_functions_are_pytorchs_but_for_rounding(name, dtype):
    x = torch.linspace(-85, 85, 1001, dtype=dtype).requires_grad_()
    ours, theirs = (
        getattr(arithmetic, name)(x),
        getattr(torch.nn.functional, name)(x.double(), **({"threshold": 100} if name == "softplus" else {})),
    )
    tolerance = {"rtol": 4 * torch.finfo(dtype).eps * (1 if dtype == torch.float32 else 90), "atol": 1e-44}
    torch.testing.assert_close(ours.double(), theirs, **tolerance)
    slopes = [torch.autograd.grad(y.sum(), x)[0].double() for y in (ours, theirs)]
    torch.testing.assert_close(*slopes, rtol=1e-5, atol=1e-7 if dtype == torch.float32 else 1e-15)


def test_the_hyperbolic_tangent_is_pytorchs_but_for_its_last_digits():
    x = torch.linspace(-20, 20, 1001).requires_grad_()
    ours, theirs = arithmetic.tanh(x), torch.tanh(x.double())
    torch.testing.assert_close(ours.double(), theirs, rtol=0, atol=2e-7)
    slopes = [torch.autograd.grad(y.sum(), x)[0] for y in (ours, theirs)]
    torch.testing.assert_close(*slopes, rtol=0, atol=5e-7)


def test_no_element_of_a_function_depends_on_how_many_there_are():
    x = torch.linspace(-30, 30, 100_003)
    for function in (arithmetic.exp, arithmetic.sigmoid, arithmetic.softplus):
        whole = function(x)
        assert all(torch.equal(whole[start:end], function(x[start:end])) for start, end in ((0, 1), (5, 70), (1234, 99_999)))


def short_run(*command: str, **environment: str) -> dict[str, str]:
    """The digests that tests/support/short_run.py prints in a process of its own."""
    program = [*command, sys.executable, "-m", "support.short_run"]
    search = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    done = subprocess.run(
        program, env={**inherited, "PYTHONPATH": search, **environment}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@specified
@pytest.mark.parametrize("name", SETTINGS)
def test_a_short_run_has_the_committed_digests(name):
    assert short_run(**SETTINGS[name]) == DIGESTS


@pytest.mark.nightly
@pytest.mark.skipif(shutil.which("qemu-x86_64") is None, reason="needs qemu-user")
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="emulates x86-64 on x86-64")
@pytest.mark.parametrize("processor", ["Haswell", "EPYC"])
def test_a_short_run_has_the_committed_digests_on_an_emulated_processor(processor):
    assert short_run("qemu-x86_64", "-cpu", processor, ADVERSARIAL_NETS_THREADS="1") == DIGESTS
