"""Nearest images by Euclidean distance: those beside the samples in Figure 2, and whether samples are copies."""

from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors

QUANTILES = [0.01, 0.25, 0.5, 0.75]


def nearest(images: np.ndarray, training_images: np.ndarray) -> np.ndarray:
    """For each image (m, D) the index of the nearest of the training images (n, D): (m,).

    Brute force: tree searches gain nothing in hundreds of dimensions.
    """
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(training_images)
    return search.kneighbors(images, return_distance=False)[:, 0]


def distances(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each image (m, D) the Euclidean distance to the nearest of the others (n, D): (m,), one pass in blocks."""
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(others)
    return search.kneighbors(images)[0][:, 0]


def copying(samples: np.ndarray, training_images: np.ndarray, test_images: np.ndarray) -> list[dict[str, Any]]:
    """Quantiles of the distances to the nearest image, in the data's own scale, that show whether a generator copies its inputs.

    As many samples as test images (m, D) are used, where there are so many. The more images there are to be near to, the smaller
    are the distances: the last two rows have equally many, test images and as many training images at random.
    """
    samples = samples[: len(test_images)]
    count = min(len(test_images), len(training_images))
    some = training_images[np.random.default_rng(0).permutation(len(training_images))[:count]]
    pairs = {
        "test images to training images": (test_images, training_images),
        "samples to training images": (samples, training_images),
        "samples to test images": (samples, test_images[:count]),
        "samples to as many training images": (samples, some),
    }
    return [{"distances": name, "num_others": len(pair[1]), "quantiles": _quantiles(*pair)} for name, pair in pairs.items()]


def _quantiles(images: np.ndarray, others: np.ndarray) -> list[float]:
    return np.quantile(distances(images, others), QUANTILES).round(4).tolist()
