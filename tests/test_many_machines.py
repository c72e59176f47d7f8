"""Seeds computed in clones of their own, results shared by a DVC remote, and a clone that assembles them and trains nothing."""

import os
from pathlib import Path

import pytest

from test_pipeline import SMALL, Project, clone, commit

SHARED = ["baselines@mnist5k", "known_density", "theory"]


def cloned(project: Project, folder: Path) -> Project:
    """Another machine's clone of what is committed."""
    project.run("git", "clone", "--quiet", ".", str(folder))
    return Project(folder)


def array_task(project: Project, number: int, status: int = 0) -> str:
    """A task of the Slurm job array, as Slurm starts it; returns its log."""
    slurm = [f"SLURM_ARRAY_TASK_ID={number}", f"SLURM_SUBMIT_DIR={project.folder}", f"SLURM_TMPDIR={project.folder.parent}"]
    revision = project.run("git", "rev-parse", "HEAD").strip()
    return project.run("env", *slurm, "bash", str(project.folder / "scripts/seeds.sbatch"), revision, status=status)


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The head node's clone: two seeds of a small experiment, a shared folder as remote, and in it what no seed changes."""
    folder = tmp_path_factory.mktemp("machines")
    project = clone(folder / "head")
    (project.folder / "dvc.lock").unlink(missing_ok=True)
    for path, value in SMALL.items():
        project.set(path, value)
    project.set(("seeds",), [0, 1])
    project.run("dvc", "remote", "add", "--default", "shared", str(folder / "remote"))
    commit(project, "A small experiment of two seeds")
    project.run("dvc", "repro", *SHARED)
    project.run("dvc", "push", "--run-cache", "--with-deps", *SHARED)
    return project


@pytest.mark.slow
def test_seeds_of_two_machines_are_assembled_without_training(head: Project) -> None:
    for seed in (0, 1):
        log = array_task(head, seed)
        assert f"Running stage 'train@mnist5k-{seed}'" in log
        assert f"mnist5k-{1 - seed}" not in log
    third = cloned(head, head.folder.parent / "third")
    log = third.run("dvc", "repro", "--pull")
    assert log.count("Running stage") == 1
    assert "Running stage 'report'" in log
    head.run("dvc", "repro")
    assert third.reports() == head.reports()
    assert third.hashes(".")["dvc.lock"] == head.hashes(".")["dvc.lock"]
    assert third.metrics()["mnist5k"]["num_seeds"] == 2
