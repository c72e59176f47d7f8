"""A reference: what is written, from where it comes, and the README's table of all of them."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adversarial_nets.core import files
from adversarial_nets.core.errors import CheckFailed, InputError
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.regression import provenance, reference
from adversarial_nets.report.results import load_experiment
from adversarial_nets.running import paths
from adversarial_nets.running.paths import RunPaths
from support.experiments import write_yaml
from support.finished import set_parameter

MNIST5K = Path("reports/reference/mnist5k")


def test_provenance_has_where_results_came_from(project: Path) -> None:
    found = provenance.of(load_experiment("mnist5k", [0, 1]))
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()
    assert (found.commit, found.suite, found.seeds, found.overrides) == (head, ["mnist5k"], [0, 1], {})
    assert found.data["mnist5k.npz"] == f"sha256:{files.digest('data/mnist5k.npz', 'sha256')}"
    assert found.data["data/prepared/mnist5k.npz"] == f"sha256:{files.digest('data/prepared/mnist5k.npz', 'sha256')}"
    assert found.devices == {0: "cpu", 1: "cpu"}
    assert all(seconds > 0 for seconds in found.training_seconds.values())


def test_parameters_that_are_not_as_committed_are_in_the_command_that_makes_a_reference_anew(project: Path) -> None:
    set_parameter(Path("params.yaml"), "seeds", [0, 1, 2])
    set_parameter(Path("params.yaml"), "helvetica.generator_updates", 7)
    set_parameter(Path("experiments/mnist5k.yaml"), "training.epochs", 9)
    found = provenance.of(load_experiment("mnist5k", [0, 1]))
    assert found.overrides == {"helvetica.generator_updates": 7, "experiments/mnist5k.yaml:training.epochs": 9}
    assert found.command == (
        f"git checkout {found.commit[:10]} && make setup && .venv/bin/dvc exp run -S 'suite=[mnist5k]' -S 'seeds=[0,1,2]' "
        "-S 'baselines=[]' -S 'baseline_seeds=[0]' "
        "-S 'helvetica.generator_updates=7' -S 'experiments/mnist5k.yaml:training.epochs=9' && make reference"
    )
    of_another_model = replace(found, suite=[], baselines=["other"])
    assert "exp run -S 'suite=[]' -S 'seeds=[0,1,2]' -S 'baselines=[other]' " in of_another_model.command


def test_code_that_is_not_committed_makes_no_reference(project: Path) -> None:
    for name in ("params.yaml", "README.md", "reports/metrics.json"):
        Path(name).write_text(Path(name).read_text() + "\n")
    provenance.refuse_uncommitted_code()
    Path("gate.yaml").write_text("# changed\n")
    before = files.digest(MNIST5K / "metrics.json", "sha256")
    with pytest.raises(
        CheckFailed, match=r"commit first, so that the reference can name the commit that it comes from: gate\.yaml"
    ):
        reference.write_references()
    assert files.digest(MNIST5K / "metrics.json", "sha256") == before


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ({"num_started": 3}, "reports/reference/mnist5k is of 3 runs, these results of 2"),
        ({"num_started": 2, "num_seeds": 3}, "reports/reference/mnist5k is of 3 finished runs, these results of 2"),
        ({"num_started": 2, "num_test_images": 501}, "reports/reference/mnist5k is of 501 test images, these results of"),
    ],
)
def test_a_weaker_run_replaces_a_reference_only_if_it_is_forced_to(
    project: Path, monkeypatch: pytest.MonkeyPatch, metrics: dict[str, int], said: str
) -> None:
    path = MNIST5K / "metrics.json"
    kept = files.read_json(path)["mnist5k"]
    files.write_json(path, {"mnist5k": kept | metrics})
    monkeypatch.setattr(reference, "refuse_stale_results", lambda: None)
    with pytest.raises(CheckFailed, match=said):
        reference.write_references()
    assert files.read_json(path)["mnist5k"] == kept | metrics
    reference.write_references(force=True)
    assert files.read_json(path)["mnist5k"] == kept


def test_a_run_as_strong_replaces_a_reference(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(reference, "refuse_stale_results", lambda: None)
    reference.write_references()
    assert "to make it anew:\ngit checkout " in capsys.readouterr().out


def test_every_run_that_was_started_is_in_a_reference(project: Path) -> None:
    seeds = pd.read_csv(MNIST5K / "seeds.csv")
    assert seeds["seed"].tolist() == [0, 1]
    assert seeds["outcome"].tolist() == ["collapsed", "collapsed"]  # after a few updates it is no better than a mean image
    assert files.read_json(MNIST5K / "metrics.json")["mnist5k"]["num_collapsed"] == 2


def test_the_wall_time_of_another_run_is_not_this_ones(project: Path) -> None:
    run = RunPaths("mnist5k", 1)
    run.log.write_text('{"seconds": 3, "generator_sha256": "of another run"}')
    assert provenance.training_seconds(run) is None
    run.log.unlink()
    assert provenance.training_seconds(run) is None


def test_a_reference_is_what_was_measured(project: Path) -> None:
    result = load_experiment("mnist5k", [0, 1])
    assert files.read_json(MNIST5K / "metrics.json") == {"mnist5k": result.metrics()}
    Experiment.model_validate(files.read_json(MNIST5K / "parameters.json"))
    with np.load(MNIST5K / "log_likelihoods.npz") as arrays:
        np.testing.assert_allclose(arrays["seed_1_fold_0"], result.seeds[1].log_likelihoods[0], rtol=1e-6)
    assert files.read(MNIST5K / "provenance.json", provenance.Provenance).devices == {0: "cpu", 1: "cpu"}
    pictures = {path.name for path in (MNIST5K / "figures").iterdir()}
    assert {"mnist5k-0-samples.png", "mnist5k-1-interpolations.png", "mnist5k-learning_curves.png"} <= pictures
    sums = files.read_json(MNIST5K / paths.CHECKSUMS)
    assert sums == {
        str(path.relative_to(MNIST5K)): files.digest(path, "sha256")
        for path in MNIST5K.rglob("*")
        if path.is_file() and path.name != paths.CHECKSUMS
    }


def test_stale_results_do_not_become_a_reference(project: Path) -> None:
    reference.refuse_stale_results()
    write_yaml(Path("params.yaml"), {"suite": []})
    with pytest.raises(CheckFailed, match="run `make repro` first: not up to date are report"):
        reference.refuse_stale_results()


def test_without_a_repository_there_is_no_provenance(project: Path) -> None:
    shutil.rmtree(".git")
    with pytest.raises(InputError, match="git cannot read this project's repository: fatal: not a git repository"):
        reference.write_references(force=True)
