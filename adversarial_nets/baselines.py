"""Stand-ins for a generator's samples, scored by the same protocol: what a reader should see beside a model."""

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from adversarial_nets.parameters import BaselineParameters


def stand_ins(images: np.ndarray, parameters: BaselineParameters) -> dict[str, np.ndarray]:
    """Samples (n, D) by name, from training images (N, D)."""
    count = parameters.num_samples
    rows = {"training images as samples": images[:count]}
    if count < len(images):
        rows["random training images as samples"] = shuffled(images)[:count]
    rows["k-means centroids of training images"] = centroids(images, parameters)
    rows["mean training image"] = images.mean(axis=0, keepdims=True)
    return rows


def shuffled(images: np.ndarray) -> np.ndarray:
    """The images in an order of chance, always the same one."""
    return images[np.random.default_rng(0).permutation(len(images))]


def centroids(images: np.ndarray, parameters: BaselineParameters) -> np.ndarray:
    """k-means from random images, stopped early: (k, D), no more than there are images."""
    k = min(parameters.num_centroids, len(images))
    means = KMeans(k, init="random", n_init=1, max_iter=parameters.kmeans_iterations, tol=0, random_state=0)
    # More threads add a cluster's images up in an order of chance, and the last digits would differ from run to run.
    with threadpool_limits(1):
        return means.fit(images).cluster_centers_
