"""Which results a name on the command line stands for, and the page that comes of two."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.regression.compare import compare
from adversarial_nets.report import tables
from support.experiments import ROOT, shipped_values, write_project
from support.finished import git
from support.results import experiment_result


@pytest.fixture(autouse=True)
def two_experiments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository whose last commit has results of two experiments, and whose branch `first` has one."""
    monkeypatch.chdir(tmp_path)
    one = experiment_result("mnist", data_set="MNIST")
    seeds = [replace(seed, log_likelihoods=[fold + 3 for fold in seed.log_likelihoods]) for seed in one.seeds]
    results = [one, replace(one, name="mnist_annealed", seeds=seeds)]
    files.write_text(Path("gate.yaml"), (ROOT / "gate.yaml").read_text())
    write_project(tmp_path, {}, **{each.name: shipped_values(each.name) for each in results})
    git("init", "--quiet")
    for count, branch in ((1, "first"), (2, "main")):
        git("checkout", "--quiet", "-b", branch)
        files.write_json(Path("reports/metrics.json"), {each.name: each.metrics() for each in results[:count]})
        files.write_csv(Path("reports/table1.csv"), tables.results_table(results[:count]))
        git("add", "--all")
        git("commit", "--quiet", "--message", f"Results of {count}")


@pytest.mark.parametrize(("a", "b"), [("mnist", "mnist_annealed"), ("first:mnist", "main:mnist_annealed")])
def test_two_experiments_of_any_revisions_are_set_against_one_another(a: str, b: str) -> None:
    compare(a, b)
    html = Path("comparison.html").read_text()
    epochs = [shipped_values(name)["training"]["epochs"] for name in ("mnist", "mnist_annealed")]
    assert epochs[0] != epochs[1]
    assert '<h2 id="mnist-and-mnist_annealed">mnist and mnist_annealed</h2>' in html
    assert "<td><code>training.epochs</code></td><td><code>{}</code></td><td><code>{}</code></td>".format(*epochs) in html
    assert "+3.0 ± " in html
    assert "Adversarial nets (mnist_annealed)" in html
    assert "cannot be compared" not in html


def test_a_name_on_one_side_is_meant_for_both() -> None:
    compare("first", "main:mnist")
    html = Path("comparison.html").read_text()
    assert '<h2 id="mnist">mnist</h2>' in html
    assert "There is no difference." in html


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ("mnits", "mnist", "'mnits': git knows no such revision or experiment here"),
        ("first:mnist_annealed", "mnist", "'first:mnist_annealed': first has results of mnist, none of mnist_annealed"),
        ("nowhere:mnist", "mnist", "'nowhere': git knows no such revision"),
    ],
)
def test_a_name_that_stands_for_nothing_is_refused(a: str, b: str, reason: str) -> None:
    with pytest.raises(InputError, match=re.escape(reason)):
        compare(a, b)
    assert not Path("comparison.html").exists()
