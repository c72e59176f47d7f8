"""The choice of σ, folds and standard errors around the Parzen window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import sem

from adversarial_nets.data.prepared import OUTSIDE, TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.likelihood import protocol as evaluation
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import (
    CrossValidation,
    cross_validate,
    cross_validate_folds,
    mean_and_standard_error,
    score,
)
from adversarial_nets.parameters.evaluation import EvaluationParameters, SigmaGrid

NUM_IMAGES, SIDE = 60, 3


@pytest.fixture
def protocol() -> EvaluationParameters:
    grid = SigmaGrid(lowest=0.05, highest=0.8, count=7)
    return EvaluationParameters(num_validation_images=5, sigma=grid)


def prepared(num_folds: int) -> PreparedData:
    """Images that grow brighter with their index; each fold has its own 8 validation and 12 test images."""
    random = np.random.default_rng(0)
    brightness = np.linspace(0, 200, NUM_IMAGES)[:, None, None]
    folds = np.full((num_folds, NUM_IMAGES), OUTSIDE, np.uint8)
    for fold in folds:
        order = random.permutation(np.arange(20, NUM_IMAGES))
        fold[:20], fold[order[:8]], fold[order[8:20]] = TRAIN, VALIDATION, TEST
    return PreparedData(
        title=np.array("made up"),
        images=(brightness + random.integers(0, 55, (NUM_IMAGES, SIDE, SIDE))).astype(np.uint8),
        labels=np.zeros(NUM_IMAGES, np.uint8),
        training=np.arange(20),
        folds=folds,
        source_files=np.array(["none"]),
        source_checksums=np.array(["none"]),
    )


def images_of(data: PreparedData, fold: int, code: int) -> np.ndarray:
    """Written out: pixels in [0, 1] of the images with this code, in order."""
    return np.array([data.images[index].ravel() / 255 for index in range(NUM_IMAGES) if data.folds[fold, index] == code])


@pytest.fixture
def samples() -> np.ndarray:
    return np.random.default_rng(1).random((30, SIDE * SIDE)).astype(np.float32)


def test_published_grid():
    published = [0.1, 0.129154967, 0.166810054, 0.215443469, 0.278255940, 0.359381366, 0.464158883, 0.599484250, 0.774263683, 1.0]
    assert pytest.approx(published, rel=1e-8) == evaluation.PUBLISHED_SIGMAS
    found = evaluation.sigma_grid(SigmaGrid(lowest=0.1, highest=1.0, count=10))
    assert found.tolist() == pytest.approx(published, rel=1e-8)


@given(st.floats(1e-3, 1), st.floats(1.01, 100), st.integers(2, 30))
def test_grid_is_even_in_the_logarithm(lowest, ratio, count):
    found = evaluation.sigma_grid(SigmaGrid(lowest=lowest, highest=lowest * ratio, count=count))
    assert len(found) == count
    assert found[[0, -1]] == pytest.approx([lowest, lowest * ratio], rel=1e-12)
    np.testing.assert_allclose(np.diff(np.log10(found)), np.log10(ratio) / (count - 1), rtol=1e-6)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20, unique=True))
def test_the_most_likely_bandwidth_is_chosen(log_likelihoods):
    sigmas = np.logspace(-1, 0, len(log_likelihoods)).tolist()
    chosen = CrossValidation(sigmas, log_likelihoods)
    best = sorted(range(len(sigmas)), key=lambda index: log_likelihoods[index])[-1]
    assert chosen.sigma == sigmas[best]
    assert chosen.log_likelihood == log_likelihoods[best]
    assert chosen.at_grid_end == (best == 0 or best == len(sigmas) - 1)


def test_first_of_equals_is_chosen():
    chosen = CrossValidation([0.1, 0.2, 0.3, 0.4], [1.0, 5.0, 5.0, 2.0])
    assert (chosen.sigma, chosen.at_grid_end) == (0.2, False)


def test_cross_validation_averages_over_images(samples):
    images, sigmas = np.random.default_rng(2).random((11, SIDE * SIDE)), np.array([0.1, 0.3, 0.9])
    found = cross_validate(ParzenWindow(samples), images, sigmas)
    assert found.sigmas == sigmas.tolist()
    assert found.log_likelihoods == pytest.approx([float(ParzenWindow(samples).log_prob(images, s).mean()) for s in sigmas])


def test_bandwidth_of_gaussian_samples_lies_where_it_should():
    """Samples and points at random around one centre per point, 0.3 away in each coordinate: the best sigma is about 0.3."""
    random = np.random.default_rng(3)
    centres = 10 * random.standard_normal((200, 20))
    points = centres + 0.3 * random.standard_normal(centres.shape)
    assert cross_validate(ParzenWindow(centres), points, np.array([0.1, 0.2, 0.3, 0.45, 0.7])).sigma == 0.3


def test_log_likelihoods_are_the_parzen_windows_of_each_folds_test_images(samples):
    data, window = prepared(2), ParzenWindow(samples)
    found = evaluation.log_likelihoods(window, data, [0.3, 0.5])
    for fold, (values, sigma) in enumerate(zip(found, [0.3, 0.5], strict=True)):
        assert isinstance(values, np.ndarray)
        assert values.dtype == np.float64
        np.testing.assert_allclose(values, window.log_prob(images_of(data, fold, TEST), sigma), rtol=1e-5)


def test_folds_choose_by_their_own_first_validation_images(samples, protocol):
    data = prepared(3)
    sigmas = evaluation.sigma_grid(protocol.sigma)
    found = cross_validate_folds(ParzenWindow(samples), data, protocol)
    assert len(found) == 3
    for fold, validation in enumerate(found):
        images = images_of(data, fold, VALIDATION)[: protocol.num_validation_images]
        expected = ParzenWindow(samples).log_prob(images, sigmas).mean(dim=1).tolist()
        assert validation.sigmas == sigmas.tolist()
        assert validation.log_likelihoods == pytest.approx(expected, rel=1e-5)


def test_all_validation_images_serve_if_they_are_few(samples, protocol):
    data = prepared(1)
    sigmas = evaluation.sigma_grid(protocol.sigma)
    many = protocol.model_copy(update={"num_validation_images": 1000})
    expected = ParzenWindow(samples).log_prob(images_of(data, 0, VALIDATION), sigmas).mean(dim=1).tolist()
    assert cross_validate_folds(ParzenWindow(samples), data, many)[0].log_likelihoods == pytest.approx(expected, rel=1e-5)


VALUES = st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=50)


@given(VALUES)
def test_standard_error_of_one_fold_is_over_its_images(values):
    mean, error = mean_and_standard_error([np.array(values)])
    assert mean == pytest.approx(sum(values) / len(values), rel=1e-9, abs=1e-9)
    assert error == pytest.approx(sem(values), rel=1e-9, abs=1e-12)


def test_standard_error_by_hand():
    """Sample standard deviation (n - 1): sqrt(((-2)^2 + 0 + 2^2) / 2) = 2, over sqrt(3)."""
    assert mean_and_standard_error([np.array([1.0, 3.0, 5.0])]) == pytest.approx((3.0, 2 / 3**0.5))


@given(st.lists(VALUES, min_size=2, max_size=6))
def test_standard_error_of_several_folds_is_over_their_means(folds):
    mean, error = mean_and_standard_error([np.array(fold) for fold in folds])
    means = [sum(fold) / len(fold) for fold in folds]
    assert mean == pytest.approx(sum(means) / len(means), rel=1e-9, abs=1e-9)
    assert error == pytest.approx(sem(means), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("num_folds", [1, 3])
def test_score_is_the_whole_protocol(samples, protocol, num_folds):
    data = prepared(num_folds)
    grid = np.geomspace(0.05, 0.8, 7)
    window, sigmas, folds = ParzenWindow(samples), [], []
    for fold in range(num_folds):
        on_validation = window.log_prob(images_of(data, fold, VALIDATION)[:5], grid).mean(dim=1)
        sigmas.append(grid[int(on_validation.argmax())])
        folds.append(window.log_prob(images_of(data, fold, TEST), sigmas[-1]).numpy())
    over = folds[0] if num_folds == 1 else [fold.mean() for fold in folds]
    found = score(window, len(samples), data, protocol)
    assert found.log_likelihood == pytest.approx(np.mean(over), rel=1e-5)
    assert found.standard_error == pytest.approx(sem(over), rel=1e-4)
    assert found.sigmas == pytest.approx(sigmas)
    assert found.sigma_at_grid_end is False


def test_a_grid_that_ends_too_early_is_flagged(samples, protocol):
    short = protocol.model_copy(update={"sigma": SigmaGrid(lowest=0.01, highest=0.02, count=3)})
    assert score(ParzenWindow(samples), len(samples), prepared(2), short).sigma_at_grid_end is True


def test_one_fold_at_the_grids_end_is_enough(samples, protocol, monkeypatch):
    folds = [CrossValidation([0.1, 0.2, 0.3], [1.0, 2.0, 1.0]), CrossValidation([0.1, 0.2, 0.3], [1.0, 2.0, 3.0])]
    monkeypatch.setattr(evaluation, "cross_validate_folds", lambda *arguments: folds)
    found = score(ParzenWindow(samples), len(samples), prepared(2), protocol)
    assert found.sigma_at_grid_end is True
    assert found.sigmas == [0.2, 0.3]
