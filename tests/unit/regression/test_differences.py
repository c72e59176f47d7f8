"""Two runs beside each other: the difference, its errors, and what the page says of them."""

from dataclasses import replace
from statistics import fmean, stdev

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from adversarial_nets.likelihood.protocol import mean_and_standard_error
from adversarial_nets.regression.differences import Error, Pair, Side
from adversarial_nets.regression.revisions import Results
from adversarial_nets.regression.rules import Comparable
from adversarial_nets.report import tables
from adversarial_nets.report.page import render_template
from adversarial_nets.report.results import ExperimentResult
from support.results import experiment_result as experiment

COMPARABLE = Comparable(metrics=["num_samples", "num_test_images"], parameters=["data", "evaluation.sigma"])
PARAMETERS = {"data.source": "mnist", "evaluation.sigma.count": 10, "training.epochs": 5}


def side(name: str, result: ExperimentResult, **parameters: object) -> Side:
    table = tables.results_table([result])
    scores = {seed.seed: seed.log_likelihoods for seed in result.counted}
    by_seed = {"log_likelihood": {seed.seed: seed.log_likelihood for seed in result.counted}}
    results = Results(result.metrics(), PARAMETERS | parameters, by_seed)
    return Side(name, results, table[table["experiment"] == result.name], "data:image/png;base64,AAAA", scores)


def shifted(result: ExperimentResult, by: float) -> ExperimentResult:
    """The same scores but for this and a little of each image's own, different for each seed."""
    random = np.random.default_rng(1)
    seeds = [
        replace(seed, log_likelihoods=[fold + by + random.normal(0, 0.5, fold.shape) for fold in seed.log_likelihoods])
        for seed in result.seeds
    ]
    return replace(result, seeds=seeds)


def pair(by: float = 20.0, seeds: int = 3, fold_sizes: tuple[int, ...] = (40,), **parameters: object) -> Pair:
    one = experiment("mnist5k", seeds, fold_sizes)
    return Pair("mnist5k", side("main", one), side("slower", shifted(one, by), **parameters), COMPARABLE)


def page(*pairs: Pair) -> str:
    return " ".join(render_template("compare.html", a="main", b="slower", pairs=pairs).split())


def test_the_difference_is_of_the_means_and_its_error_paired_over_images() -> None:
    both = pair()
    images = [
        [fmean(values) for values in zip(*(seed[0] for seed in each.scores.values()), strict=True)] for each in (both.a, both.b)
    ]  # fmt: skip
    changes = [b - a for a, b in zip(*images, strict=True)]
    assert both.difference == pytest.approx(fmean(changes), abs=1e-5)
    assert both.image_error.value == pytest.approx(stdev(changes) / 40**0.5)
    assert both.image_error.value < 0.1 < 2 < both.a.results.metrics["standard_error"]
    margin = stats.ttest_1samp(changes, 0).confidence_interval().high - fmean(changes)
    assert both.image_error.margin == pytest.approx(margin)


def test_several_folds_are_paired_fold_by_fold() -> None:
    both = pair(fold_sizes=(20, 30, 40))
    folds = zip(both.a.folds(both.seeds), both.b.folds(both.seeds), strict=True)
    changes = [float(np.mean(b) - np.mean(a)) for a, b in folds]
    assert both.image_error.value == pytest.approx(stdev(changes) / 3**0.5)
    assert both.image_error.margin == pytest.approx(stats.ttest_1samp(changes, 0).confidence_interval().high - fmean(changes))


def test_seeds_that_both_sides_have_are_paired() -> None:
    both = pair(seeds=3)
    changes = [float(np.mean(both.b.scores[seed][0]) - np.mean(both.a.scores[seed][0])) for seed in range(3)]
    assert both.seeds == [0, 1, 2]
    assert both.seed_error.margin == pytest.approx(stats.ttest_1samp(changes, 0).confidence_interval().high - fmean(changes))


def test_seeds_that_one_side_lacks_are_left_out_of_a_paired_difference() -> None:
    five = experiment(seeds=5)
    three = replace(five, seeds=five.seeds[:3])
    assert five.metrics()["log_likelihood"] != three.metrics()["log_likelihood"]
    both = Pair("mnist5k", side("main", five), side("slower", three), COMPARABLE)
    assert (both.difference, both.image_error.value, both.margin) == (0, 0, 0)
    assert "Compared are the seeds that both runs have: 0, 1, 2." in page(both)


def test_other_seeds_are_two_samples() -> None:
    one = experiment(seeds=6)
    halves = [replace(one, seeds=one.seeds[:3]), replace(one, seeds=one.seeds[3:])]
    both = Pair("mnist5k", *(side(name, half) for name, half in zip("ab", halves, strict=True)), COMPARABLE)
    means = [[float(np.mean(seed[0])) for seed in each.scores.values()] for each in (both.a, both.b)]
    interval = stats.ttest_ind(means[1], means[0]).confidence_interval()
    assert both.seed_error.margin == pytest.approx((interval.high - interval.low) / 2, rel=1e-4)


def test_one_seed_may_stand_against_several() -> None:
    several, one = experiment(seeds=4), experiment(seeds=1)
    both = Pair("mnist5k", side("main", several), side("slower", one), COMPARABLE)
    spread = several.metrics()["seed_std"]
    assert both.seed_error.margin == pytest.approx(stats.t.ppf(0.975, 3) * spread * (1 + 1 / 4) ** 0.5)


def test_the_margin_has_both_errors_in_quadrature() -> None:
    images, seeds = Error(3.0, 499), Error(4.0, 4)
    assert (images + seeds).value == pytest.approx(5)
    assert 4 < (images + seeds).freedom < 499
    assert (images + Error(0.0, 4)).margin == pytest.approx(images.margin)
    assert (Error(0.0, 499) + seeds).margin == pytest.approx(seeds.margin)
    assert (Error(0.0, 499) + Error(0.0, 2)).margin == 0


@pytest.mark.parametrize("of_images", [99, 499])
@pytest.mark.parametrize("of_seeds", [2, 3, 4, 8])
@pytest.mark.parametrize("ratio", [0.1, 0.3, 0.6, 1.0, 2.0, 5.0])
def test_one_in_twenty_changes_that_do_nothing_exceeds_the_margin(of_images: int, of_seeds: int, ratio: float) -> None:
    """Within 1 %, and the simulation's own 0.2: whatever the ratio of the images' error to the seeds', from three seeds on."""
    random, count = np.random.default_rng(5), 40_000
    found = [
        Error(scale * (random.chisquare(freedom, count) / freedom) ** 0.5, freedom)
        for scale, freedom in ((1.0, of_seeds), (ratio, of_images))
    ]
    margin = stats.t.ppf(0.975, (found[0] + found[1]).freedom) * (found[0] + found[1]).value
    alarms = np.abs(random.normal(0, np.hypot(1.0, ratio), count)) > margin
    assert alarms.mean() == pytest.approx(0.05, abs=0.012)


@pytest.mark.parametrize("seeds", [range(3), range(10, 15)], ids=["paired", "not paired"])
def test_so_do_differences_of_whole_results(seeds: range) -> None:
    random = np.random.default_rng(5)
    alarms = [not nothing_done(seeds, 10.0, random).is_chance for _ in range(500)]
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.025)


def nothing_done(seeds: range, spread_over_images: float, random: np.random.Generator) -> Pair:
    """Two sides that differ by chance alone: as many seeds on either, with a spread of 1 over them."""
    beforehand = random.normal(0, 30, 100)
    sides = []
    for name, own in (("a", range(len(seeds))), ("b", seeds)):
        images = beforehand + random.normal(0, spread_over_images / 2**0.5, 100)
        of_seeds = images + random.normal(0, 1, (len(own), 1)) + random.normal(0, 0.3, (len(own), 100))
        sides.append(scored(name, dict(zip(own, of_seeds, strict=True))))
    return Pair("mnist5k", *sides, COMPARABLE)


def scored(name: str, scores: dict[int, np.ndarray]) -> Side:
    """A side with these log-likelihoods of test images, (m,) for each seed."""
    means = {seed: float(values.mean()) for seed, values in scores.items()}
    mean, error = mean_and_standard_error([np.mean(list(scores.values()), axis=0)])
    metrics = {"log_likelihood": mean, "standard_error": error, "num_seeds": len(scores), "num_test_images": 100}
    results = Results(metrics | {"seed_std": stdev(means.values())}, {}, {"log_likelihood": means})
    return Side(name, results, pd.DataFrame(), None, {seed: [values] for seed, values in scores.items()})


@pytest.mark.parametrize(
    ("by", "seeds", "is_chance"), [(200.0, 3, False), (-200.0, 3, False), (0.05, 3, True), (200.0, 1, True)]
)  # fmt: skip
def test_only_a_difference_beyond_the_margin_is_more_than_chance(by: float, seeds: int, is_chance: bool) -> None:
    both = pair(by, seeds)
    assert both.is_chance == is_chance
    assert ("It is more than chance" in page(both)) == (not is_chance)
    assert ("It may be chance" in page(both)) == is_chance
    assert ("too few to know" in page(both)) == (seeds == 1)


def test_the_same_results_differ_in_nothing() -> None:
    result = experiment(seeds=3)
    both = Pair("mnist5k", side("main", result), side("slower", result), COMPARABLE)
    shown = page(both)
    assert both.margin == 0
    assert "There is no difference." in shown
    assert "None of this experiment's." in shown


@pytest.mark.parametrize("lost", ["a", "b"])
def test_without_the_scores_of_each_image_the_error_is_unpaired_and_the_page_says_so(lost: str) -> None:
    both = pair()
    both = replace(both, **{lost: replace(getattr(both, lost), scores=None)})
    errors = [each.results.metrics["standard_error"] for each in (both.a, both.b)]
    assert both.image_error.value == pytest.approx(np.hypot(*errors))
    assert both.seed_error == pair().seed_error
    assert "<strong>not paired</strong>" in page(both)
    assert "<strong>not paired</strong>" not in page(pair())


def test_scores_of_other_images_are_not_paired() -> None:
    assert not pair(**{"data.source": "images"}).is_paired
    other = side("slower", experiment(fold_sizes=(41,)))
    both = Pair("mnist5k", side("main", experiment()), other, COMPARABLE)
    assert not both.is_paired
    assert set(both.obstacles) == {"num_test_images"}


def test_the_page_shows_parameters_rows_and_samples() -> None:
    both = pair(**{"training.epochs": 7, "training.learning_rate": 0.3})
    shown = page(both)
    assert both.parameters == {"training.epochs": (5, 7), "training.learning_rate": (None, 0.3)}
    assert "<td><code>training.epochs</code></td><td><code>5</code></td><td><code>7</code></td>" in shown
    assert f"+{both.difference:.1f} ± {both.margin:.1f} nats" in shown
    assert both.rows["of"].tolist() == ["main", "slower"] * 4
    assert both.rows["model"].tolist()[:2] == ["Adversarial nets (mnist5k)"] * 2
    assert shown.count('src="data:image/png;base64,AAAA"') == 2
    assert "cannot be compared" not in shown


def test_the_page_warns_of_another_protocol() -> None:
    both = pair(**{"evaluation.sigma.count": 20})
    assert both.obstacles == {"evaluation.sigma.count": (10, 20)}
    assert "cannot be compared" in page(both)


def test_the_page_escapes_names_and_needs_nothing_else() -> None:
    evil = "<script>alert(1)</script>"
    both = pair()
    both = replace(both, b=replace(both.b, name=evil, samples=None, table=both.b.table.assign(model=evil)))
    shown = render_template("compare.html", a="main", b=evil, pairs=[both])
    assert "<script" not in shown
    assert "http" not in shown
    assert "it has no picture of samples" in shown


def test_rows_of_another_time_may_lack_columns() -> None:
    both = pair()
    both = replace(both, a=replace(both.a, table=both.a.table.drop(columns="num_samples")))
    assert both.rows["samples"].tolist()[0] == ""
    assert isinstance(both.rows, pd.DataFrame)
