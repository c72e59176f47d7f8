"""Scores and samples computed again for a slice, from the samples and the generator that they came from; outcomes of runs."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from adversarial_nets.baselines.models import sample_stream
from adversarial_nets.core import files
from adversarial_nets.data import prepared
from adversarial_nets.data.prepared import TEST
from adversarial_nets.diagnostics.collapse import outcome
from adversarial_nets.diagnostics.sanity import Sanity
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import SigmaChoice, load_log_likelihoods
from adversarial_nets.parameters.reading import read_experiment
from adversarial_nets.regression.checks import OF_ONE_IMAGE, RECOMPUTED, Check, Compared, Numbers, if_present
from adversarial_nets.running.paths import RunPaths

NUM_IMAGES, NUM_SAMPLES = 50, 1000  # test images that are scored again, samples that are drawn again


def of_run(run: RunPaths) -> Iterator[Check]:
    """A run's scores follow from its samples, image by image and on average, and its samples from its generator."""
    sources = [run.samples, run.prepared, run.log_likelihoods, run.cross_validation]
    yield if_present(run.log_likelihoods, sources, lambda: (*map(_by_image, _rescored(run)), OF_ONE_IMAGE))
    yield if_present(run.log_likelihoods, sources, lambda: (*map(_means, _rescored(run)), RECOMPUTED))
    yield if_present(run.samples, [run.generator, run.samples, run.prepared, run.parameters], lambda: _redrawn(run))


def outcomes(sanity: Path, curves: Path) -> Numbers:
    """How each run of a reference ended, by the rule, from its learning curve."""
    bar, by_seed = files.read(sanity, Sanity).mean_image_validation, pd.read_csv(curves).groupby("seed")
    return {f"outcome of seed {seed}": outcome(curve, bar) for seed, curve in by_seed}


def _rescored(run: RunPaths) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Scores of each fold's first test images, and the same computed again under all samples."""
    data, window = prepared.load(run.prepared), ParzenWindow(files.read_samples(run.samples))
    sigmas = files.read(run.cross_validation, SigmaChoice).sigmas
    found = [fold[:NUM_IMAGES].astype(np.float64) for fold in load_log_likelihoods(run.log_likelihoods)]
    images = [data.fold_images(fold, TEST)[:NUM_IMAGES] for fold in range(len(sigmas))]
    return found, [window.log_prob(fold, sigma).numpy() for fold, sigma in zip(images, sigmas, strict=True)]


def _redrawn(run: RunPaths) -> Compared:
    """The first samples, drawn again: each by its pixels' largest difference."""
    experiment, images = read_experiment(run.parameters), prepared.load(run.prepared).training_images
    stream = sample_stream(run, experiment, images, torch.device("cpu"))
    kept = files.read_samples(run.samples)[:NUM_SAMPLES]
    again = np.concatenate(list(stream.drawn(len(kept), "sampling")))
    apart = np.abs(again - kept).max(axis=1)
    found = {f"largest difference in sample {number}": float(value) for number, value in enumerate(apart)}
    return found, dict.fromkeys(found, 0.0), RECOMPUTED


def _by_image(folds: list[np.ndarray]) -> Numbers:
    return {
        f"log-likelihood of test image {n}, fold {f}": float(value)
        for f, fold in enumerate(folds)
        for n, value in enumerate(fold)
    }


def _means(folds: list[np.ndarray]) -> Numbers:
    return {f"mean log-likelihood of {len(fold)} test images, fold {number}": fold.mean() for number, fold in enumerate(folds)}
