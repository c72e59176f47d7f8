"""`dvc repro` as a whole, killed and started again: its run ends with it, and resumes with it."""

import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from support.experiments import small_values
from support.project import EXPERIMENT, Project, clone

STAGE = "train@mnist5k-0"
LOCK = Path("checkpoints/mnist5k-0.lock")


@pytest.fixture
def project(tmp_path) -> Project:
    """A clone with a run of some seconds."""
    project = clone(tmp_path)
    (project.folder / "dvc.lock").unlink(missing_ok=True)
    YAML(typ="safe").dump(small_values(epochs=1500, keep="last"), project.folder / EXPERIMENT)
    return project


def begin(project: Project) -> subprocess.Popen:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(["dvc", "repro", STAGE], cwd=project.folder, env=project.environment, **pipes)


def await_training(project: Project, under_way: bool) -> None:
    deadline = time.monotonic() + 60
    while (project.folder / LOCK).exists() != under_way and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (project.folder / LOCK).exists() == under_way


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_a_killed_repro_resumes_to_the_same_bytes(project, shell):
    """SIGKILL at random moments, while Python is still importing PyTorch too: no training outlives its DVC."""
    project.environment["SHELL"] = shell
    random = np.random.default_rng(0)
    project.run("dvc", "repro", STAGE)
    usual = project.hashes("models")
    project.run("git", "clean", "-fdxq", "models", "logs")
    (project.folder / "dvc.lock").unlink()
    project.run("rm", "-r", ".dvc/cache")
    for moment in (0.0, *random.uniform(0.2, 1.5, 2)):
        killed = begin(project)
        if moment:
            await_training(project, under_way=True)
            time.sleep(moment)
        else:
            time.sleep(3)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        if moment:
            await_training(project, under_way=False)
            assert list((project.folder / "checkpoints").glob("*.state"))
            assert not (project.folder / "models" / "mnist5k" / "0").exists()
    output = project.run("dvc", "repro", STAGE)
    assert "the run resumes after" in output
    assert project.hashes("models") == usual
    assert list((project.folder / "checkpoints").iterdir()) == []
