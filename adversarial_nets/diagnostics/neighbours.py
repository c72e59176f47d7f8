"""Nearest images by Euclidean distance: those beside the samples in Figure 2, how near images are, whether samples are copies."""

from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import NearestNeighbors

QUANTILES = [0.01, 0.25, 0.5, 0.75]


def nearest(images: np.ndarray, training_images: np.ndarray) -> np.ndarray:
    """For each image (m, D) the index of the nearest of the training images (n, D): (m,).

    Brute force: tree searches gain nothing in hundreds of dimensions.
    """
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(training_images)
    return search.kneighbors(images, return_distance=False)[:, 0]


def distances(images: np.ndarray, training_images: np.ndarray) -> np.ndarray:
    """Euclidean distance of each image (m, D) from the nearest of the training images (n, D): (m,)."""
    return _distances(images, training_images[nearest(images, training_images)])


def distances_from_others(images: np.ndarray) -> np.ndarray:
    """Euclidean distance of each image (n, D) from the nearest of the others: (n,). Raises ValueError if there is no other."""
    if len(images) < 2:
        raise ValueError("two images or more are needed: a single one has no other")
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(images)
    return _distances(images, images[search.kneighbors(return_distance=False)[:, 0]])


def _distances(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Of rows from rows, from their differences: exactly 0 for equal images, which the search's own distances are not."""
    return np.linalg.norm(images - others, axis=1)


@dataclass(frozen=True)
class Distances:
    """Quantiles of one kind of distances to the nearest of ``num_others`` images, in the data's own scale."""

    distances: str
    num_others: int
    quantiles: list[float]


def copying(samples: np.ndarray, training_images: np.ndarray, test_images: np.ndarray) -> list[Distances]:
    """Quantiles of the distances to the nearest image, in the data's own scale, that show whether a generator copies its inputs.

    As many samples as test images (m, D) are used, or all if there are fewer. More images to be near to
    mean smaller distances: the last two rows have equally many, test images and as many training images at random.
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
    return [Distances(name, len(pair[1]), _quantiles(*pair)) for name, pair in pairs.items()]


def _quantiles(images: np.ndarray, others: np.ndarray) -> list[float]:
    return np.quantile(distances(images, others), QUANTILES).round(4).tolist()
