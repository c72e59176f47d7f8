"""What a reader sees in metrics.json, and the curves behind the figures, from results that were measured."""

import dataclasses
from statistics import fmean, stdev

import numpy as np
import pytest

from adversarial_nets.likelihood.protocol import SigmaChoice
from adversarial_nets.report import tables
from support.results import (
    SIGMAS,
    experiment_result,
    fold,
    of_baseline,
    seed_result,
    with_collapsed,
    without_classes,
    without_grey,
)

# metrics.json


def test_metrics_of_one_fold_are_over_images() -> None:
    result = experiment_result(seeds=2)
    metrics = result.metrics()
    per_image = [fmean(image) for image in zip(*(seed.log_likelihoods[0] for seed in result.seeds), strict=True)]
    per_seed = [fmean(seed.log_likelihoods[0]) for seed in result.seeds]
    assert metrics["log_likelihood"] == pytest.approx(fmean(per_seed), abs=1e-6)
    assert metrics["standard_error"] == pytest.approx(stdev(per_image) / len(per_image) ** 0.5, abs=1e-6)
    assert metrics["seed_std"] == pytest.approx(stdev(per_seed), abs=1e-6)


def test_metrics_of_several_folds_are_over_folds() -> None:
    result = experiment_result(seeds=3, fold_sizes=(20, 30, 40, 50, 60))
    metrics = result.metrics()
    per_fold = [fmean(fmean(seed.log_likelihoods[number]) for seed in result.seeds) for number in range(5)]
    per_seed = [fmean(fmean(values) for values in seed.log_likelihoods) for seed in result.seeds]
    assert metrics["log_likelihood"] == pytest.approx(fmean(per_fold), abs=1e-6)
    assert metrics["standard_error"] == pytest.approx(stdev(per_fold) / 5**0.5, abs=1e-6)
    assert metrics["seed_std"] == pytest.approx(stdev(per_seed), abs=1e-6)
    assert metrics["num_test_images"] == 200


def test_one_seed_has_no_spread() -> None:
    result = experiment_result(seeds=1)
    values = result.seeds[0].log_likelihoods[0]
    assert "seed_std" not in result.metrics()
    assert result.metrics()["log_likelihood"] == pytest.approx(fmean(values), abs=1e-6)
    assert result.metrics()["standard_error"] == pytest.approx(stdev(values) / 40**0.5, abs=1e-6)


def test_metrics_have_what_is_promised() -> None:
    metrics = experiment_result(seeds=2).metrics()
    promised = {"log_likelihood", "standard_error", "seed_std", "num_seeds", "sigma", "num_samples"}
    assert promised <= metrics.keys()
    assert (metrics["num_seeds"], metrics["sigma"], metrics["num_samples"]) == (2, 0.2, 1000)
    assert metrics["training_images_log_likelihood"] == 191.04
    assert metrics["kmeans_log_likelihood"] == 215.5
    assert metrics["refined_log_likelihood"] == pytest.approx(90.5)
    assert metrics["draw_std"] == pytest.approx(stdev([80, 84]), abs=1e-6)
    assert metrics["validation_log_likelihood"] == 50
    assert (metrics["class_entropy"], metrics["near_duplicates"]) == (pytest.approx(0.562), pytest.approx(0.039))
    assert (metrics["pixel_spread"], metrics["grey_pixels"], metrics["pixel_gradient"]) == pytest.approx((0.1862, 0.0801, 0.1234))


def test_without_classes_there_is_no_metric_of_them() -> None:
    metrics = without_classes(experiment_result(seeds=2)).metrics()
    assert "class_entropy" not in metrics
    assert metrics["near_duplicates"] == pytest.approx(0.039)


def test_contrast_normalised_images_have_no_metric_of_grey_pixels() -> None:
    metrics = without_grey(experiment_result(seeds=2)).metrics()
    assert "grey_pixels" not in metrics
    assert metrics["pixel_spread"] == pytest.approx(0.1862)


def test_sigma_is_the_mean_over_seeds() -> None:
    values = [np.arange(5.0)]
    seeds = [seed_result(0, values, best=1), seed_result(1, values, best=2)]
    result = dataclasses.replace(experiment_result(), seeds=seeds)
    assert result.metrics()["sigma"] == pytest.approx(0.3)
    assert result.metrics()["sigma_at_grid_end"] is True


def test_the_curve_of_sigma_is_the_mean_over_folds() -> None:
    seed = dataclasses.replace(seed_result(3, [np.arange(5.0)] * 2), sigma_choice=SigmaChoice(1000, [fold(0), fold(2)]))
    curve = dataclasses.replace(experiment_result(), seeds=[seed]).sigma_curve()
    assert curve.to_dict("list") == {"seed": [3, 3, 3], "sigma": SIGMAS, "log_likelihood": [40, 40, 40]}


def test_the_curve_over_numbers_of_samples_has_training_images_and_every_seed() -> None:
    curve = experiment_result(seeds=2).count_curve()
    lines = {name: dict(zip(rows["num_samples"], rows["log_likelihood"], strict=True)) for name, rows in curve.groupby("samples")}
    assert lines == {
        "training images": {1000: 120, 4000: 191.04},
        "generator, seed 0": {1000: 60, 10_000: 80, 100_000: 100},
        "generator, seed 1": {1000: 61, 10_000: 81, 100_000: 101},
    }


def test_score_stands_beside_sharpness_as_a_ratio_to_real_images() -> None:
    points = experiment_result(seeds=1).blur().set_index("images")
    assert points.index.tolist() == ["training images as samples", "k-means centroids of training images", "kept", "last"]
    assert points.loc["last", ["log_likelihood", "spread", "gradient", "grey"]].tolist() == [
        70.0, pytest.approx(0.19 / 0.1921), pytest.approx(0.14 / 0.1332), pytest.approx(0.07 / 0.0866)
    ]  # fmt: skip
    assert points.loc["kept", "spread"] == pytest.approx(0.1812 / 0.1921)


def test_scores_by_burn_in_are_means_over_seeds() -> None:
    curve = of_baseline(experiment_result(seeds=2), "deep_belief_network").burn_in_curve().set_index(["start", "burn_in"])
    assert curve["log_likelihood"].to_dict() == {
        ("marginals", 0): -49.5, ("marginals", 100): 30.5, ("training", 0): 90.5, ("training", 100): 32.5
    }  # fmt: skip
    assert experiment_result().burn_in_curve().empty


def test_only_chains_have_an_autocorrelation_time() -> None:
    assert of_baseline(experiment_result(), "deep_belief_network").metrics()["autocorrelation_time"] == 4.0
    assert "autocorrelation_time" not in experiment_result().metrics()


# Runs that collapsed


def test_metrics_are_of_the_runs_that_finished_and_say_how_many_were_started() -> None:
    result = experiment_result(seeds=3)
    finished = dataclasses.replace(result, seeds=result.seeds[1:]).metrics()
    metrics = with_collapsed(result, 0).metrics()
    told = {"num_seeds": 2, "num_started": 3, "num_collapsed": 1}
    assert {key: metrics[key] for key in told} == told
    assert metrics["median_log_likelihood"] == pytest.approx(sorted(each.log_likelihood for each in result.seeds)[1], abs=1e-6)
    other = {*told, "median_log_likelihood"}
    assert {key: value for key, value in metrics.items() if key not in other} == {
        key: value for key, value in finished.items() if key not in other
    }


def test_if_no_run_finished_the_metrics_are_of_all() -> None:
    result = experiment_result(seeds=2)
    metrics = with_collapsed(result, 0, 1).metrics()
    assert metrics == result.metrics() | {"num_collapsed": 2}


def test_every_run_has_a_row_with_its_outcome() -> None:
    result = with_collapsed(experiment_result(seeds=3), 1)
    table = result.seeds_table()
    assert table["seed"].tolist() == [0, 1, 2]
    assert table["outcome"].tolist() == ["finished", "collapsed", "finished"]
    assert table["log_likelihood"].tolist() == [each.log_likelihood for each in result.seeds]
    assert table["validation_log_likelihood"].tolist() == [50.0] * 3


@pytest.mark.parametrize(
    ("collapsed", "words"),
    [
        ((), " (3 runs, spread {spread:.1f})"),
        ((0,), " (2 of 3 runs, spread {spread:.1f}; 1 collapsed)"),
        ((0, 1, 2), " (no run finished, spread {spread:.1f}; 3 collapsed)"),
    ],
)
def test_the_table_says_how_many_runs_a_number_is_of_and_how_far_they_are_apart(collapsed: tuple[int, ...], words: str) -> None:
    result = with_collapsed(experiment_result(seeds=3), *collapsed)
    table, metrics = tables.results_table([result]), result.metrics()
    cell = f"{metrics['log_likelihood']:.1f} ± {metrics['standard_error']:.1f}{words.format(spread=metrics['seed_std'])}"
    assert tables.comparison(table)["Some digits, measured here"][3] == cell
    assert tables.details(table)["collapsed"].iloc[0] == " ".join(map(str, collapsed))
