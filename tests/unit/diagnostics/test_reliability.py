"""What surrounds a generator's score: its intervals, refined bandwidths, stand-ins for samples, and a density that is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial_nets.data.prepared import TRAIN, PreparedData
from adversarial_nets.diagnostics import reliability
from adversarial_nets.diagnostics.sanity import binary_draws, blurred, centroids, shuffled, stand_ins
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import spaced_counts
from adversarial_nets.parameters.evaluation import CountGrid, SanityParameters, SigmaGrid

GRID = SigmaGrid(lowest=0.1, highest=1.0, count=10)


def test_the_bootstrap_interval_is_near_the_normal_one():
    """Of a mean of many values, both are mean ± 1.96 standard errors."""
    values = np.random.default_rng(1).normal(100, 30, 2000)
    error = values.std(ddof=1) / 2000**0.5
    expected = values.mean() - 1.96 * error, values.mean() + 1.96 * error
    assert reliability.bootstrap_interval([values]) == pytest.approx(expected, abs=0.1 * error)


def test_the_bootstrap_interval_of_folds_is_about_the_mean_of_their_means():
    random = np.random.default_rng(2)
    folds = [random.normal(100, 30, 1000), random.normal(300, 30, 50)]
    error = (30**2 / 1000 + 30**2 / 50) ** 0.5 / 2
    middle = np.mean([fold.mean() for fold in folds])
    assert reliability.bootstrap_interval(folds) == pytest.approx((middle - 1.96 * error, middle + 1.96 * error), abs=0.3 * error)


def test_the_bootstrap_interval_is_the_same_each_time():
    values = [np.random.default_rng(3).normal(0, 1, 100)]
    assert reliability.bootstrap_interval(values) == reliability.bootstrap_interval(values)


@pytest.mark.parametrize("true_sigma", [0.04, 0.25, 2.0])
def test_refining_finds_the_best_bandwidth_between_and_beyond_the_grids(true_sigma):
    """Points scattered around well separated samples: the best sigma is their root mean square distance per coordinate."""
    random = np.random.default_rng(4)
    samples = 100 * random.standard_normal((100, 30))
    noise = true_sigma * random.standard_normal(samples.shape)
    found, at_end = reliability.refine_sigma(ParzenWindow(samples), samples + noise, GRID)
    assert found == pytest.approx(np.sqrt((noise**2).mean()), rel=2e-3)
    assert not at_end


@pytest.mark.parametrize(("scale", "end"), [(1e-4, 0.01), (1e3, 10.0)])
def test_refining_says_when_it_ran_into_an_end_of_its_search(scale, end):
    random = np.random.default_rng(4)
    samples, images = scale * random.standard_normal((50, 5)), scale * random.standard_normal((50, 5))
    assert reliability.refine_sigma(ParzenWindow(samples), images, GRID) == (pytest.approx(end, rel=0.01), True)


@given(st.integers(1, 1000), st.floats(1, 1000), st.integers(2, 9), st.integers(1, 2000))
def test_counts_go_from_end_to_end_and_never_beyond_what_is_there(lowest, ratio, count, available):
    highest = int(lowest * ratio)
    found = spaced_counts(CountGrid(lowest=lowest, highest=highest, count=count), available)
    assert found == sorted(set(found))
    assert found[0] == min(lowest, available)
    assert found[-1] == min(highest, available)


def test_counts_without_a_limit():
    assert spaced_counts(CountGrid(lowest=1000, highest=100_000, count=5)) == [1000, 3162, 10_000, 31_623, 100_000]


def test_the_error_on_a_known_density_is_small_on_a_line_and_large_in_many_dimensions():
    line, space = (reliability.known_density_errors(dimensions, 2000, 500, 3) for dimensions in (1, 100))
    assert line["error"].abs().max() < 0.05
    assert (space["error"] < -10).all()
    assert space["repeat"].tolist() == [0, 1, 2]
    assert space["error"].nunique() == 3


def test_the_error_on_a_known_density_is_that_of_its_formula():
    """In the plane, with the bandwidth that was chosen: E log p_estimated(x) - log p(x), from the same draws."""
    found = reliability.known_density_errors(2, 50, 40, 1).iloc[0]
    points = np.random.default_rng(2).standard_normal((40, 2), dtype=np.float32).astype(np.float64)
    samples = np.random.default_rng([2, 50]).standard_normal((90, 2), dtype=np.float32)[:50].astype(np.float64)
    variance = found["sigma"] ** 2
    kernels = np.exp(-((points[:, None] - samples) ** 2).sum(axis=2) / (2 * variance)) / (2 * np.pi * variance)
    truth = np.exp(-(points**2).sum(axis=1) / 2) / (2 * np.pi)
    assert found["error"] == pytest.approx((np.log(kernels.mean(axis=1)) - np.log(truth)).mean(), abs=1e-4)


def test_the_best_bandwidth_of_a_known_density_is_within_what_is_searched():
    """Of a finer and wider search, with many samples on a line as with few in a large space."""
    for dimensions, count in ((1, 1000), (30, 300)):
        random = np.random.default_rng(0)
        samples, points = (random.standard_normal((n, dimensions)) for n in (count, 500))
        sigmas = np.geomspace(0.01, 10, 200)
        best = sigmas[ParzenWindow(samples).log_prob(points, sigmas).mean(dim=1).argmax()]
        searched = reliability.KNOWN_DENSITY_SIGMAS * reliability.silverman_bandwidth(count, dimensions)
        assert searched[0] < best < searched[-1]


def sanity_parameters(**changes: int) -> SanityParameters:
    return SanityParameters(**{"num_samples": 20, "num_centroids": 5, "kmeans_iterations": 3} | changes)


def data_set(norm: float | None = None) -> PreparedData:
    """Sixty random images of 2 × 3 pixels for training."""
    pixels, text = np.random.default_rng(5).integers(0, 256, (60, 2, 3), np.uint8), np.array(["none"])
    contrast_norm = None if norm is None else np.array(norm)
    folds = np.full((1, 60), TRAIN, np.uint8)
    return PreparedData(np.array("Noise"), pixels, np.zeros(60, np.uint8), np.arange(60), folds, text, text, contrast_norm)


@pytest.fixture
def images() -> np.ndarray:
    return data_set().training_images


def test_stand_ins_are_the_first_images_random_ones_altered_ones_centroids_and_the_mean(images):
    rows = stand_ins(data_set(), sanity_parameters())
    first, random, _, thresholded, drawn, means, mean = rows.values()
    np.testing.assert_array_equal(first, images[:20])
    assert len(random) == 20
    assert {tuple(row) for row in random} < {tuple(row) for row in images}
    assert {tuple(row) for row in random} != {tuple(row) for row in first}
    np.testing.assert_array_equal(thresholded, np.round(images[:20]))
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert means.shape == (5, 6)
    np.testing.assert_allclose(mean, images.mean(axis=0)[None])


def test_binary_draws_have_the_images_as_their_means():
    pixels = np.full((20_000, 1), 0.3, np.float32)
    assert binary_draws(pixels).mean() == pytest.approx(0.3, abs=4 * (0.3 * 0.7 / 20_000) ** 0.5)


def test_blur_is_the_binomial_mean_of_neighbours():
    dot = np.zeros((1, 5, 5), np.float32)
    dot[0, 2, 2] = 1
    expected = np.zeros((5, 5))
    expected[1:4, 1:4] = np.outer([1, 2, 1], [1, 2, 1]) / 16
    np.testing.assert_array_equal(blurred(dot.reshape(1, 25), (5, 5)).reshape(5, 5), expected)


def test_channels_are_blurred_apart():
    colours = np.concatenate([np.zeros((1, 4)), np.ones((1, 4))], axis=1).astype(np.float32)
    found = blurred(colours, (2, 2, 2))
    assert (found[:, :4] == 0).all()
    assert (found[:, 4:] == 9 / 16).all()


@pytest.mark.parametrize(("norm", "altered"), [
    (None, ["blurred training images", "thresholded training images", "binary draws from training images"]),
    (10.0, ["blurred training images"]),
])  # fmt: skip
def test_all_images_at_random_are_no_row_of_their_own_and_only_pixels_from_0_to_1_are_drawn(norm, altered):
    rows = stand_ins(data_set(norm), sanity_parameters(num_samples=60))
    assert list(rows) == ["training images as samples", *altered, "k-means centroids of training images", "mean training image"]


def test_shuffling_keeps_every_image_once(images):
    assert sorted(map(tuple, shuffled(images))) == sorted(map(tuple, images))


def test_a_centroid_is_the_mean_of_the_images_nearest_to_it(images):
    """Which is where k-means ends, given iterations enough; the same each time."""
    settled = sanity_parameters(kmeans_iterations=300)
    found = centroids(images, settled)
    nearest = ((images[:, None] - found) ** 2).sum(axis=2).argmin(axis=1)
    for number, centroid in enumerate(found):
        np.testing.assert_allclose(centroid, images[nearest == number].mean(axis=0), atol=1e-6)
    assert centroids(images, settled).tobytes() == found.tobytes()


def test_no_more_centroids_than_images(images):
    assert len(centroids(images, sanity_parameters(num_centroids=1000))) == 60


def test_variances_are_pooled() -> None:
    draws = np.random.default_rng(0).normal(size=(3, 5)) * [[1], [2], [9]]
    expected = np.sqrt(np.square(draws - draws.mean(axis=1, keepdims=True)).sum() / (3 * (5 - 1)))
    assert reliability.pooled(draws.std(axis=1, ddof=1).tolist()) == pytest.approx(expected)
