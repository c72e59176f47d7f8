"""The stage `report` and the page that it writes, in a folder with what the other stages wrote."""

import base64
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from jinja2 import UndefinedError

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.report import captions, chapters, charts, paper
from adversarial_nets.report.page import render_template
from adversarial_nets.report.results import load_experiment
from adversarial_nets.running.paths import RunPaths
from adversarial_nets.running.stage import Task
from adversarial_nets.theory.measurements import Theory
from stages.report import report
from support.experiments import ROOT
from support.results import SIGMAS, THEORY, experiment_result, without_classes, without_grey, write_experiment, write_theory

SUITE = ["mnist5k", '"><script>alert(1)']
EVIL_TITLE = "</script><script>alert(1)</script><img src='http://example.org/a.png'> & more"


def write_report(folder: Path, suite: list[str], seeds: list[int]) -> None:
    """Run the stage `report` in a folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        report(Task(SimpleNamespace(runs=dict.fromkeys(suite, seeds))))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of two experiments, one of them with names that a page must escape, and their report."""
    folder = tmp_path_factory.mktemp("workplace")
    write_theory(folder)
    write_experiment(experiment_result(SUITE[0]), folder)
    write_experiment(without_classes(experiment_result(SUITE[1], fold_sizes=(20, 30, 40), data_set=EVIL_TITLE, best=0)), folder)
    write_report(folder, SUITE, [0, 1])
    return folder


@pytest.fixture
def copied(workplace: Path, tmp_path: Path) -> Path:
    """The same, to change."""
    return shutil.copytree(workplace, tmp_path / "copied")


def test_results_come_back_as_the_stages_wrote_them(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    expected = without_classes(experiment_result(SUITE[1], fold_sizes=(20, 30, 40), data_set=EVIL_TITLE, best=0))
    found = load_experiment(SUITE[1], [0, 1])
    assert found.metrics() == expected.metrics()
    assert (found.sanity, found.costs, found.helvetica) == (expected.sanity, expected.costs, expected.helvetica)
    assert found.overfitting == expected.overfitting
    for seed, written in zip(found.seeds, expected.seeds, strict=True):
        assert (seed.summary, seed.sigma_choice, seed.reliability) == (written.summary, written.sigma_choice, written.reliability)
        assert (seed.collapse, seed.copying) == (written.collapse, written.copying)
    pd.testing.assert_frame_equal(found.learning_curve(), expected.learning_curve())
    pd.testing.assert_frame_equal(found.sigma_curve(), expected.sigma_curve())


def test_metrics_json_has_an_entry_for_each_experiment(workplace: Path) -> None:
    metrics = files.read_json(workplace / "reports" / "metrics.json")
    assert list(metrics) == SUITE
    assert metrics["mnist5k"] == experiment_result().metrics()


def test_the_theorys_metrics_are_in_a_file_of_their_own(workplace: Path) -> None:
    assert files.read(workplace / "reports" / "theory.json", Theory) == THEORY
    assert (workplace / "reports" / "theory.json").read_bytes() == (workplace / "scores" / "theory.json").read_bytes()


def test_plots_are_means_over_seeds(workplace: Path) -> None:
    plots = workplace / "reports" / "plots"
    sigma, validation, objectives = (pd.read_csv(plots / kind / "mnist5k.csv") for kind in ("sigma", "validation", "objectives"))
    assert sigma.to_dict("list") == {"sigma": SIGMAS, "log_likelihood": [40, 50, 40]}
    assert validation.to_dict("list") == {"epoch": [2, 3], "validation_log_likelihood": [10.5, 20.5]}
    assert objectives["discriminator_objective"].tolist() == pytest.approx([0.6, 0.5, 0.9])


def test_the_csv_table_has_the_numbers(workplace: Path) -> None:
    table = pd.read_csv(workplace / "reports" / "table1.csv")
    ours = table[(table["experiment"] == "mnist5k") & (table["origin"] == "measured here")].iloc[0]
    metrics = experiment_result().metrics()
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
    write_experiment(experiment_result("left_over"), copied)
    write_experiment(experiment_result(SUITE[0], seeds=3), copied / "other")
    for kind in ("models", "scores", "figures"):
        shutil.copytree(copied / "other" / kind / SUITE[0] / "2", copied / kind / SUITE[0] / "2")
    write_report(copied, SUITE, [0, 1])
    assert contents(copied / "reports") == before


@pytest.mark.parametrize(
    "missing",
    [
        "scores/mnist5k/sanity.json",
        "scores/mnist5k/1/cross_validation.json",
        "scores/mnist5k/1/log_likelihoods.npz",
        "scores/mnist5k/1/reliability.json",
        "scores/mnist5k/1/collapse.json",
        "scores/mnist5k/costs.json",
        "scores/mnist5k/helvetica.json",
        "scores/mnist5k/overfitting.json",
        "figures/mnist5k/helvetica.png",
        "scores/known_density.csv",
        "scores/theory.json",
        "figures/theory/figure_1.gif",
        "models/mnist5k/1/summary.json",
        "models/mnist5k/1/learning_curve.csv",
        "figures/mnist5k/1/samples.png",
        "figures/mnist5k/0/interpolations.npy",
        "figures/mnist5k/1/copying.json",
    ],
)
def test_a_missing_result_is_named_and_the_old_report_stands(copied: Path, missing: str) -> None:
    before = contents(copied / "reports")
    (copied / missing).unlink()
    write_experiment(experiment_result(SUITE[1]), copied)  # other results than the old report's
    with pytest.raises(InputError) as caught:
        write_report(copied, SUITE, [0, 1])
    assert str(caught.value).startswith(f"{missing}: ")
    assert contents(copied / "reports") == before


@pytest.mark.parametrize("damaged", ["scores/mnist5k/costs.json", "models/mnist5k/1/summary.json", "scores/theory.json"])
def test_a_damaged_result_is_named_with_its_stage(copied: Path, damaged: str) -> None:
    before = contents(copied / "reports")
    (copied / damaged).write_text("{}")
    with pytest.raises(
        InputError, match=r"^\S+: damaged, or not what `\w+` writes; run `python -m stages\.\w+` for it"
    ) as caught:
        write_report(copied, SUITE, [0, 1])
    assert str(caught.value).startswith(f"{damaged}: ")
    assert contents(copied / "reports") == before


# The page


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text; what scripts hold stands apart."""

    def __init__(self, path: Path):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.scripts, self.in_script = "", [], False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))
        self.in_script = tag == "script"
        if self.in_script:
            self.scripts.append((dict(attributes), ""))

    def handle_endtag(self, tag: str) -> None:
        self.in_script = False

    def handle_data(self, data: str) -> None:
        if self.in_script:
            attributes, text = self.scripts.pop()
            self.scripts.append((attributes, text + data))
        else:
            self.text += data

    @property
    def charts(self) -> list[dict]:
        """The specifications of charts."""
        return [json.loads(text) for attributes, text in self.scripts if attributes == {"type": "application/json"}]


@pytest.fixture(scope="module")
def page(workplace: Path) -> Elements:
    return Elements(workplace / "reports" / "index.html")


def test_the_page_is_html(workplace: Path) -> None:
    assert (workplace / "reports" / "index.html").read_text(encoding="utf-8").lstrip().startswith("<!doctype html>")


def test_the_page_escapes_what_it_shows(page: Elements) -> None:
    assert {"iframe", "object", "embed", "link", "base", "form"}.isdisjoint(tag for tag, _ in page.found)
    assert SUITE[1] in page.text
    assert EVIL_TITLE in page.text
    assert not any(name.startswith("on") for _, attributes in page.found for name in attributes)


def test_a_browser_may_run_the_charts_library_and_nothing_else(page: Elements) -> None:
    [(attributes, code)] = [script for script in page.scripts if script[0] != {"type": "application/json"}]
    digest = base64.b64encode(hashlib.sha256(charts.script().encode()).digest()).decode()
    [policy] = [each["content"] for tag, each in page.found if tag == "meta" and "http-equiv" in each]
    assert (attributes, code) == ({}, charts.script())
    assert policy.startswith("default-src 'none'; ")
    assert re.findall(r"script-src ([^;]*)", policy) == [f"'sha256-{digest}'"]
    assert re.findall(r"https?:|unsafe-eval|\*", policy) == []


def test_no_text_breaks_out_of_a_chart(copied: Path, page: Elements, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = "</script><script>alert(1)</script><!-- <script> \u2028 & '\""
    monkeypatch.setattr(captions, "CURVES", evil)
    monkeypatch.setattr(captions, "OF_D", "")
    write_report(copied, SUITE, [0, 1])
    again = Elements(copied / "reports" / "index.html")
    assert len(again.scripts) == len(page.scripts)
    assert [chart["description"] for chart in again.charts].count(evil) == 3 * len(SUITE)


def test_each_chart_has_a_picture_for_when_no_script_runs(page: Elements, workplace: Path) -> None:
    figures = re.findall("<figure.*?</figure>", (workplace / "reports" / "index.html").read_text(encoding="utf-8"), re.DOTALL)
    charted = [(figure.count('class="chart"'), figure.count("<img")) for figure in figures if "application/json" in figure]
    assert charted == [(1, 1), (3, 1), (1, 1)] * len(SUITE)  # the slider, learning curves, the choice of σ
    assert len(page.charts) == 5 * len(SUITE)


def test_the_committed_page_is_small_enough_to_send() -> None:
    assert (ROOT / "reports" / "index.html").stat().st_size <= 3_000_000


def test_the_page_loads_nothing(page: Elements, workplace: Path) -> None:
    loaded = [value for tag, attributes in page.found for name, value in attributes.items() if tag != "a" and name in LOADING]
    assert loaded
    assert [value for value in loaded if not value.startswith(("data:image/png;base64,", "data:image/gif;base64,", "#"))] == []
    style = re.search("<style>.*</style>", (workplace / "reports" / "index.html").read_text(encoding="utf-8"), re.DOTALL)
    assert not re.search(r"url\(|@import", style[0])


LOADING = {"src", "srcset", "href", "data", "poster", "action", "background", "xlink:href"}


def test_the_page_holds_every_picture(page: Elements, workplace: Path) -> None:
    sources = [attributes["src"] for tag, attributes in page.found if tag == "img"]
    embedded = [base64.b64decode(source.partition(",")[2], validate=True) for source in sources]
    pictures = [path.read_bytes() for path in (workplace / "reports" / "figures").iterdir()]
    # Experiments × (seeds × two figures + four curves + the collapse), the Gaussian's and the theory's.
    assert len(pictures) == 2 * (2 * 2 + 4 + 1) + 1 + 5
    assert sorted(embedded) == sorted(pictures)


def test_every_picture_says_what_it_shows(page: Elements) -> None:
    assert all(attributes.get("alt") for tag, attributes in page.found if tag == "img")


def test_every_picture_names_the_command_that_draws_it(workplace: Path) -> None:
    commands = commands_of(workplace / "reports" / "index.html")
    assert len(commands) == len(list((workplace / "reports" / "figures").iterdir()))
    stages = [re.fullmatch(r"python -m stages\.(\w+)( \S+ \d)?", each)[1] for each in commands if "alert" not in each]
    assert set(stages) == {"figures", "theory", "report", "helvetica"}
    assert "python -m stages.figures mnist5k 1" in commands


def commands_of(page: Path) -> list[str]:
    return re.findall(r"<em>Command:</em> <code>(.*?)</code>", page.read_text(encoding="utf-8"))


def test_the_page_has_the_papers_numbers_and_ours(page: Elements) -> None:
    metrics = experiment_result().metrics()
    for value in ["225 ± 2", "1890 ± 29", f"{metrics['log_likelihood']:.1f}"]:
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
    assert [paper.panel(name)[:9].rstrip(",") for name in names] == [
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


def test_the_page_shows_what_averaging_did_to_a_run_that_was_averaged(copied: Path) -> None:
    """Of seed 1 alone here, beside the pictures that every run has."""
    files.write_text(copied / RunPaths(SUITE[0], 1).averaging_figure, "with and without")
    write_report(copied, SUITE, [0, 1])
    picture = copied / "reports" / "figures" / f"{SUITE[0]}-1-averaging.png"
    page = (copied / "reports" / "index.html").read_text(encoding="utf-8")
    assert base64.b64encode(picture.read_bytes()).decode() in page
    assert (
        page.count("samples with averaged weights, which are scored") == page.count("Seed 1: samples with averaged weights") > 0
    )


def test_committed_references_stand_apart_from_this_run(copied: Path, page: Elements) -> None:
    folder = ROOT / "reports" / "reference"
    for name in (SUITE[0], "mnist"):
        shutil.copytree(folder / name, copied / "reports" / "reference" / name)
    write_report(copied, SUITE, [0, 1])
    again = Elements(copied / "reports" / "index.html")
    metrics = files.read_json(folder / "mnist" / "metrics.json")["mnist"]
    number = f"{metrics['log_likelihood']:.1f} ± {metrics['standard_error']:.1f}"
    before, _, after = again.text.partition("Not from this run.")
    references, _, rest = after.partition("This run")
    assert (number in before, number in references, number in rest) == (True, True, False)
    assert "sanity check: training images as samples" in before
    pictures = {attributes["src"] for tag, attributes in again.found if tag == "img"}
    new = [base64.b64decode(source.partition(",")[2]) for source in pictures - {each.get("src") for _, each in page.found}]
    assert new == [(folder / "mnist" / "figures" / "mnist-0-samples.png").read_bytes()]  # mnist5k has pictures of this run
    assert "Not from this run" not in page.text
    seeds = ",".join(map(str, files.read_json(folder / "mnist" / "provenance.json")["seeds"]))
    ran = f"dvc exp run -S &#39;suite=[mnist]&#39; -S &#39;seeds=[{seeds}]&#39;"
    assert ran in commands_of(copied / "reports" / "index.html")


def test_the_head_counts_the_claims_by_verdict(copied: Path) -> None:
    shutil.copy(ROOT / "reports" / "claims.csv", copied / "reports")
    claims = pd.read_csv(ROOT / "reports" / "claims.csv", keep_default_na=False)
    write_report(copied, SUITE, [0, 1])
    page = Elements(copied / "reports" / "index.html")
    counts = [f"{verdict} {(claims['verdict'] == verdict).sum()}" for verdict in captions.VERDICTS]
    assert f"{len(claims)} claims of the paper: {', '.join(counts)}." in page.text
    links = [attributes.get("href") for tag, attributes in page.found if tag == "a"]
    assert {f"../{path}" for path in claims["from"] if path} <= set(links)


def test_the_page_tells_of_blur_also_where_pixels_cannot_be_grey(copied: Path) -> None:
    write_experiment(without_grey(experiment_result(SUITE[1])), copied)
    write_report(copied, SUITE, [0, 1])
    page = (copied / "reports" / "index.html").read_text(encoding="utf-8")
    assert page.count("lowers the spread of pixels") == 2
    assert page.count("those between 0.1 and 0.9") == 1


def test_the_page_names_the_benchmarks_and_has_no_speeds(page: Elements) -> None:
    assert "../benchmarks/" in [attributes.get("href") for tag, attributes in page.found if tag == "a"]
    assert "per second" not in page.text


def test_a_template_refuses_to_leave_a_gap() -> None:
    with pytest.raises(UndefinedError, match="'pairs' is undefined"):
        render_template("compare.html", a="main", b="HEAD")


def test_the_page_has_table_2_and_what_can_be_measured_of_it(page: Elements) -> None:
    for value in (*paper.FAMILIES, *(cell for row in paper.TABLE_2.values() for cell in row)):
        assert value in page.text
    for value in ("2,503,984", "1,231,441", "2,500,800", "1,381,584,000"):
        assert value in page.text


@pytest.mark.parametrize(
    ("provenance", "command"),
    [
        ({"seeds": [0, 1]}, "dvc exp run -S 'suite=[mnist]' -S 'seeds=[0,1]'"),  # from before baselines were named
        ({"baselines": ["mnist"], "baseline_seeds": [3]}, "dvc exp run -S 'baselines=[mnist]' -S 'baseline_seeds=[3]'"),
    ],
)
def test_a_reference_names_the_command_that_runs_it_anew(tmp_path: Path, provenance: dict, command: str) -> None:
    files.write_json(tmp_path / "mnist" / "provenance.json", provenance)
    assert chapters.reference_command(tmp_path / "mnist") == command
