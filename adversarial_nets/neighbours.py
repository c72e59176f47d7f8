"""Nearest training images, by squared Euclidean distance as in Figure 2, and how near images are to one another."""

import numpy as np
from sklearn.neighbors import NearestNeighbors


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
    """Euclidean distance of each image (n, D) from the nearest of the others: (n,). Raises ValueError where there is no other."""
    if len(images) < 2:
        raise ValueError("two images or more are needed: a single one has no other")
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(images)
    return _distances(images, images[search.kneighbors(return_distance=False)[:, 0]])


def _distances(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Of rows from rows, from their differences: exactly 0 for equal images, which the search's own distances are not."""
    return np.linalg.norm(images - others, axis=1)
