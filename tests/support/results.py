"""Results as the report reads them, with numbers that differ, and their files as the stages write them."""

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.diagnostics.collapse import Collapse, Signs
from adversarial_nets.diagnostics.costs import Costs
from adversarial_nets.diagnostics.helvetica import Helvetica, Moment
from adversarial_nets.diagnostics.mixing import BurnIn, Mixing
from adversarial_nets.diagnostics.neighbours import Distances
from adversarial_nets.diagnostics.overfitting import Judged, Overfitting
from adversarial_nets.diagnostics.reliability import Alternative, Refined, Reliability
from adversarial_nets.diagnostics.sanity import Sanity
from adversarial_nets.diagnostics.sharpness import Sharpness
from adversarial_nets.gan.run import Summary
from adversarial_nets.likelihood.protocol import CrossValidation, Score, SigmaChoice, save_log_likelihoods
from adversarial_nets.report.results import ExperimentResult, SeedResult
from adversarial_nets.running import paths
from adversarial_nets.running.paths import RunPaths
from adversarial_nets.theory.measurements import Figure1, Proposition1, Proposition2, Theorem1, Theory

MEAN_IMAGE = -60.0  # what the mean training image scores on validation images
SIGMAS = [0.1, 0.2, 0.4]
COPYING = [
    Distances("test images to training images", 4000, [1.234, 2.345, 3.456, 4.567]),
    Distances("samples to training images", 4000, [1.5, 2.5, 3.5, 4.5]),
]
COSTS = Costs(
    generator_parameters=2_503_984,
    discriminator_parameters=1_231_441,
    minibatch_size=100,
    discriminator_steps=3,
    multiply_adds_per_sample=2_500_800,
    multiply_adds_per_step=1_381_584_000,
)
HELVETICA = Helvetica(
    seed=0,
    num_compared=2000,
    objectives={
        "minimax": [
            Moment(updates=0, class_histogram=[9, 11], class_entropy=2.151, near_duplicates=0.026),
            Moment(updates=200, class_histogram=[1, 19], class_entropy=0.0123, near_duplicates=0.987),
        ],
        "non_saturating": [
            Moment(updates=0, class_histogram=[9, 11], class_entropy=2.151, near_duplicates=0.026),
            Moment(updates=200, class_histogram=[8, 12], class_entropy=2.048, near_duplicates=0.001),
        ],
    },
)
OVERFITTING = Overfitting(
    seed=0,
    rows=[
        Judged(updates, images, 400, 0.75 + updates / 1000, 0.5 - updates / 1000)
        for updates in (0, 200)
        for images in ("training", "held-out", "samples")
    ],
)
THEORY = Theory(
    proposition_1={"two_Gaussians": Proposition1(0.0123, 0.00456, -1.23456, -1.3, -1.4, 0.16544)},
    theorem_1=Theorem1(7.1e-7, -2.2e-9, 0.0341),
    proposition_2={
        "optimal_discriminator": Proposition2(-1e-9, 8.3e-8, 1e-5),
        "lagging_discriminator": Proposition2(0.00678, 0.00912, 0.05),
    },
    figure_1=Figure1(0.4, 0.01, 0.1),
)


def experiment_result(
    name: str = "mnist5k", seeds: int = 2, fold_sizes: tuple[int, ...] = (40,), data_set: str = "Some digits", best: int = 1
) -> ExperimentResult:
    """An experiment's results, with the best σ at the place ``best`` of its grid."""
    random = np.random.default_rng(7)
    results = [seed_result(seed, [random.normal(100 + seed, 30, size) for size in fold_sizes], best) for seed in range(seeds)]
    return ExperimentResult(name, results, sanity(data_set, fold_sizes), COSTS, HELVETICA, OVERFITTING)


def sanity(data_set: str, fold_sizes: tuple[int, ...]) -> Sanity:
    """Three stand-ins, and training images by their number."""
    log_likelihoods = {
        "training images as samples": 191.04,
        "k-means centroids of training images": 215.5,
        "mean training image": -66.0,
    }
    rows = {name: Score(1000, value, 4.0, [0.1] * len(fold_sizes), False) for name, value in log_likelihoods.items()}
    by_count = [Score(1000, 120.0, 4.0, [0.1], False), Score(4000, 191.04, 4.0, [0.1], False)]
    sharpness = dict.fromkeys(rows, Sharpness(0.192, 0.134, 0.087))
    return Sanity(data_set, list(fold_sizes), rows, sharpness, by_count, MEAN_IMAGE)


def seed_result(seed: int, log_likelihoods: list[np.ndarray], best: int = 1) -> SeedResult:
    """A run's results, with these test log-likelihoods."""
    return SeedResult(
        seed=seed,
        summary=Summary("cpu", 3, 3, 30, 20.0 + seed, 515184, 1231441),
        learning_curve=learning_curve(seed),
        sigma_choice=SigmaChoice(1000, [fold(best) for _ in log_likelihoods]),
        log_likelihoods=log_likelihoods,
        reliability=reliability(seed),
        collapse=collapse(seed),
        copying=COPYING,
    )


def fold(best: int = 1) -> CrossValidation:
    """A choice of σ, of which the one at this place is the best."""
    return CrossValidation(SIGMAS, [50.0 - 10 * abs(place - best) for place in range(len(SIGMAS))])


def learning_curve(seed: int) -> pd.DataFrame:
    """Of three epochs."""
    return pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "discriminator_objective": [0.6, 0.5, 0.4 + seed],
            "generator_objective": [0.7, 0.8, 0.9],
            "d_real": [0.5, 0.6, 0.7],
            "d_fake": [0.5, 0.4, 0.3],
            "learning_rate": [0.1, 0.09, 0.08],
            "momentum": [0.5, 0.6, 0.7],
            "validation_log_likelihood": [np.nan, 10.0 + seed, 20.0 + seed],
        }
    )


def reliability(seed: int) -> Reliability:
    """With a σ at an end of the search for seed 1."""
    return Reliability(
        bootstrap_interval=(-71.26, 99.99 + seed),
        refined=Refined(90.0 + seed, 3.0, [0.1234], seed == 1),
        draws=[Score(1000, nats + seed, 3.0, [0.1], False) for nats in (80.0, 84.0)],
        by_num_samples=[Score(10**power, 20.0 * power + seed, 3.0, [0.1], False) for power in (3, 4, 5)],
        alternatives=[Alternative("last", Score(1000, 70.0 + seed, 3.0, [0.1], False), Sharpness(0.19, 0.14, 0.07))],
    )


def mixing(seed: int) -> Mixing:
    """From training images the score falls to that from the mean image."""
    scores = {("marginals", 0): -50.0, ("marginals", 100): 30.0, ("training", 0): 90.0, ("training", 100): 32.0}
    by_burn_in = [BurnIn(*case, Score(1000, nats + seed, 3.0, [0.1], False)) for case, nats in scores.items()]
    return Mixing(4.0, by_burn_in)


def collapse(seed: int) -> Collapse:
    """Of two classes."""
    samples = Signs(class_histogram=[10, 30], class_entropy=0.512 + 0.1 * seed, near_duplicates=0.034 + 0.01 * seed)
    test_images = Signs(class_histogram=[5, 5], class_entropy=0.6931, near_duplicates=0.0071, classifier_accuracy=0.876)
    sharpness = Sharpness(0.1812 + 0.01 * seed, 0.1234, 0.0751 + 0.01 * seed), Sharpness(0.1921, 0.1332, 0.0866)
    return Collapse(4321, 1.5, samples, test_images, *sharpness)


def with_collapsed(result: ExperimentResult, *seeds: int) -> ExperimentResult:
    """The same, but these seeds end below the mean training image."""
    changed = [
        dataclasses.replace(each, learning_curve=each.learning_curve.assign(validation_log_likelihood=MEAN_IMAGE - 1))
        if each.seed in seeds
        else each
        for each in result.seeds
    ]
    return dataclasses.replace(result, seeds=changed)


def of_baseline(result: ExperimentResult, model: str) -> ExperimentResult:
    """As the stages measure it if the experiment is of another model."""
    curve = ["epoch", "learning_rate", "validation_log_likelihood"]
    seeds = [
        dataclasses.replace(
            seed,
            summary=dataclasses.replace(seed.summary, model=model, discriminator_parameters=None),
            learning_curve=seed.learning_curve[curve].assign(cost=[0.75, 0.5, 0.25]),
            reliability=dataclasses.replace(seed.reliability, mixing=mixing(seed.seed)),
        )
        for seed in result.seeds
    ]
    return dataclasses.replace(result, seeds=seeds, costs=None, helvetica=None, overfitting=None)


def without_classes(result: ExperimentResult) -> ExperimentResult:
    """As the stages measure it if the data has no labels."""
    seeds = [dataclasses.replace(seed, collapse=_without_classes(seed.collapse)) for seed in result.seeds]
    moments = {
        objective: [dataclasses.replace(moment, class_histogram=None, class_entropy=None) for moment in rows]
        for objective, rows in result.helvetica.objectives.items()
    }
    return dataclasses.replace(result, seeds=seeds, helvetica=dataclasses.replace(result.helvetica, objectives=moments))


def _without_classes(measured: Collapse) -> Collapse:
    samples, test_images = (Signs(near_duplicates=each.near_duplicates) for each in (measured.samples, measured.test_images))
    return dataclasses.replace(measured, samples=samples, test_images=test_images)


def without_grey(value: Any) -> Any:
    """Results as the stages measure them if the data is contrast-normalised: whatever holds sharpness, at any depth."""
    if isinstance(value, Sharpness):
        return dataclasses.replace(value, grey=None)
    if dataclasses.is_dataclass(value):
        changes = {field.name: without_grey(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **changes)
    if isinstance(value, dict):
        return {key: without_grey(each) for key, each in value.items()}
    return [without_grey(each) for each in value] if isinstance(value, list) else value


def write_experiment(result: ExperimentResult, folder: Path) -> None:
    """The files of an experiment as the stages write them, with stand-ins for the pictures."""
    for seed in result.seeds:
        _write_seed(seed, RunPaths(result.name, seed.seed), folder)
    of_all = RunPaths(result.name, 0)
    files.write_json(folder / of_all.sanity, result.sanity)
    files.write_json(folder / of_all.costs, result.costs)
    files.write_json(folder / of_all.helvetica, result.helvetica)
    files.write_json(folder / of_all.overfitting, result.overfitting)
    files.write_text(folder / of_all.helvetica_figure, f"{result.name} helvetica")


def _write_seed(seed: SeedResult, run: RunPaths, folder: Path) -> None:
    files.write_json(folder / run.summary, seed.summary)
    files.write_csv(folder / run.learning_curve, seed.learning_curve)
    files.write_json(folder / run.cross_validation, seed.sigma_choice)
    save_log_likelihoods(seed.log_likelihoods, folder / run.log_likelihoods)
    files.write_json(folder / run.reliability, seed.reliability)
    files.write_json(folder / run.collapse, seed.collapse)
    files.write_json(folder / run.copying, seed.copying)
    files.write_npy(folder / run.interpolations, np.arange(4 * 3 * 5 * 4, dtype=np.uint8).reshape(4, 3, 5, 4))
    for picture in (run.samples_figure, run.interpolations_figure):
        files.write_text(folder / picture, f"{run.name} {run.seed} {picture.name}")


def write_theory(folder: Path) -> None:
    """What the stages `theory` and `known_density` write, with stand-ins for the pictures."""
    files.write_json(folder / paths.THEORY, THEORY)
    for picture in (paths.FIGURE_1, paths.ANIMATION, paths.PROPOSITION_1, paths.THEOREM_1, paths.PROPOSITION_2):
        files.write_text(folder / picture, picture.name)
    rows = itertools.product((1, 100), (10, 1000), (0, 1))
    errors = pd.DataFrame(rows, columns=["dimensions", "num_samples", "repeat"])
    errors = errors.assign(sigma=0.5, error=-errors["dimensions"] / errors["num_samples"] - 0.1 * errors["repeat"])
    files.write_csv(folder / paths.KNOWN_DENSITY, errors)
