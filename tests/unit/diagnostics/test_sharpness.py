"""Sharpness against values worked out by hand, and that blur shows in all of it."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from adversarial_nets.data.prepared import OUTSIDE, TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.diagnostics import collapse
from adversarial_nets.diagnostics.sharpness import Sharpness, sharpness

NONE = np.array(["none"])


def of_shape(*shape: int, norm: float | None = None) -> PreparedData:
    """A data set of images of this shape, black ones."""
    images, folds = np.zeros((4, *shape), np.uint8), np.array([[TRAIN, TRAIN, VALIDATION, TEST]], np.uint8)
    contrast_norm = None if norm is None else np.array(norm)
    return PreparedData(np.array("Images"), images, np.zeros(4, np.uint8), np.arange(2), folds, NONE, NONE, contrast_norm)


def test_values_by_hand() -> None:
    """Two images of two rows and three columns."""
    first, second = [0.0, 1.0, 1.0, 0.5, 0.25, 0.05], [0.0, 0.0, 1.0, 0.5, 0.75, 0.95]
    found = sharpness(np.array([first, second], np.float32), of_shape(2, 3))
    spread = (0 + 0.5 + 0 + 0 + 0.25 + 0.45) / 6
    below = (0.5 + 0.75 + 0.95 + 0.5 + 0.75 + 0.05) / 6
    beside = (1 + 0 + 0.25 + 0.2 + 0 + 1 + 0.25 + 0.2) / 8
    assert found.spread == pytest.approx(spread)
    assert found.grey == 4 / 12
    assert found.gradient == pytest.approx(below + beside)


def test_the_limits_of_grey_are_not_grey() -> None:
    pixels = np.array([[0.1, 0.9, np.nextafter(0.1, 1), np.nextafter(0.9, 0)]])
    assert sharpness(pixels, of_shape(2, 2)).grey == 0.5


def test_channels_are_not_neighbours() -> None:
    """Colour images of three channels (3, 2, 2), each of one value: no gradient at all."""
    assert sharpness(np.repeat(np.array([[0.0, 0.5, 1.0]]), 4, axis=1), of_shape(3, 2, 2)) == Sharpness(
        spread=0.0, gradient=0.0, grey=1 / 3
    )


def test_contrast_normalised_pixels_are_not_grey() -> None:
    found = sharpness(np.array([[-2.0, 2.0, 0.5, 0.5]]), of_shape(2, 2, norm=3.0))
    assert found.grey is None
    assert found.gradient == pytest.approx((2.5 + 1.5) / 2 + (4 + 0) / 2)


def test_blur_shows_in_all_of_it(digits: np.ndarray) -> None:
    images = digits[::10]
    blurred = gaussian_filter(images.reshape(-1, 28, 28), (0, 1, 1)).reshape(-1, 784)
    sharp, smeared = (sharpness(rows, of_shape(28, 28)) for rows in (images, blurred))
    assert smeared.spread < 0.95 * sharp.spread
    assert smeared.grey > 1.1 * sharp.grey
    assert smeared.gradient < 0.85 * sharp.gradient


def test_collapse_has_that_of_samples_and_of_test_images(digits: np.ndarray) -> None:
    pixels = (digits[::100].reshape(-1, 28, 28) * 255).astype(np.uint8)
    folds = np.full((1, 50), OUTSIDE, np.uint8)
    folds[0, 30:35], folds[0, 35:] = VALIDATION, TEST
    data = PreparedData(np.array("Digits"), pixels, np.zeros(50, np.uint8), np.arange(30), folds, NONE, NONE)
    samples = data.training_images[:20] / 2
    measured = collapse.measure(samples, data)
    assert measured.samples_sharpness == sharpness(samples, data)
    assert measured.test_images_sharpness == sharpness(data.fold_images(0, TEST), data)
    assert measured.samples_sharpness.spread < measured.test_images_sharpness.spread
