"""A reference: what is written, from where it comes, and the README's table of all of them."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adversarial_nets.core import files
from adversarial_nets.core.errors import CheckFailed
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.regression import provenance, reference
from adversarial_nets.report import tables
from adversarial_nets.report.results import load_experiment
from adversarial_nets.running.paths import RunPaths
from support.experiments import write_yaml

MNIST5K = Path("reports/reference/mnist5k")


def test_provenance_has_where_results_came_from(project: Path) -> None:
    Path("params.yaml").write_text(Path("params.yaml").read_text() + "# changed\n")
    found = provenance.of(load_experiment("mnist5k", [0, 1]))
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()
    assert (found.commit, found.dirty, found.uncommitted_changes) == (head, True, ["params.yaml"])
    assert found.data["mnist5k.npz"] == f"sha256:{files.digest('data/mnist5k.npz', 'sha256')}"
    assert found.data["data/prepared/mnist5k.npz"] == f"sha256:{files.digest('data/prepared/mnist5k.npz', 'sha256')}"
    assert found.devices == {0: "cpu", 1: "cpu"}
    assert all(seconds > 0 for seconds in found.training_seconds.values())


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
    sums = files.read_json(MNIST5K / reference.CHECKSUMS)
    assert sums == {
        str(path.relative_to(MNIST5K)): files.digest(path, "sha256")
        for path in MNIST5K.rglob("*")
        if path.is_file() and path.name != reference.CHECKSUMS
    }


def test_stale_results_do_not_become_a_reference(project: Path) -> None:
    reference.refuse_stale_results()
    write_yaml(Path("params.yaml"), {"suite": []})
    with pytest.raises(CheckFailed, match="run `make repro` first: not up to date are report"):
        reference.refuse_stale_results()


def test_the_readme_shows_how_far_seeds_are_apart(tmp_path: Path) -> None:
    for name, seeds in (("several", [1.0, 2.0, 6.0]), ("single", [3.0])):
        row = {"model": "Adversarial nets", "origin": "measured here", "data_set": "MNIST", "experiment": name}
        row |= {"log_likelihood": np.mean(seeds), "standard_error": 1.0, "num_seeds": len(seeds)}
        row |= {"seed_std": np.std(seeds, ddof=1)} if len(seeds) > 1 else {}
        (tmp_path / name).mkdir()
        pd.DataFrame([row]).reindex(columns=tables.COLUMNS).to_csv(tmp_path / name / "table1.csv", index=False)
    table = reference.readme_table(tmp_path)
    lines = {line.split("|")[1].strip(): line.split("|")[-2].strip() for line in table.splitlines()}
    assert lines["Adversarial nets (several)"] == "2.6 (3 seeds)"
    assert lines["Adversarial nets (single)"] == "one seed"
    assert lines["DBN"] == ""


def test_only_the_table_between_the_markers_changes(project: Path) -> None:
    readme = Path("README.md").read_text()
    assert reference.with_results(readme, Path("reports/reference")) == readme
    stale = re.sub(r"\| DBN.*\n", "", readme)
    assert stale != readme
    assert reference.with_results(stale, Path("reports/reference")) == readme
