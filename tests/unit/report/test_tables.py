"""The paper's tables beside what was measured, as texts."""

from statistics import fmean, stdev

import pytest

from adversarial_nets.report import paper, tables
from support.results import experiment_result, of_baseline, without_classes, without_grey

PAPER = {
    # Table 1 of the paper: MNIST, TFD
    "DBN": ("138 ± 2", "1909 ± 66"),
    "Stacked CAE": ("121 ± 1.6", "2110 ± 50"),
    "Deep GSN": ("214 ± 1.1", "1890 ± 29"),
    "Adversarial nets": ("225 ± 2", "2057 ± 26"),
}


def test_the_papers_rows_are_as_in_the_paper() -> None:
    comparison = tables.comparison(tables.results_table([]))
    assert comparison.to_dict("records") == [
        {"model": model, "origin": "reported in the paper", "MNIST": mnist, "TFD": tfd} for model, (mnist, tfd) in PAPER.items()
    ]


def test_what_was_measured_stands_below_in_a_column_of_its_data_set() -> None:
    ours = [experiment_result("mnist", data_set="MNIST"), experiment_result("mnist5k", data_set="Subset")]
    comparison = tables.comparison(tables.results_table(ours))
    assert list(comparison.columns) == ["model", "origin", "MNIST", "TFD", "Subset"]
    assert comparison["model"].tolist()[:4] == list(PAPER)
    assert comparison["Subset"].tolist()[:4] == [""] * 4
    measured = comparison[comparison["origin"] == "measured here"]
    assert measured["model"].tolist() == ["Adversarial nets (mnist)", "Adversarial nets (mnist5k)"]
    value = f"{ours[0].metrics()['log_likelihood']:.1f} ± {ours[0].metrics()['standard_error']:.1f}"
    assert measured[["MNIST", "TFD", "Subset"]].to_numpy().tolist() == [[value, "", ""], ["", "", value]]


def test_two_experiments_on_one_data_set_have_a_row_each() -> None:
    comparison = tables.comparison(tables.results_table([experiment_result("a"), experiment_result("b")]))
    assert {"Adversarial nets (a)", "Adversarial nets (b)"} <= set(comparison["model"])
    assert comparison["model"].str.startswith("Training images").sum() == 1  # the same for both


def test_a_baseline_has_the_papers_name_and_sanity_rows_are_shown_once() -> None:
    other = of_baseline(experiment_result("b"), "deep_belief_network")
    table = tables.results_table([experiment_result("a"), other])
    comparison = tables.comparison(table)
    measured = comparison[comparison["origin"] == "measured here"]
    assert measured["model"].tolist() == ["Adversarial nets (a)", "DBN (b)"]
    sanity = comparison[comparison["origin"].str.contains("sanity")]
    assert [name.endswith("(a)") for name in sanity["model"]] == [True, True, True]
    assert tables.details(table).set_index("model")["parameters of D"]["DBN (b)"] == ""
    assert tables.costs([other]).empty


def test_sanity_rows_stand_beside_and_are_marked() -> None:
    comparison = tables.comparison(tables.results_table([experiment_result()]))
    sanity = comparison[comparison["origin"].str.contains("sanity")]
    assert sanity["model"].tolist() == [
        "Training images as samples (mnist5k)",
        "K-means centroids of training images (mnist5k)",
        "Mean training image (mnist5k)",
    ]
    assert sanity["Some digits"].str.replace("−", "-").tolist() == ["191.0 ± 4.0", "215.5 ± 4.0", "-66.0 ± 4.0"]


@pytest.mark.parametrize(("best", "shown"), [(0, "0.1000*"), (1, "0.2000"), (2, "0.4000*")])
def test_a_star_marks_a_sigma_at_an_end_of_the_grid(best: int, shown: str) -> None:
    details = tables.details(tables.results_table([experiment_result(best=best)]))
    assert details["σ"].tolist() == [shown, "0.1000", "0.1000", "0.1000"]


def test_markdown_has_the_papers_rows_and_ours() -> None:
    lines = tables.to_markdown(tables.results_table([experiment_result()])).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    for model, (mnist, tfd) in PAPER.items():
        assert [model, "reported in the paper", mnist, tfd, ""] in cells
    assert any(row[:2] == ["Adversarial nets (mnist5k)", "measured here"] for row in cells)


# Below it


def test_the_table_of_reliability_has_a_row_a_seed() -> None:
    table = tables.reliability(experiment_result(seeds=2))
    assert table["seed"].tolist() == ["0", "1"]
    assert table["95 % interval (bootstrap over test images)"].tolist() == ["−71.3 to 100.0", "−71.3 to 101.0"]
    assert table["2 other draws of samples: lowest to highest"].tolist() == ["80.0 to 84.0", "81.0 to 85.0"]
    assert table["spread over draws"].tolist() == ["2.83", "2.83"]
    assert table["σ refined"].tolist() == ["0.123", "0.123*"]
    assert table["log-likelihood there"].tolist() == ["90.0 ± 3.0", "91.0 ± 3.0"]
    assert (
        table["log-likelihood"][0] == f"{fmean(experiment_result().seeds[0].log_likelihoods[0]):.1f} ± {experiment_error(0):.1f}"
    )


def experiment_error(seed: int) -> float:
    values = experiment_result().seeds[seed].log_likelihoods[0]
    return stdev(values) / len(values) ** 0.5


def test_the_table_of_collapse_has_the_seeds_and_the_test_images() -> None:
    table = tables.collapse(experiment_result(seeds=2))
    assert table["images"].tolist() == ["samples, seed 0", "samples, seed 1", "test images"]
    assert table["class entropy (nats)"].tolist() == ["0.512", "0.612", "0.693"]
    assert table["at most"].tolist() == ["0.693"] * 3
    assert table["classes, in per cent"].tolist() == ["25 75", "25 75", "50 50"]
    assert table["near-duplicates"].tolist() == ["3.4 %", "4.4 %", "0.7 %"]
    assert table["spread of pixels"].tolist() == ["0.181", "0.191", "0.192"]
    assert table["grey pixels"].tolist() == ["7.5 %", "8.5 %", "8.7 %"]
    assert table["gradient"].tolist() == ["0.123", "0.123", "0.133"]


def test_the_table_of_collapse_leaves_out_what_the_data_does_not_have() -> None:
    table = tables.collapse(without_grey(without_classes(experiment_result())))
    assert table.columns.tolist() == ["images", "near-duplicates", "spread of pixels", "gradient"]


# Table 2


def test_table_2_has_the_papers_rows_and_columns() -> None:
    table = tables.table_2()
    assert table.columns.tolist() == ["", *paper.FAMILIES]
    assert table[""].tolist() == ["training", "inference", "sampling", "evaluating p(x)", "model design"]
    cells = table.set_index("")
    assert "Helvetica" in cells.loc["training", "adversarial nets"]
    assert cells.loc["sampling"].tolist() == ["no difficulty", "by Markov chain", "by Markov chain", "no difficulty"]
    assert cells.loc["inference"].tolist() == ["learned, approximate", "variational", "by Markov chain", "learned, approximate"]
    assert cells.loc["evaluating p(x)"].str.contains("Parzen").tolist() == [False, False, True, True]
