"""The Parzen window against its formula in float64, with SciPy's logsumexp."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm
from sklearn.neighbors import KernelDensity

from adversarial_nets.likelihood import parzen
from adversarial_nets.likelihood.parzen import ParzenWindow
from support.experiments import ROOT

FLOAT32_EPS = 2.0**-23


def formula(samples: np.ndarray, x: np.ndarray, sigma: float) -> np.ndarray:
    """log 1/n sum_j N(x; s_j, sigma^2 I), from plain differences in float64."""
    samples, x = np.asarray(samples, np.float64), np.asarray(x, np.float64)
    distances = np.array([((samples - row) ** 2).sum(axis=1) for row in x])
    count, dimensions = samples.shape
    normaliser = np.log(count) + dimensions * np.log(sigma * np.sqrt(2 * np.pi))
    return logsumexp(-distances / (2 * sigma**2), axis=1) - normaliser


def float32_error(samples: np.ndarray, x: np.ndarray, sigma: float) -> float:
    """Nats that float32 distances may cost: a few roundings of numbers as large as the squared distances from the centre, but
    never more than a few hundredths, for beyond that float64 takes over.
    """
    centre = samples.mean(axis=0, dtype=np.float64)
    furthest = max(((each.astype(np.float64) - centre) ** 2).sum(axis=1).max() for each in (samples, x))
    return 1e-9 + min(8 * FLOAT32_EPS * furthest / (2 * sigma**2), 3e-2)


def assert_formula(samples: np.ndarray, x: np.ndarray, sigma: float, **options) -> None:
    found = ParzenWindow(samples, **options).log_prob(x, sigma)
    expected = formula(samples, x, sigma)
    assert found.dtype == torch.float64
    assert found.shape == expected.shape
    np.testing.assert_allclose(found.cpu(), expected, rtol=1e-12, atol=float32_error(samples, x, sigma))


@st.composite
def problems(draw, max_scale: float = 10.0) -> tuple[np.ndarray, np.ndarray, float]:
    """Samples, points and a bandwidth; some points lie on samples, some samples are the same, all may be off-centre."""
    dimensions = draw(st.integers(1, 40))
    count, points = draw(st.integers(1, 30)), draw(st.integers(1, 20))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    scale = draw(st.floats(0.01, max_scale))
    offset = draw(st.sampled_from([0.0, -3.0, 100.0])) * scale
    samples = offset + scale * random.standard_normal((count, dimensions))
    x = offset + scale * draw(st.sampled_from([0.0, 1.0, 5.0])) * random.standard_normal((points, dimensions))
    same = min(draw(st.integers(0, 5)), count, points)
    x[:same] = samples[:same]
    samples[: draw(st.integers(0, count))] = samples[0]
    return samples, x, scale * draw(st.floats(0.1, 3.0))


@given(problems())
def test_formula(problem):
    assert_formula(*problem)


@given(problems(max_scale=0.5), st.sampled_from([np.float16, np.float32, np.float64]), st.booleans(), st.booleans())
def test_arrays_and_tensors_of_any_float_type(problem, dtype, samples_as_tensor, x_as_tensor):
    samples, x, sigma = problem
    samples, x = samples.astype(dtype), x.astype(dtype)
    found = ParzenWindow(torch.from_numpy(samples) if samples_as_tensor else samples).log_prob(
        torch.from_numpy(x) if x_as_tensor else x, sigma
    )
    assert isinstance(found, torch.Tensor)
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found, formula(samples, x, sigma), rtol=1e-12, atol=float32_error(samples, x, sigma))


def test_samples_and_points_of_different_types():
    samples, x, sigma = np.float16([[0.5, 1.0], [2.0, 0.25]]), torch.tensor([[1.0, 1.5]], dtype=torch.float64), np.float32(0.5)
    found = ParzenWindow(samples).log_prob(x, sigma)
    np.testing.assert_allclose(found, formula(samples, x.numpy(), 0.5), atol=1e-5)


def test_inputs_stay_as_they_were():
    samples, x = np.arange(6.0).reshape(3, 2), torch.tensor([[1.0, 2.0]])
    window = ParzenWindow(samples)
    window.log_prob(x, 0.3)
    window.log_prob(x, np.array([0.3, 1.0]))
    assert (samples == np.arange(6.0).reshape(3, 2)).all()
    assert torch.equal(x, torch.tensor([[1.0, 2.0]]))


@pytest.mark.parametrize("dimensions", [1, 2, 50])
def test_one_sample_is_a_gaussian(dimensions):
    random = np.random.default_rng(1)
    mean, x = random.standard_normal(dimensions), random.standard_normal((7, dimensions))
    expected = multivariate_normal(mean, 0.49 * np.eye(dimensions)).logpdf(x)
    np.testing.assert_allclose(ParzenWindow(mean[None]).log_prob(x, 0.7), expected, rtol=1e-6)


def test_two_samples_on_a_line():
    """By hand: the mean of two densities."""
    expected = np.log((norm(0, 0.5).pdf(0.3) + norm(1, 0.5).pdf(0.3)) / 2)
    assert ParzenWindow(np.array([[0.0], [1.0]])).log_prob(np.array([[0.3]]), 0.5).item() == pytest.approx(expected, rel=1e-6)


def test_density_integrates_to_one():
    samples = np.random.default_rng(2).standard_normal((20, 1))
    line = np.linspace(-12, 12, 4001)[:, None]
    density = ParzenWindow(samples).log_prob(line, 0.4).exp()
    assert torch.trapezoid(density, torch.from_numpy(line[:, 0])).item() == pytest.approx(1, abs=1e-5)


@given(problems(), st.floats(0.01, 100))
def test_scaling_everything_shifts_by_the_jacobian(problem, factor):
    samples, x, sigma = problem
    once = ParzenWindow(samples).log_prob(x, sigma)
    scaled = ParzenWindow(factor * samples).log_prob(factor * x, factor * sigma)
    tolerance = 2 * float32_error(samples, x, sigma)
    np.testing.assert_allclose(scaled, once - samples.shape[1] * np.log(factor), rtol=1e-12, atol=tolerance)


@given(problems(), st.randoms(use_true_random=False))
def test_order_does_not_matter(problem, random):
    samples, x, sigma = problem
    order, rows = list(range(len(samples))), list(range(len(x)))
    random.shuffle(order)
    random.shuffle(rows)
    found = ParzenWindow(samples[order]).log_prob(x[rows], sigma)
    tolerance = 2 * float32_error(samples, x, sigma)
    np.testing.assert_allclose(found, ParzenWindow(samples).log_prob(x, sigma)[rows], rtol=1e-12, atol=tolerance)


@given(problems(), st.integers(2, 4))
def test_repeating_all_samples_changes_nothing(problem, times):
    samples, x, sigma = problem
    found = ParzenWindow(np.tile(samples, (times, 1))).log_prob(x, sigma)
    tolerance = 2 * float32_error(samples, x, sigma)
    np.testing.assert_allclose(found, ParzenWindow(samples).log_prob(x, sigma), rtol=1e-12, atol=tolerance)


def test_points_so_far_away_that_every_kernel_underflows():
    random = np.random.default_rng(3)
    samples, x = random.random((50, 20)), 30 + random.random((4, 20))
    found = ParzenWindow(samples).log_prob(x, 0.1)
    assert (found < -800_000).all()  # exp of which is 0 in float64
    np.testing.assert_allclose(found, formula(samples, x, 0.1), rtol=1e-6)


@pytest.mark.parametrize("dimensions", [2, 10, 100])
def test_two_clusters_far_apart(dimensions):
    random = np.random.default_rng(7)

    def clusters(count):
        return random.integers(0, 2, (count, 1)) * 100 / dimensions**0.5 + 0.1 * random.standard_normal((count, dimensions))

    samples, x = clusters(200), clusters(50)
    np.testing.assert_allclose(ParzenWindow(samples).log_prob(x, 0.1), formula(samples, x, 0.1), atol=5e-3)


@pytest.mark.parametrize("precise", [False, True])
@pytest.mark.parametrize("gap", [1e3, 1e5, 1e7])
def test_clusters_so_far_apart_that_products_cancel_in_float64_too(gap, precise):
    random = np.random.default_rng(7)
    samples = np.concatenate([random.standard_normal((40, 10)), gap + random.standard_normal((40, 10))])
    x = samples[::4] + 0.1 * random.standard_normal((20, 10))
    found = ParzenWindow(samples, precise=precise).log_prob(x, 0.1)
    # Numbers near the gap's own size have no finer digits to tell distances by.
    np.testing.assert_allclose(found, formula(samples, x, 0.1), rtol=1e-8, atol=gap * 1e-12 if gap > 1e5 else 1e-9)


@pytest.mark.parametrize("sigma", [1e-4, 1e-6, 1e-9])
def test_bandwidths_so_narrow_that_products_cancel_in_float64_too(sigma):
    random = np.random.default_rng(8)
    samples = random.standard_normal((100, 10))
    on_samples, beside_them = samples[:20], samples[:20] + sigma * random.standard_normal((20, 10))
    window = ParzenWindow(samples)
    np.testing.assert_allclose(window.log_prob(on_samples, sigma), formula(samples, on_samples, sigma), rtol=1e-8)
    # What is left of a difference of sigma in numbers near 1 bounds what any formula can know.
    np.testing.assert_allclose(
        window.log_prob(beside_them, sigma), formula(samples, beside_them, sigma), atol=1e-14 / sigma + 1e-8
    )


def test_bandwidths_far_apart_in_one_call():
    samples, x = np.zeros((2, 3)), np.array([[0.0, 0.0, 0.0], [1e-20, 0.0, 0.0]])
    found = ParzenWindow(samples).log_prob(x, [1e-20, 1.0])
    for row, sigma in zip(found, (1e-20, 1.0), strict=True):
        np.testing.assert_allclose(row, formula(samples, x, sigma), rtol=1e-8)


@pytest.mark.parametrize("scale", [1e-25, 1e20])
def test_very_large_and_very_small_data(scale):
    samples = scale * np.random.default_rng(8).standard_normal((20, 10))
    np.testing.assert_allclose(ParzenWindow(samples).log_prob(samples, scale), formula(samples, samples, scale), rtol=1e-4)


@pytest.mark.parametrize(("count", "points"), [(1, 1), (1, 9), (9, 1)])
def test_one_sample_or_one_point(count, points):
    random = np.random.default_rng(4)
    assert_formula(random.random((count, 5)), random.random((points, 5)), 0.2)


@given(problems(), st.integers(16, 5000))
def test_memory_budget_changes_nothing(problem, budget):
    """Every point counts once and stays in its place, whatever the blocks."""
    samples, x, sigma = problem
    sigmas = np.array([sigma, 2 * sigma])
    found = ParzenWindow(samples, memory_budget=budget).log_prob(x, sigmas)
    whole = ParzenWindow(samples).log_prob(x, sigmas)
    assert found.shape == whole.shape == (2, len(x))
    np.testing.assert_allclose(found, whole, rtol=1e-12, atol=2 * float32_error(samples, x, sigma))


def test_tiles_are_as_large_as_the_budget_allows(monkeypatch):
    """16 bytes a distance: it, its exponential, and that once more in float64."""
    tiles = []

    def record(x, samples, *others, compute=parzen._tile_log_sums):
        tiles.append(len(x) * samples.shape[1])
        return compute(x, samples, *others)

    monkeypatch.setattr(parzen, "_tile_log_sums", record)
    samples, x = np.random.default_rng(5).random((100, 3)), np.random.default_rng(6).random((10, 3))
    for budget, most in ((16, 1), (16 * 16, 16), (16 * 400, 400), (2**28, 1000)):
        tiles.clear()
        ParzenWindow(samples, memory_budget=budget).log_prob(x, 0.3)
        assert sum(tiles) == 1000
        assert max(tiles) == most


def test_few_points_do_not_put_all_samples_into_one_tile(monkeypatch):
    """Their copies in float64 keep to the budget too: 1,000 bytes are 12 rows of 10 numbers."""
    sizes = []

    def record(x, samples, *others, compute=parzen._tile_log_sums):
        sizes.append(samples.shape[1])
        return compute(x, samples, *others)

    monkeypatch.setattr(parzen, "_tile_log_sums", record)
    ParzenWindow(np.random.default_rng(5).random((100, 10)), memory_budget=1000).log_prob(np.zeros((1, 10)), 0.3)
    assert sum(sizes) == 100
    assert max(sizes) == 12


@given(problems(), st.lists(st.floats(0.1, 3.0), min_size=1, max_size=5))
def test_several_bandwidths_at_once_are_each_alone(problem, factors):
    samples, x, sigma = problem
    sigmas = [sigma * factor for factor in factors]
    window = ParzenWindow(samples)
    found = window.log_prob(x, np.array(sigmas))
    assert found.shape == (len(sigmas), len(x))
    for row, each in zip(found, sigmas, strict=True):
        np.testing.assert_allclose(row, window.log_prob(x, each), rtol=1e-12, atol=2 * float32_error(samples, x, each))
    np.testing.assert_array_equal(window.log_prob(x, torch.tensor(sigmas, dtype=torch.float64)), found)
    np.testing.assert_array_equal(window.log_prob(x, sigmas), found)


def test_shape_follows_the_bandwidth():
    window, x = ParzenWindow(np.zeros((2, 3))), np.zeros((5, 3))
    for scalar in (1, 1.0, np.float32(1), np.array(1.0), torch.tensor(1.0)):
        assert window.log_prob(x, scalar).shape == (5,)
    for several in ([1.0], np.array([1.0]), torch.tensor([1.0])):
        assert window.log_prob(x, several).shape == (1, 5)


BAD_MATRICES = [
    (np.array([[0.0, np.nan]]), "NaN or infinity"),
    (np.array([[0.0, np.inf]]), "NaN or infinity"),
    (np.zeros((0, 2)), "non-empty matrix"),
    (np.zeros((2, 0)), "non-empty matrix"),
    (np.zeros(2), "non-empty matrix"),
    (np.zeros((2, 2, 2)), "non-empty matrix"),
    (np.zeros((2, 2), np.uint8), "floats are needed.*uint8"),
    (np.zeros((2, 2), np.int64), "floats are needed.*int64"),
    (torch.zeros((2, 2), dtype=torch.bool), "floats are needed.*bool"),
]


@pytest.mark.parametrize(("matrix", "complaint"), BAD_MATRICES)
def test_bad_samples_and_points_are_refused_by_name(matrix, complaint):
    with pytest.raises(ValueError, match=f"samples: .*{complaint}"):
        ParzenWindow(matrix)
    with pytest.raises(ValueError, match=f"x: .*{complaint}"):
        ParzenWindow(np.zeros((3, 2))).log_prob(matrix, 0.5)


@pytest.mark.parametrize("budget", [0, -1, 15])
def test_a_budget_for_less_than_one_distance_is_refused(budget):
    with pytest.raises(ValueError, match=f"memory_budget: at least 16 bytes are needed; it is {budget}"):
        ParzenWindow(np.zeros((4, 2)), memory_budget=budget)


def test_objects_are_refused():
    with pytest.raises(ValueError, match="samples: no numbers that PyTorch can read"):
        ParzenWindow(np.array([[None, 1.0]]))


ROWS = np.random.default_rng(0).normal(size=(7, 3))


def read_only(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


def mapped(array: np.ndarray, mode: str, folder: Path) -> np.ndarray:
    np.save(folder / "rows.npy", array)
    return np.load(folder / "rows.npy", mmap_mode=mode)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "given",
    [
        lambda rows, folder: pd.DataFrame(rows),
        lambda rows, folder: rows.tolist(),
        lambda rows, folder: tuple(map(tuple, rows)),
        lambda rows, folder: list(rows),
        lambda rows, folder: list(torch.from_numpy(rows)),
        lambda rows, folder: rows[::-1].copy()[::-1],
        lambda rows, folder: rows[:, ::-1].copy()[:, ::-1],
        lambda rows, folder: np.asfortranarray(rows),
        lambda rows, folder: rows.astype(">f8"),
        lambda rows, folder: read_only(rows),
        lambda rows, folder: mapped(rows, "r", folder),
        lambda rows, folder: mapped(rows, "c", folder),
        lambda rows, folder: np.ma.masked_array(rows),
        lambda rows, folder: np.ma.masked_array(rows, mask=np.zeros_like(rows, bool)),
    ],
)
def test_what_is_plainly_a_matrix_is_taken_as_one(given, tmp_path):
    expected = ParzenWindow(ROWS).log_prob(ROWS, [0.3, 0.5])
    same = given(ROWS, tmp_path)
    np.testing.assert_array_equal(ParzenWindow(same).log_prob(same, [0.3, 0.5]), expected)
    np.testing.assert_array_equal(ParzenWindow(same).log_prob(same, pd.Series([0.3, 0.5])), expected)


def test_what_is_masked_is_refused_by_name():
    masked = np.ma.masked_greater(ROWS, 1)
    with pytest.raises(ValueError, match="samples: is a masked array"):
        ParzenWindow(masked)
    with pytest.raises(ValueError, match="samples: is a masked array"):
        ParzenWindow(iter([ROWS, masked])).log_prob(ROWS, 0.3)
    with pytest.raises(ValueError, match="x: is a masked array"):
        ParzenWindow(ROWS).log_prob(masked, 0.3)
    with pytest.raises(ValueError, match="sigma: is a masked array"):
        ParzenWindow(ROWS).log_prob(ROWS, np.ma.masked_greater([0.3, 0.5], 0.4))


@pytest.mark.parametrize("given", [np.array, torch.tensor, lambda rows: mapped(rows, "r+", Path.cwd())])
def test_a_window_does_not_follow_its_array(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    samples = given(ROWS)
    window, expected = ParzenWindow(samples), ParzenWindow(ROWS).log_prob(ROWS, 0.3)
    samples[:] = 0
    np.testing.assert_array_equal(window.log_prob(ROWS, 0.3), expected)


def test_samples_mapped_to_be_read_only_are_not_copied(tmp_path):
    samples = mapped(ROWS, "r", tmp_path)
    assert ParzenWindow(samples)._samples[0].data_ptr() == samples.ctypes.data


@pytest.mark.parametrize("device", ["mps", "gpu", "meta", None, "cuda" if not torch.cuda.is_available() else "xla"])
def test_a_device_that_it_does_not_work_on_is_refused(device):
    with pytest.raises(ValueError, match=f"^device: .*; it is {device!r}"):
        ParzenWindow(ROWS, device=device)


@pytest.mark.parametrize("budget", [np.nan, np.inf, "1e9", "many"])
def test_an_impossible_budget_is_refused(budget):
    with pytest.raises(ValueError, match="memory_budget: at least 16 bytes"):
        ParzenWindow(ROWS, memory_budget=budget)


@pytest.mark.parametrize("budget", [1e9, 100.5, np.int64(64), np.float32(64)])
def test_a_budget_is_any_number(budget):
    expected = ParzenWindow(ROWS).log_prob(ROWS, 0.3)
    np.testing.assert_allclose(ParzenWindow(ROWS, memory_budget=budget).log_prob(ROWS, 0.3), expected, rtol=1e-6)


@pytest.mark.parametrize("sigma", [None, "0.2", "narrow", ["0.2"], [None], {"sigma": 0.2}, object()])
def test_what_is_not_a_bandwidth_is_refused(sigma):
    with pytest.raises(ValueError, match="sigma: no numbers"):
        ParzenWindow(ROWS).log_prob(ROWS, sigma)


def test_a_log_likelihood_beyond_float64_is_refused():
    with pytest.raises(ValueError, match="sigma: so narrow"):
        ParzenWindow(np.zeros((1, 2))).log_prob(np.ones((1, 2)), 1e-160)


def test_points_of_other_dimensions_are_refused():
    with pytest.raises(ValueError, match="x has 3 columns, the samples have 2"):
        ParzenWindow(np.zeros((4, 2))).log_prob(np.zeros((4, 3)), 0.5)


@pytest.mark.parametrize("sigma", [0.0, -0.1, np.nan, np.inf, [], [0.1, 0.0], [0.1, np.nan], [[0.1]]])
def test_bad_bandwidths_are_refused(sigma):
    with pytest.raises(ValueError, match="sigma: a positive, finite number"):
        ParzenWindow(np.zeros((4, 2))).log_prob(np.zeros((4, 2)), sigma)


@given(problems(), st.floats(0.01, 3.0))
def test_float64_throughout_on_request(problem, factor):
    samples, x, sigma = problem
    found = ParzenWindow(samples, precise=True).log_prob(x, sigma * factor)
    np.testing.assert_allclose(found, formula(samples, x, sigma * factor), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("sigma", [0.1, 0.3, 1.0, 3.0])
@pytest.mark.parametrize("precise", [False, True])
def test_3072_dimensions_of_norm_55(sigma, precise):
    """As CIFAR-10's images are after contrast normalisation: mean 0 and Euclidean norm 55. Some points lie on samples."""
    random = np.random.default_rng(10)
    smooth = random.standard_normal((400, 12)) @ random.standard_normal((12, 3072)) + 0.3 * random.standard_normal((400, 3072))
    images = smooth - smooth.mean(axis=1, keepdims=True)
    images *= 55 / np.linalg.norm(images, axis=1, keepdims=True)
    samples, x = images[:300].astype(np.float32), images[290:].astype(np.float32)
    tolerance = {"rtol": 1e-8} if precise else {"rtol": 1e-9, "atol": 1e-2}
    np.testing.assert_allclose(ParzenWindow(samples, precise=precise).log_prob(x, sigma), formula(samples, x, sigma), **tolerance)


@given(problems(), st.integers(1, 30))
def test_samples_may_come_in_blocks(problem, size):
    samples, x, sigma = problem
    blocks = [samples[start : start + size] for start in range(0, len(samples), size)]
    sigmas = np.array([sigma, 2 * sigma])
    tolerance = {"rtol": 1e-12, "atol": 3 * float32_error(samples, x, sigma)}
    window, whole = ParzenWindow(blocks), ParzenWindow(samples).log_prob(x, sigmas)
    np.testing.assert_allclose(window.log_prob(x, sigmas), whole, **tolerance)
    np.testing.assert_allclose(window.log_prob(x, sigmas), whole, **tolerance)


def test_blocks_are_checked_as_they_come():
    good, x = np.zeros((2, 3)), np.zeros((1, 3))
    for bad, complaint in (
        (np.full((1, 3), np.nan), "NaN"),
        (np.zeros((1, 2)), "x has 3 columns, the samples have 2"),
        ([], "non-empty"),
    ):
        with pytest.raises(ValueError, match=complaint):
            ParzenWindow([good, bad]).log_prob(x, 1.0)


def test_an_iterator_is_used_up_after_one_pass():
    window = ParzenWindow(iter([np.zeros((2, 3))]))
    window.log_prob(np.zeros((1, 3)), 1.0)
    with pytest.raises(ValueError, match="samples: none came"):
        window.log_prob(np.zeros((1, 3)), 1.0)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell a process's peak memory")
@pytest.mark.slow
def test_a_million_samples_are_streamed_in_little_memory():
    """1,000,000 samples of 784 dimensions, 2.9 GiB of float32, against 1,000 points."""
    program = """
import re, torch
from adversarial_nets.likelihood.parzen import ParzenWindow
block = torch.rand(10_000, 784)
blocks = (block.roll(shift, dims=1) for shift in range(100))
assert torch.isfinite(ParzenWindow(blocks).log_prob(torch.rand(1_000, 784), 0.2)).all()
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""
    kibibytes = int(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout)
    assert kibibytes < 1.5 * 2**20


PROCESSES = """
import sys
import numpy as np
import torch
from adversarial_nets.core import devices
from adversarial_nets.likelihood.parzen import ParzenWindow, share
samples, x, folder = np.load(sys.argv[1] + "/samples.npy"), np.load(sys.argv[1] + "/x.npy"), sys.argv[1]
with devices.processes(torch.device("cpu")) as (device, group):
    part = share(samples, group)
    values = ParzenWindow(part, device=device, group=group).log_prob(x, [0.1, 0.2])
    np.save(f"{folder}/{group.rank()}.npy", values), np.save(f"{folder}/part{group.rank()}.npy", part)
"""


@pytest.mark.nightly
def test_two_processes_give_the_value_of_one(tmp_path, digits):
    samples, x = digits[1::2], digits[::50]
    np.save(tmp_path / "samples.npy", samples), np.save(tmp_path / "x.npy", x)
    script = tmp_path / "script.py"
    script.write_text(PROCESSES)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    subprocess.run([*launcher, str(script), str(tmp_path)], check=True, capture_output=True, env=environment)
    parts = [np.load(tmp_path / f"part{rank}.npy") for rank in range(2)]
    np.testing.assert_array_equal(np.concatenate(parts), samples)
    for rank in range(2):
        found, alone = np.load(tmp_path / f"{rank}.npy"), ParzenWindow(samples).log_prob(x, [0.1, 0.2]).numpy()
        np.testing.assert_allclose(found, alone, atol=1e-6)


def test_products_are_exact_whatever_the_caller_allows(digits):
    """Set by either of PyTorch's ways; and they stay set afterwards."""
    samples, x = digits[1::50], digits[::50]
    expected, matmul = ParzenWindow(samples).log_prob(x, 0.2), torch.backends.mkldnn.matmul
    before = torch.get_float32_matmul_precision(), matmul.fp32_precision
    try:
        torch.set_float32_matmul_precision("medium")
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert torch.equal(ParzenWindow(samples).log_prob(x, 0.2), expected)
        assert torch.get_float32_matmul_precision() == "medium"
        torch.set_float32_matmul_precision("highest")
        matmul.fp32_precision = "bf16"
        assert torch.equal(ParzenWindow(samples).log_prob(x, 0.2), expected)
        assert matmul.fp32_precision == "bf16"
    finally:
        matmul.fp32_precision = before[1]
        torch.set_float32_matmul_precision(before[0])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@given(problems())
def test_the_gpu_gives_the_same(problem):
    assert_formula(*problem, device="cuda")


@pytest.mark.parametrize("sigma", [0.1, 0.1668, 0.2783, 1.0])
def test_real_digits(digits, sigma):
    """Every fifth digit is a point, and 1,000 others are samples: all classes on both sides."""
    samples, x = digits[1::5], digits[::25]
    found, expected = ParzenWindow(samples).log_prob(x, sigma).numpy(), formula(samples, x, sigma)
    assert abs(found.mean() - expected.mean()) < 1e-3
    np.testing.assert_allclose(found, expected, atol=3e-3 if sigma > 0.16 else 1e-2)
    np.testing.assert_allclose(ParzenWindow(samples, precise=True).log_prob(x, sigma), expected, rtol=1e-8)


def test_scikit_learns_kernel_density_is_not_a_substitute(digits):
    """Its trees bound a density to a tolerance that is lost in hundreds of dimensions: it is off by hundreds of nats."""
    samples, x = digits[1::5], digits[::50]
    expected = formula(samples, x, 0.2)
    trees = KernelDensity(bandwidth=0.2).fit(samples).score_samples(x)
    assert abs(trees - expected).max() > 100
    assert abs(ParzenWindow(samples).log_prob(x, 0.2).numpy() - expected).max() < 5e-3


def test_real_digits_that_are_samples_too(digits):
    """Distances of zero are where cancellation hurts most."""
    samples = digits[::10]
    found, expected = ParzenWindow(samples).log_prob(samples, 0.1).numpy(), formula(samples, samples, 0.1)
    assert abs(found.mean() - expected.mean()) < 1e-3
    np.testing.assert_allclose(found, expected, atol=5e-3)
