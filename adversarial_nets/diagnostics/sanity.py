"""Sanity checks: stand-ins for a generator's samples, scored by the same protocol, that a reader should see beside a model."""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from adversarial_nets.data.prepared import TEST, PreparedData
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import Score, score, scoring, spaced_counts
from adversarial_nets.parameters.evaluation import SanityParameters
from adversarial_nets.parameters.experiment import Experiment


@dataclass(frozen=True)
class Sanity:
    """Scores of the stand-ins by name, and of training images by number of samples; with the data set's title and test images.

    ``num_test_images``: of each fold.
    """

    data_set: str
    num_test_images: list[int]
    rows: dict[str, Score]
    by_num_samples: list[Score]


def measure(data: PreparedData, experiment: Experiment, device: torch.device) -> Sanity:
    """Score every stand-in. Raises InputError if a window refuses the data or a bandwidth."""

    def scored(samples: np.ndarray) -> Score:
        return score(ParzenWindow(samples, device=device), len(samples), data, experiment.evaluation)

    images = data.training_images
    in_random_order, counts = shuffled(images), spaced_counts(experiment.reliability.num_samples, len(images))
    with scoring():
        return Sanity(
            data_set=str(data.title),
            num_test_images=[len(data.fold_images(fold, TEST)) for fold in range(data.num_folds)],
            rows={name: scored(samples) for name, samples in stand_ins(images, experiment.sanity).items()},
            by_num_samples=[scored(in_random_order[:count]) for count in counts],
        )


def stand_ins(images: np.ndarray, parameters: SanityParameters) -> dict[str, np.ndarray]:
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


def centroids(images: np.ndarray, parameters: SanityParameters) -> np.ndarray:
    """k-means from random images, stopped early: (k, D), no more than there are images."""
    k = min(parameters.num_centroids, len(images))
    means = KMeans(k, init="random", n_init=1, max_iter=parameters.kmeans_iterations, tol=0, random_state=0)
    # More threads add a cluster's images up in an order of chance, and the last digits would differ from run to run.
    with threadpool_limits(1):
        return means.fit(images).cluster_centers_
