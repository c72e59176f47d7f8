"""Nearest training images, by squared Euclidean distance as in Figure 2."""

import numpy as np
from sklearn.neighbors import NearestNeighbors


def nearest(images: np.ndarray, training_images: np.ndarray) -> np.ndarray:
    """For each image (m, D) the index of the nearest of the training images (n, D): (m,).

    Brute force: tree searches gain nothing in hundreds of dimensions.
    """
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(training_images)
    return search.kneighbors(images, return_distance=False)[:, 0]
