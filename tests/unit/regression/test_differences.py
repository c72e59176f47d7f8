"""Two runs beside each other: the difference, its errors, and what the page says of them."""

from dataclasses import replace
from statistics import fmean, stdev

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from adversarial_nets.regression.differences import Pair, Side
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
    scores = [seed.log_likelihoods for seed in result.seeds]
    results = Results(result.metrics(), PARAMETERS | parameters)
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
        [fmean(values) for values in zip(*(seed[0] for seed in each.scores), strict=True)] for each in (both.a, both.b)
    ]  # fmt: skip
    changes = [b - a for a, b in zip(*images, strict=True)]
    assert both.difference == pytest.approx(fmean(changes), abs=1e-5)
    assert both.standard_error == pytest.approx(stdev(changes) / 40**0.5)
    assert both.standard_error < 0.1 < 2 < both.a.results.metrics["standard_error"]
    assert both.image_margin == pytest.approx(stats.ttest_1samp(changes, 0).confidence_interval().high - fmean(changes))


def test_several_folds_are_paired_fold_by_fold() -> None:
    both = pair(fold_sizes=(20, 30, 40))
    changes = [float(np.mean(b) - np.mean(a)) for a, b in zip(both.a.folds, both.b.folds, strict=True)]
    assert both.standard_error == pytest.approx(stdev(changes) / 3**0.5)
    assert both.image_margin == pytest.approx(stats.ttest_1samp(changes, 0).confidence_interval().high - fmean(changes))


def test_the_seeds_margin_is_students() -> None:
    both = pair()
    means = [[fmean(seed[0]) for seed in each.scores] for each in (both.a, both.b)]
    interval = stats.ttest_ind(means[1], means[0]).confidence_interval()
    assert both.seed_margin == pytest.approx((interval.high - interval.low) / 2, rel=1e-4)


def test_one_seed_may_stand_against_several() -> None:
    several, one = experiment(seeds=4), experiment(seeds=1)
    both = Pair("mnist5k", side("main", several), side("slower", one), COMPARABLE)
    spread = several.metrics()["seed_std"]
    assert both.seed_margin == pytest.approx(stats.t.ppf(0.975, 3) * spread * (1 + 1 / 4) ** 0.5)


@pytest.mark.parametrize(
    ("by", "seeds", "chances"),
    [
        (200.0, 3, []),
        (-200.0, 3, []),
        (5.0, 3, ["other seeds"]),
        (0.0, 3, ["other test images", "other seeds"]),
        (200.0, 1, ["other seeds (there is one on each side, so their spread is not known)"]),
    ],
)
def test_only_a_difference_beyond_both_kinds_of_chance_is_more(by: float, seeds: int, chances: list[str]) -> None:
    both = pair(by, seeds)
    assert both.chances == chances
    assert ("It is more than chance" in page(both)) == (not chances)
    assert ("It may be chance" in page(both)) == bool(chances)


def test_the_same_results_differ_in_nothing() -> None:
    result = experiment()
    both = Pair("mnist5k", side("main", result), side("slower", result), COMPARABLE)
    shown = page(both)
    assert both.standard_error == 0
    assert "There is no difference." in shown
    assert "None of this experiment's." in shown


@pytest.mark.parametrize("lost", ["a", "b"])
def test_without_the_scores_of_each_image_the_error_is_unpaired_and_the_page_says_so(lost: str) -> None:
    both = pair()
    both = replace(both, **{lost: replace(getattr(both, lost), scores=None)})
    errors = [each.results.metrics["standard_error"] for each in (both.a, both.b)]
    assert both.standard_error == pytest.approx(np.hypot(*errors))
    assert both.seed_margin == pytest.approx(pair().seed_margin)
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
    assert f"+{both.difference:.1f} ± {both.standard_error:.1f} nats" in shown
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
