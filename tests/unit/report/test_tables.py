"""The paper's tables beside what was measured, as texts."""

import re
from statistics import fmean, stdev

import pandas as pd
import pytest

from adversarial_nets.report import paper, tables
from adversarial_nets.report.results import ExperimentResult
from support.results import experiment_result, of_baseline, with_collapsed, without_classes, without_grey

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
        {"model": f"{model} {mark}", "MNIST, reported": mnist, "TFD, reported": tfd}
        for mark, (model, (mnist, tfd)) in zip("¹²³⁴", PAPER.items(), strict=True)
    ]


def cells(*results: ExperimentResult) -> pd.DataFrame:
    """Table 1 with these results: a row for each model without its mark."""
    table = tables.comparison(tables.results_table(list(results)))
    return table.assign(model=table["model"].str.rstrip(" ¹²³⁴")).set_index("model")


def test_what_was_measured_stands_beside_what_is_reported() -> None:
    ours = [experiment_result("mnist", data_set="MNIST"), experiment_result("mnist5k", data_set="Subset")]
    table = cells(*ours)
    assert list(table.columns) == ["MNIST, reported", "MNIST, measured here", "TFD, reported", "Subset, measured here"]
    metrics = ours[0].metrics()
    value = f"{metrics['log_likelihood']:.1f} ± {metrics['standard_error']:.1f} (2 runs, spread {metrics['seed_std']:.1f})"
    assert table.loc["Adversarial nets"].tolist() == ["225 ± 2", value, "2057 ± 26", value]
    assert table.loc["DBN"].tolist() == ["138 ± 2", "", "1909 ± 66", ""]


def test_two_experiments_share_a_cell_with_their_names_if_they_differ() -> None:
    first, second = experiment_result("a", seeds=1), with_collapsed(experiment_result("b", seeds=3), 1)
    table = cells(first, second)
    shared = table.loc["Adversarial nets", "Some digits, measured here"]
    assert re.fullmatch(r"a: \S+ ± \S+ \(1 run\); b: \S+ ± \S+ \(2 of 3 runs, spread \S+; 1 collapsed\)", shared)
    assert table.loc["Training images as samples", "Some digits, measured here"] == "191.0 ± 4.0"  # the same for both


def test_a_baseline_is_measured_in_the_papers_row() -> None:
    other = of_baseline(experiment_result("b"), "deep_belief_network")
    assert cells(other).loc["DBN", "Some digits, measured here"].endswith("(2 runs, spread 10.0)")
    assert tables.details(tables.results_table([other])).set_index("model")["parameters of D"]["DBN (b)"] == ""
    assert tables.costs([other]).empty


def test_sanity_rows_stand_below_the_papers() -> None:
    sanity = cells(experiment_result()).iloc[4:]["Some digits, measured here"].str.replace("−", "-")
    assert sanity.to_dict() == {
        "Training images as samples": "191.0 ± 4.0",
        "K-means centroids of training images": "215.5 ± 4.0",
        "Mean training image": "-66.0 ± 4.0",
    }


def test_chains_have_their_autocorrelation_time_in_independent_samples() -> None:
    [row, _] = tables.reliability(of_baseline(experiment_result(), "deep_belief_network")).to_dict("records")
    assert (row["autocorrelation time (kept states)"], row["independent samples"]) == ("4.0", "250 of 1,000")
    assert "independent samples" not in tables.reliability(experiment_result())


@pytest.mark.parametrize(("best", "shown"), [(0, "0.1000*"), (1, "0.2000"), (2, "0.4000*")])
def test_a_star_marks_a_sigma_at_an_end_of_the_grid(best: int, shown: str) -> None:
    details = tables.details(tables.results_table([experiment_result(best=best)]))
    assert details["σ"].tolist() == [shown, "0.1000", "0.1000", "0.1000"]


def test_markdown_has_the_papers_rows_and_ours() -> None:
    lines = tables.to_markdown(tables.results_table([experiment_result()])).splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    rows = rows[: [row[0] for row in rows].index("Mean training image")]
    for model, (mnist, tfd) in PAPER.items():
        [row] = [row for row in rows if row[0].startswith(f"{model} ")]
        assert row[1:3] == [mnist, tfd]
        assert bool(row[3]) == (model == "Adversarial nets")
    assert all(any(line.startswith(f"{mark} Published: ") for line in lines) for mark in "¹²³⁴")


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
