"""Sanity checks: stand-ins for a generator's samples, scored by the same protocol, that a reader should see beside a model."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import convolve1d
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from adversarial_nets.data.prepared import TEST, PreparedData
from adversarial_nets.diagnostics.sharpness import Sharpness, sharpness
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import Score, cross_validate_folds, score, scoring, spaced_counts
from adversarial_nets.parameters.evaluation import SanityParameters
from adversarial_nets.parameters.experiment import Experiment


@dataclass(frozen=True)
class Sanity:
    """Scores and sharpness of the stand-ins by name, and scores of training images by number of samples; with the data set's
    title and test images.

    ``num_test_images``: of each fold. ``mean_image_validation``: of the mean training image, on validation images at the best σ,
    in nats, the mean over folds: the bar of ``collapse.outcome``.
    """

    data_set: str
    num_test_images: list[int]
    rows: dict[str, Score]
    sharpness: dict[str, Sharpness]
    by_num_samples: list[Score]
    mean_image_validation: float


def measure(data: PreparedData, experiment: Experiment, device: torch.device) -> Sanity:
    """Score every stand-in. Raises InputError if a window refuses the data or a bandwidth."""

    def scored(samples: np.ndarray) -> Score:
        return score(ParzenWindow(samples, device=device), len(samples), data, experiment.evaluation)

    in_random_order, rows = shuffled(data.training_images), stand_ins(data, experiment.sanity)
    counts = spaced_counts(experiment.reliability.num_samples, len(in_random_order))
    with scoring():
        return Sanity(
            data_set=str(data.title),
            num_test_images=[len(data.fold_images(fold, TEST)) for fold in range(data.num_folds)],
            rows={name: scored(samples) for name, samples in rows.items()},
            sharpness={name: sharpness(samples, data) for name, samples in rows.items()},
            by_num_samples=[scored(in_random_order[:count]) for count in counts],
            mean_image_validation=mean_image_validation(data, experiment, device),
        )


def mean_image_validation(data: PreparedData, experiment: Experiment, device: torch.device) -> float:
    """The bar of ``collapse.outcome``, in nats: see ``Sanity``."""
    window = ParzenWindow(data.training_images.mean(axis=0, keepdims=True), device=device)
    return float(np.mean([fold.log_likelihood for fold in cross_validate_folds(window, data, experiment.evaluation)]))


def stand_ins(data: PreparedData, parameters: SanityParameters) -> dict[str, np.ndarray]:
    """Samples (n, D) by name, from the data's training images; thresholded and drawn ones if pixels are in [0, 1]."""
    images, count = data.training_images, parameters.num_samples
    rows = {"training images as samples": images[:count]}
    if count < len(images):
        rows["random training images as samples"] = shuffled(images)[:count]
    rows["blurred training images"] = blurred(images[:count], data.images.shape[1:])
    if data.contrast_norm is None:
        rows["thresholded training images"] = (images[:count] > 0.5).astype(np.float32)
        rows["binary draws from training images"] = binary_draws(images[:count])
    rows["k-means centroids of training images"] = centroids(images, parameters)
    rows["mean training image"] = images.mean(axis=0, keepdims=True)
    return rows


def blurred(rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Images of this shape, as rows (n, D), each pixel the mean of its 3 × 3 neighbours with binomial weights; black outside."""
    images = rows.reshape(len(rows), *shape)
    for axis in (-2, -1):
        images = convolve1d(images, [0.25, 0.5, 0.25], axis=axis, mode="constant")
    return images.reshape(rows.shape)


def binary_draws(rows: np.ndarray) -> np.ndarray:
    """Pixels that are 1 with the probability that the image's pixel gives, else 0: (n, D), always the same ones."""
    return (np.random.default_rng(0).random(rows.shape, dtype=np.float32) < rows).astype(np.float32)


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
