"""Ablations as a whole: killed and resumed, and through real DVC."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adversarial_nets.diagnostics import ablations
from adversarial_nets.report.ablations import verdict
from support.experiments import ROOT, project_values, read_yaml, save_prepared, small_values, write_project, write_yaml
from support.project import Project, commit
from support.project import small as small_clone
from support.stops import await_saved

FILE = ROOT / "ablations" / "params.yaml"
VARIANTS = ["simultaneous", "simultaneous_minimax", "alternating_5_steps"]

# Saves after every step, so that any moment may be within a save.
SAVING = """
import runpy, sys
from adversarial_nets.running import checkpoints
checkpoints.INTERVAL = 0.0
sys.argv = ["train", "alternating", "0"]
runpy.run_module("ablations.train", run_name="__main__")
"""


def begin(folder: Path) -> subprocess.Popen:
    shared = os.environ | {"PYTHONPATH": str(ROOT), "ADVERSARIAL_NETS_CHECKPOINTS": str(folder / "states")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", SAVING], cwd=folder, env=shared, **pipes)


def finish(folder: Path) -> tuple[str, dict[str, bytes]]:
    """What a run prints, and what it writes."""
    ended = begin(folder)
    said, errors = ended.communicate(timeout=120)
    assert (errors, ended.returncode) == ("", 0)
    assert [*(folder / "states").iterdir(), *(folder / "checkpoints").iterdir()] == []
    runs = folder / "reports" / "ablations" / "runs" / "alternating" / "0"
    return said, {path.name: path.read_bytes() for path in runs.iterdir()}


@pytest.mark.slow
def test_a_killed_run_ends_like_one_never_killed(tmp_path: Path, digits: np.ndarray) -> None:
    write_project(tmp_path, project_values(), mnist5k=small_values(epochs=40))
    (tmp_path / "ablations").mkdir()
    shutil.copy(FILE, tmp_path / "ablations")
    write_yaml(tmp_path / "ablations" / "experiment.yaml", small_values(epochs=40))
    save_prepared(digits, tmp_path)
    _, usual = finish(tmp_path)
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        process, started = begin(tmp_path), time.time()
        await_saved(process, tmp_path / "states", started)
        process.send_signal(number)
        process.communicate(timeout=120)
        assert process.returncode == (1 if number == signal.SIGTERM else -number)
    said, found = finish(tmp_path)
    assert "the run resumes after" in said
    assert found == usual


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A clone in which a few small ablations were run."""
    project = small_clone(tmp_path_factory.mktemp("clone"))
    values = read_yaml(FILE)
    values |= {"seeds": [0], "variants": {name: values["variants"][name] for name in VARIANTS}}
    write_yaml(project.folder / "ablations" / "params.yaml", values)
    shutil.copy(project.folder / "experiments" / "mnist5k.yaml", project.folder / "ablations" / "experiment.yaml")
    (project.folder / "ablations" / "dvc.lock").unlink(missing_ok=True)
    project.run("rm", "-rf", "reports/ablations")
    project.run("dvc", "repro", "ablations/dvc.yaml")
    commit(project, "Small ablations")
    return project


@pytest.mark.nightly
def test_the_ablations_run_and_are_reported(project: Project) -> None:
    folder = project.folder / "reports" / "ablations"
    table = pd.read_csv(folder / "ablations.csv")
    assert table["variant"].tolist() == VARIANTS
    assert table["discriminator_updates"].tolist() == [20, 20, 20]
    assert table["generator_updates"].tolist() == [20, 20, 4]
    assert np.isfinite(table["log_likelihood"]).all()
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert verdict(ablations.saturation(table)) in page
    assert "![" in page
    assert (folder / "ablations.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.nightly
def test_a_second_run_runs_nothing_and_a_forced_one_gives_the_same_bytes(project: Project) -> None:
    assert "Running stage" not in project.run("dvc", "repro", "ablations/dvc.yaml")
    project.run("dvc", "repro", "--force", "ablations/dvc.yaml")
    assert project.run("git", "status", "--porcelain") == ""


@pytest.mark.nightly
def test_a_change_of_the_default_leaves_the_ablations_as_they_are(project: Project) -> None:
    project.set("experiments/mnist5k.yaml:training.learning_rate", 0.5)
    assert "train@mnist5k-0" in (stale := json.loads(project.run("dvc", "status", "--json")))
    assert not [stage for stage in stale if "ablations" in stage]
    project.run("git", "checkout", "--quiet", "experiments")


@pytest.mark.nightly
def test_the_default_runs_no_ablations_and_needs_none(project: Project) -> None:
    listed = project.run("dvc", "stage", "list", "--name-only")
    assert "train@mnist5k-0" in listed
    assert "alternating" not in listed
    # In git, not in the cache: ablations that ran elsewhere must not stand in the way of a checkout.
    shutil.rmtree(project.folder / "reports" / "ablations")
    assert "ablations" not in project.run("dvc", "checkout", status=None)
    project.run("git", "checkout", "reports/ablations")
    assert "Running stage" not in project.run("dvc", "repro", "ablations/dvc.yaml")
