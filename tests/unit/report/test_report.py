"""The numbers, tables, figures and page that a reader sees."""

import base64
import dataclasses
import importlib
import itertools
import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from statistics import fmean, stdev
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import report
from common import Task
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.core.randomness import stream
from adversarial_nets.data import prepared as datasets
from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.diagnostics.neighbours import copying, distances, nearest
from adversarial_nets.gan.sampling import interpolated_noise
from adversarial_nets.likelihood.protocol import CrossValidation
from adversarial_nets.report import paper as published
from adversarial_nets.report import tables
from adversarial_nets.report.figures import images as figures
from adversarial_nets.report.results import ExperimentResult, SeedResult, load_experiment

SIGMAS = [0.1, 0.2, 0.4]
PAPER = {
    # Table 1 of the paper: MNIST, TFD
    "DBN": ("138 ± 2", "1909 ± 66"),
    "Stacked CAE": ("121 ± 1.6", "2110 ± 50"),
    "Deep GSN": ("214 ± 1.1", "1890 ± 29"),
    "Adversarial nets": ("225 ± 2", "2057 ± 26"),
}


def fold(best: int = 1) -> CrossValidation:
    """A choice of σ, of which the one at this place is the best."""
    return CrossValidation(SIGMAS, [50.0 - 10 * abs(place - best) for place in range(len(SIGMAS))])


def seed_result(seed: int, log_likelihoods: list[np.ndarray], best: int = 1) -> SeedResult:
    curve = pd.DataFrame(
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
    summary = {"device": "cpu", "epochs": 3, "kept_epoch": 3, "updates": 30, "validation_log_likelihood": 20.0 + seed}
    summary |= {"generator_parameters": 515184, "discriminator_parameters": 1231441}
    folds = [fold(best) for _ in log_likelihoods]
    return SeedResult(seed, summary, curve, folds, log_likelihoods, 1000, reliability(seed), collapse(seed))


COPYING = [
    {"distances": "test images to training images", "num_others": 4000, "quantiles": [1.234, 2.345, 3.456, 4.567]},
    {"distances": "samples to training images", "num_others": 4000, "quantiles": [1.5, 2.5, 3.5, 4.5]},
]


def reliability(seed: int) -> dict:
    """What the stage of that name measures, with numbers that can be told apart."""
    return {
        "bootstrap_interval": [-71.26, 99.99 + seed],
        "refined": {"log_likelihood": 90.0 + seed, "standard_error": 3.0, "sigmas": [0.1234], "sigma_at_search_end": seed == 1},
        "draws": [{"log_likelihood": 80.0 + seed}, {"log_likelihood": 84.0 + seed}],
        "by_num_samples": [{"num_samples": 10**power, "log_likelihood": 20.0 * power + seed} for power in (3, 4, 5)],
    }


def collapse(seed: int) -> dict:
    """What the stage of that name measures, of two classes."""
    samples = {"class_histogram": [10, 30], "class_entropy": 0.512 + 0.1 * seed, "near_duplicates": 0.034 + 0.01 * seed}
    test_images = {"class_histogram": [5, 5], "class_entropy": 0.6931, "near_duplicates": 0.0071, "classifier_accuracy": 0.876}
    return {"num_compared": 4321, "threshold": 1.5, "samples": samples, "test_images": test_images}


COSTS = {
    "generator_parameters": 2_503_984,
    "discriminator_parameters": 1_231_441,
    "minibatch_size": 100,
    "discriminator_steps": 3,
    "multiply_adds_per_sample": 2_500_800,
    "multiply_adds_per_step": 1_381_584_000,
}
HELVETICA = {
    "seed": 0,
    "num_compared": 2000,
    "objectives": {
        "minimax": [
            {"updates": 0, "class_entropy": 2.151, "near_duplicates": 0.026},
            {"updates": 200, "class_entropy": 0.0123, "near_duplicates": 0.987},
        ],
        "non_saturating": [
            {"updates": 0, "class_entropy": 2.151, "near_duplicates": 0.026},
            {"updates": 200, "class_entropy": 2.048, "near_duplicates": 0.001},
        ],
    },
}


def experiment(
    name: str = "mnist5k", seeds: int = 2, fold_sizes: tuple[int, ...] = (40,), data_set: str = "Some digits", best: int = 1
) -> ExperimentResult:
    random = np.random.default_rng(7)
    results = [seed_result(seed, [random.normal(100 + seed, 30, size) for size in fold_sizes], best) for seed in range(seeds)]
    sanity = {"standard_error": 4.0, "sigmas": [0.1] * len(fold_sizes), "sigma_at_grid_end": False, "num_samples": 1000}
    rows = {
        "training images as samples": {"log_likelihood": 191.04, **sanity},
        "k-means centroids of training images": {"log_likelihood": 215.5, **sanity},
        "mean training image": {"log_likelihood": -66, **sanity},
    }
    baselines = {"data_set": data_set, "num_test_images": list(fold_sizes), "rows": rows}
    by_count = [{"num_samples": 1000, "log_likelihood": 120.0}, {"num_samples": 4000, "log_likelihood": 191.04}]
    baselines["by_num_samples"] = by_count
    return ExperimentResult(name, baselines, results, COSTS, HELVETICA)


# metrics.json


def test_metrics_of_one_fold_are_over_images() -> None:
    result = experiment(seeds=2)
    metrics = result.metrics()
    per_image = [fmean(image) for image in zip(*(seed.log_likelihoods[0] for seed in result.seeds), strict=True)]
    per_seed = [fmean(seed.log_likelihoods[0]) for seed in result.seeds]
    assert metrics["log_likelihood"] == pytest.approx(fmean(per_seed), abs=1e-6)
    assert metrics["standard_error"] == pytest.approx(stdev(per_image) / len(per_image) ** 0.5, abs=1e-6)
    assert metrics["seed_std"] == pytest.approx(stdev(per_seed), abs=1e-6)


def test_metrics_of_several_folds_are_over_folds() -> None:
    result = experiment(seeds=3, fold_sizes=(20, 30, 40, 50, 60))
    metrics = result.metrics()
    per_fold = [fmean(fmean(seed.log_likelihoods[number]) for seed in result.seeds) for number in range(5)]
    per_seed = [fmean(fmean(values) for values in seed.log_likelihoods) for seed in result.seeds]
    assert metrics["log_likelihood"] == pytest.approx(fmean(per_fold), abs=1e-6)
    assert metrics["standard_error"] == pytest.approx(stdev(per_fold) / 5**0.5, abs=1e-6)
    assert metrics["seed_std"] == pytest.approx(stdev(per_seed), abs=1e-6)
    assert metrics["num_test_images"] == 200


def test_one_seed_has_no_spread() -> None:
    result = experiment(seeds=1)
    values = result.seeds[0].log_likelihoods[0]
    assert "seed_std" not in result.metrics()
    assert result.metrics()["log_likelihood"] == pytest.approx(fmean(values), abs=1e-6)
    assert result.metrics()["standard_error"] == pytest.approx(stdev(values) / 40**0.5, abs=1e-6)


def test_metrics_have_what_is_promised() -> None:
    metrics = experiment(seeds=2).metrics()
    promised = {"log_likelihood", "standard_error", "seed_std", "num_seeds", "sigma", "num_samples"}
    assert promised <= metrics.keys()
    assert (metrics["num_seeds"], metrics["sigma"], metrics["num_samples"]) == (2, 0.2, 1000)
    assert metrics["training_images_log_likelihood"] == 191.04
    assert metrics["kmeans_log_likelihood"] == 215.5
    assert metrics["refined_log_likelihood"] == pytest.approx(90.5)
    assert metrics["draw_std"] == pytest.approx(stdev([80, 84]), abs=1e-6)
    assert metrics["validation_log_likelihood"] == 50
    assert (metrics["class_entropy"], metrics["near_duplicates"]) == (pytest.approx(0.562), pytest.approx(0.039))


def without_classes(result: ExperimentResult) -> ExperimentResult:
    """As the stages measure it where the data has no labels."""
    for measured in [part for seed in result.seeds for part in (seed.collapse["samples"], seed.collapse["test_images"])]:
        for name in set(measured) - {"near_duplicates"}:
            del measured[name]
    moments = {name: [drop_entropy(row) for row in rows] for name, rows in HELVETICA["objectives"].items()}
    return dataclasses.replace(result, helvetica={**HELVETICA, "objectives": moments})


def drop_entropy(row: dict) -> dict:
    return {name: value for name, value in row.items() if name != "class_entropy"}


def test_without_classes_there_is_no_metric_of_them() -> None:
    metrics = without_classes(experiment(seeds=2)).metrics()
    assert "class_entropy" not in metrics
    assert metrics["near_duplicates"] == pytest.approx(0.039)


def test_the_table_of_collapse_has_the_seeds_and_the_test_images() -> None:
    table = tables.collapse(experiment(seeds=2))
    assert table["images"].tolist() == ["samples, seed 0", "samples, seed 1", "test images"]
    assert table["class entropy (nats)"].tolist() == ["0.512", "0.612", "0.693"]
    assert table["at most"].tolist() == ["0.693"] * 3
    assert table["classes, in per cent"].tolist() == ["25 75", "25 75", "50 50"]
    assert table["near-duplicates"].tolist() == ["3.4 %", "4.4 %", "0.7 %"]
    assert tables.collapse(without_classes(experiment())).columns.tolist() == ["images", "near-duplicates"]


def test_sigma_is_the_mean_over_seeds() -> None:
    values = [np.arange(5.0)]
    result = ExperimentResult(
        "a", experiment().baselines, [seed_result(0, values, best=1), seed_result(1, values, best=2)], COSTS, HELVETICA
    )
    assert result.metrics()["sigma"] == pytest.approx(0.3)
    assert result.metrics()["sigma_at_grid_end"] is True


def test_the_curve_of_sigma_is_the_mean_over_folds() -> None:
    values = [np.arange(5.0)] * 2
    seed = SeedResult(3, {}, pd.DataFrame(), [fold(0), fold(2)], values, 1000, {}, {})
    curve = ExperimentResult("a", {}, [seed], {}, {}).sigma_curve()
    assert curve.to_dict("list") == {"seed": [3, 3, 3], "sigma": SIGMAS, "log_likelihood": [40, 40, 40]}


def test_the_curve_over_numbers_of_samples_has_training_images_and_every_seed() -> None:
    curve = experiment(seeds=2).count_curve()
    lines = {name: dict(zip(rows["num_samples"], rows["log_likelihood"], strict=True)) for name, rows in curve.groupby("samples")}
    assert lines == {
        "training images": {1000: 120, 4000: 191.04},
        "generator, seed 0": {1000: 60, 10_000: 80, 100_000: 100},
        "generator, seed 1": {1000: 61, 10_000: 81, 100_000: 101},
    }


def test_the_table_of_reliability_has_a_row_a_seed() -> None:
    table = tables.reliability(experiment(seeds=2))
    assert table["seed"].tolist() == ["0", "1"]
    assert table["95 % interval (bootstrap over test images)"].tolist() == ["−71.3 to 100.0", "−71.3 to 101.0"]
    assert table["2 other draws of samples: lowest to highest"].tolist() == ["80.0 to 84.0", "81.0 to 85.0"]
    assert table["spread over draws"].tolist() == ["2.83", "2.83"]
    assert table["σ refined"].tolist() == ["0.123", "0.123*"]
    assert table["log-likelihood there"].tolist() == ["90.0 ± 3.0", "91.0 ± 3.0"]
    assert table["log-likelihood"][0] == f"{fmean(experiment().seeds[0].log_likelihoods[0]):.1f} ± {experiment_error(0):.1f}"


def experiment_error(seed: int) -> float:
    values = experiment().seeds[seed].log_likelihoods[0]
    return stdev(values) / len(values) ** 0.5


# Table 1


def test_the_papers_rows_are_as_in_the_paper() -> None:
    comparison = tables.comparison(tables.results_table([]))
    assert comparison.to_dict("records") == [
        {"model": model, "origin": "reported in the paper", "MNIST": mnist, "TFD": tfd} for model, (mnist, tfd) in PAPER.items()
    ]


def test_what_was_measured_stands_below_in_a_column_of_its_data_set() -> None:
    ours = [experiment("mnist", data_set="MNIST"), experiment("mnist5k", data_set="Subset")]
    comparison = tables.comparison(tables.results_table(ours))
    assert list(comparison.columns) == ["model", "origin", "MNIST", "TFD", "Subset"]
    assert comparison["model"].tolist()[:4] == list(PAPER)
    assert comparison["Subset"].tolist()[:4] == [""] * 4
    measured = comparison[comparison["origin"] == "measured here"]
    assert measured["model"].tolist() == ["Adversarial nets (mnist)", "Adversarial nets (mnist5k)"]
    value = f"{ours[0].metrics()['log_likelihood']:.1f} ± {ours[0].metrics()['standard_error']:.1f}"
    assert measured[["MNIST", "TFD", "Subset"]].to_numpy().tolist() == [[value, "", ""], ["", "", value]]


def test_two_experiments_on_one_data_set_have_a_row_each() -> None:
    comparison = tables.comparison(tables.results_table([experiment("a"), experiment("b")]))
    assert {"Adversarial nets (a)", "Adversarial nets (b)"} <= set(comparison["model"])


def test_sanity_rows_stand_beside_and_are_marked() -> None:
    comparison = tables.comparison(tables.results_table([experiment()]))
    sanity = comparison[comparison["origin"].str.contains("sanity")]
    assert sanity["model"].tolist() == [
        "Training images as samples (mnist5k)",
        "K-means centroids of training images (mnist5k)",
        "Mean training image (mnist5k)",
    ]
    assert sanity["Some digits"].str.replace("−", "-").tolist() == ["191.0 ± 4.0", "215.5 ± 4.0", "-66.0 ± 4.0"]


@pytest.mark.parametrize(("best", "shown"), [(0, "0.1000*"), (1, "0.2000"), (2, "0.4000*")])
def test_a_star_marks_a_sigma_at_an_end_of_the_grid(best: int, shown: str) -> None:
    details = tables.details(tables.results_table([experiment(best=best)]))
    assert details["σ"].tolist() == [shown, "0.1000", "0.1000", "0.1000"]


def test_markdown_has_the_papers_rows_and_ours() -> None:
    lines = tables.to_markdown(tables.results_table([experiment()])).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    for model, (mnist, tfd) in PAPER.items():
        assert [model, "reported in the paper", mnist, tfd, ""] in cells
    assert any(row[:2] == ["Adversarial nets (mnist5k)", "measured here"] for row in cells)


# The whole report, in a folder with what the other stages wrote


def put(result: ExperimentResult, folder: Path) -> None:
    """Write the files of an experiment as the stages do, with stand-ins for the pictures."""
    for stage in ("baselines", "costs", "helvetica"):
        files.write_json(folder / "scores" / result.name / f"{stage}.json", getattr(result, stage))
    files.write_text(folder / "figures" / result.name / "helvetica.png", f"{result.name} helvetica")
    for each in result.seeds:
        models, scores, pictures = (folder / kind / result.name / str(each.seed) for kind in ("models", "scores", "figures"))
        files.write_json(models / "summary.json", each.summary)
        files.write_csv(models / "learning_curve.csv", each.learning_curve)
        chosen = {"num_samples": each.num_samples, "folds": [vars(choice) for choice in each.cross_validation]}
        files.write_json(scores / "cross_validation.json", chosen)
        files.write_npz(
            scores / "log_likelihoods.npz", **{f"fold_{number}": fold for number, fold in enumerate(each.log_likelihoods)}
        )
        files.write_json(scores / "reliability.json", each.reliability)
        files.write_json(scores / "collapse.json", each.collapse)
        for picture in ("samples.png", "interpolations.png"):
            files.write_text(pictures / picture, f"{result.name} {each.seed} {picture}")
        files.write_json(pictures / "copying.json", COPYING)


def known_density() -> pd.DataFrame:
    rows = itertools.product((1, 100), (10, 1000), (0, 1))
    table = pd.DataFrame(rows, columns=["dimensions", "num_samples", "repeat"])
    return table.assign(sigma=0.5, error=-table["dimensions"] / table["num_samples"] - 0.1 * table["repeat"])


def put_theory(folder: Path) -> None:
    """What the stage `theory` writes, with numbers that can be told apart and stand-ins for the pictures."""
    files.write_json(folder / "scores" / "theory.json", THEORY)
    for picture in report.THEORY_PICTURES:
        files.write_text(folder / "figures" / "theory" / picture, picture)


def write_report(folder: Path, suite: list[str], seeds: list[int]) -> None:
    """Run the stage `report` in a folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        report.report(Task(SimpleNamespace(suite=suite, seeds=seeds)))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


PAIR = {"largest_deviation": 0.0123, "mean_deviation": 0.00456, "trained": -1.23456, "quadrature": -1.3, "divergence": -1.4}
THEORY = {
    "proposition_1": {"two_Gaussians": PAIR},
    "theorem_1": {"largest_disagreement": 7.1e-7, "gap_where_densities_agree": -2.2e-9, "smallest_gap_before": 0.0341},
    "proposition_2": {
        "optimal_discriminator": {"largest_rise": -1e-9, "final_gap": 8.3e-8},
        "lagging_discriminator": {"largest_rise": 0.00678, "final_gap": 0.00912},
    },
}
SPEED = "Some machine; PyTorch 2\n\n| what | samples per second |\n| --- | --- |\n| ours | 12,345 |\n"
SUITE = ["mnist5k", '"><script>alert(1)']
EVIL_TITLE = "<img src='http://example.org/a.png'> & more"


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of two experiments, one of them with names that a page must escape, and their report."""
    folder = tmp_path_factory.mktemp("workplace")
    files.write_csv(folder / "scores" / "known_density.csv", known_density())
    files.write_text(folder / report.SPEED, SPEED)
    put_theory(folder)
    put(experiment(SUITE[0]), folder)
    put(without_classes(experiment(SUITE[1], fold_sizes=(20, 30, 40), data_set=EVIL_TITLE, best=0)), folder)
    write_report(folder, SUITE, [0, 1])
    return folder


@pytest.fixture
def copied(workplace: Path, tmp_path: Path) -> Path:
    """The same, to change."""
    return shutil.copytree(workplace, tmp_path / "copied")


def test_results_come_back_as_the_stages_wrote_them(workplace: Path) -> None:
    expected = without_classes(experiment(SUITE[1], fold_sizes=(20, 30, 40), data_set=EVIL_TITLE, best=0))
    found = load_experiment(SUITE[1], [0, 1], workplace / "models", workplace / "scores", workplace / "figures")
    assert found.metrics() == expected.metrics()
    pd.testing.assert_frame_equal(found.learning_curve(), expected.learning_curve())
    pd.testing.assert_frame_equal(found.sigma_curve(), expected.sigma_curve())


def test_metrics_json_has_an_entry_for_each_experiment_and_the_theory(workplace: Path) -> None:
    metrics = json.loads((workplace / "reports" / "metrics.json").read_text(encoding="utf-8"))
    assert list(metrics) == [*SUITE, "theory"]
    assert metrics["theory"] == THEORY
    assert metrics["mnist5k"] == experiment().metrics()


def test_plots_are_means_over_seeds(workplace: Path) -> None:
    plots = workplace / "reports" / "plots"
    sigma, validation, objectives = (pd.read_csv(plots / kind / "mnist5k.csv") for kind in ("sigma", "validation", "objectives"))
    assert sigma.to_dict("list") == {"sigma": SIGMAS, "log_likelihood": [40, 50, 40]}
    assert validation.to_dict("list") == {"epoch": [2, 3], "validation_log_likelihood": [10.5, 20.5]}
    assert objectives["discriminator_objective"].tolist() == pytest.approx([0.6, 0.5, 0.9])


def test_the_csv_table_has_the_numbers(workplace: Path) -> None:
    table = pd.read_csv(workplace / "reports" / "table1.csv")
    ours = table[(table["experiment"] == "mnist5k") & (table["origin"] == "measured here")].iloc[0]
    metrics = experiment().metrics()
    for name in ("log_likelihood", "standard_error", "seed_std", "sigma", "num_samples"):
        assert ours[name] == pytest.approx(metrics[name], rel=1e-8)
    assert ours["seeds"] == "0 1"


def test_the_same_results_give_the_same_bytes(copied: Path) -> None:
    before = contents(copied / "reports")
    write_report(copied, SUITE, [0, 1])
    assert contents(copied / "reports") == before


def test_left_over_results_change_nothing(copied: Path) -> None:
    """Results stay in the folders when `suite` and `seeds` no longer name them."""
    before = contents(copied / "reports")
    put(experiment("left_over"), copied)
    put(experiment(SUITE[0], seeds=3), copied / "other")
    for kind in ("models", "scores", "figures"):
        shutil.copytree(copied / "other" / kind / SUITE[0] / "2", copied / kind / SUITE[0] / "2")
    write_report(copied, SUITE, [0, 1])
    assert contents(copied / "reports") == before


@pytest.mark.parametrize(
    "missing",
    [
        "scores/mnist5k/baselines.json",
        "scores/mnist5k/1/cross_validation.json",
        "scores/mnist5k/1/log_likelihoods.npz",
        "scores/mnist5k/1/reliability.json",
        "scores/mnist5k/1/collapse.json",
        "scores/mnist5k/costs.json",
        "scores/mnist5k/helvetica.json",
        "figures/mnist5k/helvetica.png",
        "benchmarks/sampling.md",
        "scores/known_density.csv",
        "scores/theory.json",
        "figures/theory/figure_1.gif",
        "models/mnist5k/1/summary.json",
        "models/mnist5k/1/learning_curve.csv",
        "figures/mnist5k/1/samples.png",
        "figures/mnist5k/1/copying.json",
    ],
)
def test_a_missing_result_is_named_and_the_old_report_stands(copied: Path, missing: str) -> None:
    before = contents(copied / "reports")
    (copied / missing).unlink()
    put(experiment(SUITE[1]), copied)  # other results than the old report's
    with pytest.raises(InputError) as caught:
        write_report(copied, SUITE, [0, 1])
    assert str(caught.value).startswith(f"{missing}: ")
    assert contents(copied / "reports") == before


# The page


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text."""

    def __init__(self, path: Path):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def page(workplace: Path) -> Elements:
    return Elements(workplace / "reports" / "index.html")


def test_the_page_is_html(workplace: Path) -> None:
    assert (workplace / "reports" / "index.html").read_text(encoding="utf-8").lstrip().startswith("<!doctype html>")


def test_the_page_escapes_what_it_shows(page: Elements) -> None:
    assert {"script", "iframe", "object", "embed", "link", "base", "form"}.isdisjoint(tag for tag, _ in page.found)
    assert SUITE[1] in page.text
    assert EVIL_TITLE in page.text
    assert not any(name.startswith("on") for _, attributes in page.found for name in attributes)


def test_the_page_loads_nothing(page: Elements, workplace: Path) -> None:
    loaded = [value for _, attributes in page.found for name, value in attributes.items() if name in LOADING]
    assert loaded
    assert [value for value in loaded if not value.startswith(("data:image/png;base64,", "data:image/gif;base64,", "#"))] == []
    assert not re.search(r"url\(|@import|http-equiv", (workplace / "reports" / "index.html").read_text(encoding="utf-8"))


LOADING = {"src", "srcset", "href", "data", "poster", "action", "background", "xlink:href"}


def test_the_page_holds_every_picture(page: Elements, workplace: Path) -> None:
    sources = [attributes["src"] for tag, attributes in page.found if tag == "img"]
    embedded = [base64.b64decode(source.partition(",")[2], validate=True) for source in sources]
    pictures = [path.read_bytes() for path in (workplace / "reports" / "figures").iterdir()]
    # Experiments × (seeds × two figures + three curves + the collapse), the Gaussian's and the theory's.
    assert len(pictures) == 2 * (2 * 2 + 3 + 1) + 1 + 5
    assert sorted(embedded) == sorted(pictures)


def test_every_picture_says_what_it_shows(page: Elements) -> None:
    assert all(attributes.get("alt") for tag, attributes in page.found if tag == "img")


def test_the_page_has_the_papers_numbers_and_ours(page: Elements) -> None:
    metrics = experiment().metrics()
    for value in [*(value for row in PAPER.values() for value in row), f"{metrics['log_likelihood']:.1f}"]:
        assert value in page.text
    assert "reported in the paper" in page.text
    words = " ".join(page.text.split())
    assert "training images as samples 191.0 nats (1,000 samples); k-means centroids of training images 215.5 nats" in words
    assert "mean training image −66.0 nats" in words
    assert "−71.3 to 100.0" in page.text


def test_the_page_says_whether_inputs_are_copied(page: Elements) -> None:
    assert page.text.count("Are inputs copied?") == len(SUITE)
    for value in ("test images to training images", "4,000", "1.23", "median", "25% below", "3.46"):
        assert value in page.text


def test_each_figure_names_the_papers_panel(page: Elements) -> None:
    assert "Figure 2a, MNIST: random draws" in " ".join(page.text.split())
    names = ["mnist5k", "mnist_annealed", "tfd_small", "cifar10_mlp", "cifar10_conv_small", "of_ones_own"]
    assert [published.panel(name)[:9].rstrip(",") for name in names] == [
        "Figure 2a", "Figure 2a", "Figure 2b", "Figure 2c", "Figure 2d", "Figure 2",
    ]  # fmt: skip


def test_the_page_has_what_the_theory_measured(page: Elements) -> None:
    text = " ".join(page.text.split())
    for value in ("two Gaussians", "0.0123", "−1.23456", "7.1e-07", "3.4e-02", "8.3e-08"):
        assert value in text
    assert "With the optimal discriminator, C(G) ends 8.3e-08 nats from −log 4, and no step makes it rise." in text
    assert "the largest rise in one step is 6.8e-03 nats" in text


def test_the_page_tells_of_collapse_also_where_there_are_no_classes(page: Elements) -> None:
    text = " ".join(page.text.split())
    with_classes, without = text.split("Has the generator collapsed?")[1:]
    assert "is right on 87.6 % of the test images" in with_classes
    assert "from 2.151, and 98.7 % of samples are near-duplicates, from 2.6 %" in with_classes
    assert "of equally many (4,321)" in with_classes
    without = without.split("The theory, measured")[0]
    assert "This data set has no classes, and so no class entropy." in without
    assert "entropy is" not in without
    assert "98.7 % of samples are near-duplicates" in without


def test_the_page_has_table_2_and_what_can_be_measured_of_it(page: Elements) -> None:
    for value in (*published.FAMILIES, *(cell for row in published.TABLE_2.values() for cell in row)):
        assert value in page.text
    for value in ("2,503,984", "1,231,441", "2,500,800", "1,381,584,000", "12,345", "Some machine; PyTorch 2"):
        assert value in page.text


# Figures


def grid(figure: Figure) -> dict[tuple[int, int], Axes]:
    """A figure's panels by row and column."""
    places = {}
    for axis in figure.axes:
        place = axis.get_subplotspec()
        places[place.rowspan.start, place.colspan.start] = axis
    return places


def shown(axis: Axes) -> np.ndarray:
    return np.asarray(axis.images[0].get_array())


def random_images(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).random((*shape, 5, 4), np.float32)


def samples_figure() -> Figure:
    return figures.samples_with_neighbours(random_images(20), random_images(4))


def test_figure_2_has_four_rows_of_five_samples_and_a_neighbour() -> None:
    panels = grid(samples_figure())
    assert set(panels) == {(row, column) for row in range(4) for column in range(6)}
    for row in range(4):
        for column in range(5):
            np.testing.assert_array_equal(shown(panels[row, column]), random_images(20)[5 * row + column])
        np.testing.assert_array_equal(shown(panels[row, 5]), random_images(4)[row])


def test_figure_2_highlights_the_sixth_column_alone() -> None:
    for (_, column), axis in grid(samples_figure()).items():
        framed = [spine.get_visible() and spine.get_edgecolor() == to_rgba(figures.HIGHLIGHT) for spine in axis.spines.values()]
        assert framed == [column == 5] * 4


def test_images_are_shown_in_one_scale_of_grey() -> None:
    """From 0 to 1, whatever the image: each in a scale of its own would look better than it is."""
    for axis in samples_figure().axes:
        assert axis.images[0].get_clim() == (0, 1)
        assert axis.images[0].get_cmap().name == "gray"


def test_figure_3_has_a_row_for_each_line() -> None:
    images = random_images(4, 9)
    panels = grid(figures.interpolations(images))
    assert set(panels) == {(row, column) for row in range(4) for column in range(9)}
    for (row, column), axis in panels.items():
        np.testing.assert_array_equal(shown(axis), images[row, column])


def test_figure_3_walks_straight_lines_in_equal_steps() -> None:
    points = interpolated_noise("uniform", 6, 4, 9, stream(0, "interpolation")).double().numpy().reshape(4, 9, 6)
    steps = np.diff(points, axis=1)
    np.testing.assert_allclose(steps, np.broadcast_to(steps.mean(axis=1, keepdims=True), steps.shape), atol=1e-6)
    assert np.abs(points).max() <= np.sqrt(3)
    assert len(np.unique(points[:, [0, -1]])) == 4 * 2 * 6


def test_neighbours_are_those_of_each_rows_last_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training images here are the samples themselves and so their own nearest."""
    stage = importlib.import_module("figures")
    images = np.random.default_rng(0).integers(0, 256, (30, 5, 4), np.uint8)
    text = np.array(["none"])
    data = PreparedData(
        np.array("Noise"), images, np.zeros(30, np.uint8), np.arange(30)[::-1], np.zeros((1, 30), np.uint8), text, text
    )
    monkeypatch.chdir(tmp_path)
    files.write_npy(Path("samples/mnist/0.npy"), datasets.scaled(images))
    panels = grid(stage._samples_figure(Task(SimpleNamespace(), "mnist", 0), data))
    for row in range(4):
        np.testing.assert_array_equal(shown(panels[row, 4]), datasets.scaled(images)[5 * row + 4].reshape(5, 4))
        np.testing.assert_array_equal(shown(panels[row, 5]), shown(panels[row, 4]))


def test_the_curve_of_sigma_marks_what_was_chosen() -> None:
    result = experiment(best=2)
    (axis,) = figures.sigma_curve(result.sigma_curve()).axes
    marks = [(line.get_xdata()[0], line.get_ydata()[0]) for line in axis.lines if len(line.get_xdata()) == 1]
    assert marks == [(0.4, 50)] * 2


FIGURES: dict[str, Callable[[], Figure]] = {
    "samples": samples_figure,
    "interpolations": lambda: figures.interpolations(random_images(2, 3)),
    "learning_curves": lambda: figures.learning_curves(experiment().learning_curve()),
    "sigma_curve": lambda: figures.sigma_curve(experiment().sigma_curve()),
}


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_a_picture_has_the_same_bytes_each_time(tmp_path: Path, draw: Callable[[], Figure]) -> None:
    for name in ("a.png", "b.png"):
        figures.save(draw(), tmp_path / name)
    content = (tmp_path / "a.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert content == (tmp_path / "b.png").read_bytes()
    assert b"atplotlib" not in content  # its version would change the bytes


# Nearest training images

PIXELS = st.integers(0, 6)  # few values, so that ties are frequent, and exact in float32


@given(st.data(), st.integers(1, 5), st.integers(1, 9), st.integers(1, 6))
def test_the_nearest_image_is_the_nearest(data: st.DataObject, m: int, n: int, dimensions: int) -> None:
    images = data.draw(arrays(np.float32, (m, dimensions), elements=PIXELS))
    training_images = data.draw(arrays(np.float32, (n, dimensions), elements=PIXELS))
    distances = np.square(images[:, None].astype(np.float64) - training_images[None]).sum(axis=2)
    found = nearest(images, training_images)
    assert found.shape == (m,)
    np.testing.assert_array_equal(distances[np.arange(m), found], distances.min(axis=1))
    unique = (distances == distances.min(axis=1, keepdims=True)).sum(axis=1) == 1
    np.testing.assert_array_equal(found[unique], distances.argmin(axis=1)[unique])


@given(st.data(), st.integers(1, 5), st.integers(1, 9))
def test_the_distance_is_the_nearest_ones(data: st.DataObject, m: int, n: int) -> None:
    images, others = (data.draw(arrays(np.float32, (count, 4), elements=PIXELS)) for count in (m, n))
    by_hand = np.sqrt(np.square(images[:, None].astype(np.float64) - others[None]).sum(axis=2).min(axis=1))
    np.testing.assert_allclose(distances(images, others), by_hand, atol=1e-3)


def test_copies_are_nearer_to_training_images_than_others_are() -> None:
    random = np.random.default_rng(0)
    training, test, drawn = (random.random((count, 20), np.float32) for count in (300, 100, 100))
    for samples, is_copied in ((training[:100] + 1e-3, True), (drawn, False)):
        rows = {row["distances"]: row for row in copying(samples, training, test)}
        medians = {name: row["quantiles"][2] for name, row in rows.items()}
        assert [row["num_others"] for row in rows.values()] == [300, 300, 100, 100]
        ratio = medians["samples to training images"] / medians["test images to training images"]
        assert (ratio < 0.1) == is_copied
        assert is_copied or 0.9 < medians["samples to as many training images"] / medians["samples to test images"] < 1.1
    for row in rows.values():
        assert row["quantiles"] == sorted(row["quantiles"])
