"""Tables in README and docs: made from references, between markers, and held to them by verification."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from adversarial_nets.core import files
from adversarial_nets.diagnostics import ablations
from adversarial_nets.regression import docs_tables
from adversarial_nets.report import tables
from adversarial_nets.running.paths import AblationPaths
from support.project import ROOT

REFERENCES = ROOT / "reports/reference"


@pytest.fixture
def references(tmp_path: Path) -> Path:
    """Table 1 of a model with three seeds, one of which collapsed, and of one with a single seed."""
    write_table(tmp_path, "several", "Adversarial nets", [1.0, 2.0, 6.0], num_collapsed=1)
    write_table(tmp_path, "single", "DBN", [3.0], num_collapsed=0)
    return tmp_path


def write_table(folder: Path, name: str, model: str, seeds: list[float], num_collapsed: int) -> None:
    row = {"model": model, "origin": tables.MEASURED, "data_set": "MNIST", "experiment": name, "num_collapsed": num_collapsed}
    row |= {"log_likelihood": np.mean(seeds), "standard_error": 1.0, "num_seeds": len(seeds)}
    row |= {"num_started": len(seeds) + num_collapsed, "seed_std": np.std(seeds, ddof=1) if len(seeds) > 1 else np.nan}
    sanity = {"origin": tables.SANITY, "data_set": "MNIST", "experiment": name, "log_likelihood": 9.0, "standard_error": 1.0}
    rows = [row, {"model": "K-means centroids of training images", **sanity}, {"model": "Mean training image", **sanity}]
    files.write_csv(folder / name / "table1.csv", pd.DataFrame(rows).reindex(columns=tables.COLUMNS))
    if len(seeds) > 1:
        sharpness = {"kept": 0.9, "last": 2.0, "k-means centroids of training images": 0.5}
        files.write_csv(folder / name / "blur.csv", pd.DataFrame(sharpness.items(), columns=["images", "spread"]))


def test_table_1_has_every_model_of_the_paper_beside_what_was_measured(references: Path) -> None:
    table = docs_tables.table_1(references).set_index("model")
    several = table.loc["Adversarial nets (`several`)"]
    assert several.to_list() == ["225 ± 2", "3.0 ± 1.0", "3 of 4; 1 collapsed", "2.6", "0.90"]
    assert table.loc["DBN (`single`)"].to_list() == ["138 ± 2", "3.0 ± 1.0", "1 of 1", "", ""]
    assert table.loc["Deep GSN"].to_list() == ["214 ± 1.1", "not yet", "", "", ""]
    assert table.loc["K-means centroids of training images"].to_list() == ["", "9.0 ± 1.0", "", "", "0.50"]
    assert "Mean training image" not in table.index


def test_a_model_whose_runs_all_collapsed_has_none_that_finished() -> None:
    """Its metrics are means over all of them then."""
    row = SimpleNamespace(num_seeds=2, num_started=2, num_collapsed=2, seed_std=1.0)
    assert tables.of_runs(row)["runs that finished"] == "0 of 2; 2 collapsed"


def test_the_table_of_references_shows_how_far_seeds_are_apart(references: Path) -> None:
    table = docs_tables.references(references).set_index("model")["MNIST, measured here"]
    assert table["Adversarial nets ⁴"].endswith("(3 of 4 runs, spread 2.6; 1 collapsed)")
    assert table["DBN ¹"].endswith("(1 run)")
    assert table["Deep GSN ³"] == ""


def test_only_what_is_between_markers_changes(project: Path) -> None:
    page = Path("README.md").read_text()
    assert docs_tables.renewed(page, Path("reports/reference")) == page
    stale = re.sub(r"\| DBN.*\n", "", page)
    assert stale != page
    assert docs_tables.renewed(stale, Path("reports/reference")) == page


def test_a_page_that_lost_its_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="has no marked one"):
        docs_tables.renewed("no table\n", REFERENCES)


def test_each_table_stands_on_a_page() -> None:
    marked = [
        found["name"]
        for page in docs_tables.PAGES
        for found in docs_tables.MARKED.finditer((ROOT / page).read_text(encoding="utf-8"))
    ]
    assert sorted(marked) == sorted(docs_tables.TABLES)


def test_the_learning_curve_is_the_mean_over_seeds_that_finished(tmp_path: Path) -> None:
    folder = tmp_path / docs_tables.AVERAGED
    rows = [
        {"epoch": epoch, "seed": seed, "validation_log_likelihood": epoch + seed, "average_validation_log_likelihood": 2 * epoch}
        for epoch in docs_tables.EPOCHS
        for seed in (0, 2, 90)
    ]
    outcomes = {"seed": [0, 2, 90], "outcome": ["finished", "finished", "collapsed"], "log_likelihood": 1.0}
    files.write_csv(folder / "seeds.csv", pd.DataFrame(outcomes))
    files.write_csv(folder / "learning_curve.csv", pd.DataFrame(rows))
    files.write_json(folder / "parameters.json", {"training": {"averaging": {"gamma": 0.5}}})
    table = docs_tables.learning_curve(tmp_path).set_index("epoch")
    assert table.loc["last weights"].to_list() == [f"{epoch + 1}" for epoch in docs_tables.EPOCHS]
    assert table.loc["γ = 0.5, kept"].to_list() == [f"{2 * epoch}" for epoch in docs_tables.EPOCHS]


def test_score_stands_beside_blur_in_the_order_of_scores(tmp_path: Path) -> None:
    columns = ["images", "kind", "log_likelihood", "spread", "gradient", "grey"]
    rows = [("last", "k", 1.0, 1.0, 1.0, 0.8), ("kept", "k", 5.0, 0.96, 0.93, 0.9), ("last", "k", 3.0, 1.02, 1.0, 0.8)]
    files.write_csv(tmp_path / docs_tables.AVERAGED / "blur.csv", pd.DataFrame(rows, columns=columns))
    files.write_json(tmp_path / docs_tables.AVERAGED / "parameters.json", {"training": {"averaging": {"gamma": 1.0}}})
    table = docs_tables.score_and_blur(tmp_path)
    assert table["samples"].to_list() == ["last weights", "γ = 1, kept"]
    assert table.iloc[0].to_list()[1:] == ["2.0", "1.01", "1.00", "0.80"]


def test_collapse_is_counted_over_whole_runs_and_first_epochs(tmp_path: Path) -> None:
    """The lead of the first ten epochs alone."""
    folder, lead = tmp_path / "reference", {"d_real": 0.9, "d_fake": [0.5, 0.4, 0.1, 0.2, 0.3, 0.0]}
    curves = pd.DataFrame({"epoch": [1, 10, 11] * 2, "seed": [0] * 3 + [1] * 3, **lead})
    files.write_csv(folder / "mnist/learning_curve.csv", curves)
    files.write_csv(folder / "mnist/seeds.csv", pd.DataFrame({"seed": [0, 1], "outcome": ["finished", "collapsed"]}))
    tables_of_ablations = {
        "mnist_collapse": {  # the last one is not the published recipe
            "seed": [2, 3, 2],
            "outcome": "finished",
            "widest_lead": [0.25, 0.75, 0.99],
            "variant": ["simultaneous", "simultaneous", "alternating"],
        },
        "mnist_against_collapse": {
            "seed": [0, 1] * 2,
            "outcome": ["finished", "collapsed", "finished", "finished"],
            "widest_lead": [0.5, 0.7, 0.6, 0.4],
            "variant": ["simultaneous"] * 2 + ["half_of_it"] * 2,
        },
    }
    for name, rows in tables_of_ablations.items():
        files.write_csv(tmp_path / "ablations" / name / "ablations.csv", pd.DataFrame(rows))
    assert docs_tables.collapse(folder).to_numpy().tolist() == [
        ["whole runs: `mnist`", "0 to 1", "1 of 2 (1 to 99 %)", "0.5000", "0.7000", ""],
        ["10 epochs alone", "2 to 3", "0 of 2 (0 to 84 %)", "0.2500 to 0.7500", "", ""],
        ["together", "0 to 3", "1 of 4 (1 to 81 %)", "0.2500 to 0.7500", "0.7000", ""],
        ["half of it", "0 to 1", "0 of 2 (0 to 84 %)", "0.4000 to 0.6000", "", "1 of 2"],
    ]


def test_the_search_is_judged_by_validation_images() -> None:
    """Of runs that finished, without scores of test images. Twice the learning rate gains most, as the page says."""
    table = docs_tables.search(REFERENCES).set_index("variant")["of the average"]
    runs = pd.read_csv(ROOT / "reports/ablations/mnist_search/ablations.csv").query("outcome == 'finished'")
    means = runs.groupby("variant")["average_validation_log_likelihood_end"].mean()
    assert {name: cell.partition(" ")[0] for name, cell in table.items()} == {name: f"{mean:.1f}" for name, mean in means.items()}
    assert means.idxmax() == "twice_the_learning_rate"


def test_what_the_page_says_of_collapse_holds_for_every_seed() -> None:
    table = docs_tables.collapse(REFERENCES).set_index("runs")
    rows = [table.loc[name] for name in ("half of the learning rate", "twice the learning rate", "alternating")]
    assert [row["collapsed (95 % interval)"].partition(" (")[0] for row in rows] == ["6 of 6", "0 of 6", "0 of 6"]
    assert [row[docs_tables.NARROWER] for row in rows[1:]] == ["6 of 6", "6 of 6"]


def test_short_runs_are_the_first_epochs_of_whole_ones() -> None:
    """The same game with the same seed, played again: equal to the last digit that is written."""
    place, whole = AblationPaths(Path("ablations/mnist_against_collapse")), pd.read_csv(REFERENCES / "mnist/learning_curve.csv")
    shared = ["epoch", "discriminator_objective", "generator_objective", "d_real", "d_fake", "learning_rate", "momentum"]
    for seed, curve in whole.groupby("seed"):
        short = pd.read_csv(ROOT / place.run(ablations.PUBLISHED, seed) / ablations.LEARNING_CURVE)
        assert short[shared].equals(curve[shared].head(len(short)).reset_index(drop=True))


def test_other_estimates_of_the_same_generators_are_the_references() -> None:
    seeds = pd.read_csv(REFERENCES / docs_tables.AVERAGED / "seeds.csv")
    finished = seeds.loc[seeds["outcome"] == "finished", "seed"]
    found = files.read_json(REFERENCES / docs_tables.AVERAGED / "reliability.json")
    of_seed = [found[str(seed)] for seed in finished]
    table = docs_tables.estimates(REFERENCES).set_index("estimate")["nats"]
    for row, count in enumerate([1000, 3162, 10000, 31623, 100000]):
        expected = np.mean([seed["by_num_samples"][row]["log_likelihood"] for seed in of_seed])
        assert count == 10000 or table[f"{count:,} samples"] == f"{expected:.1f}"
    draws = [draw["log_likelihood"] for seed in of_seed for draw in seed["draws"]]
    assert table[f"{len(draws)} other draws of as many"] == f"{min(draws):.1f} to {max(draws):.1f}"
