"""Seeds computed in clones of their own, results shared by a DVC remote, and a clone that assembles them and trains nothing."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from support.project import Project, clone, commit, small

SHARED = ["sanity@mnist5k", "costs@mnist5k", "known_density", "theory"]


def cloned(project: Project, folder: Path) -> Project:
    """Another machine's clone of what is committed."""
    project.run("git", "clone", "--quiet", ".", str(folder))
    return Project(folder)


def array_task(project: Project, number: int, revision: str = "main", status: int = 0) -> str:
    """A task of the Slurm job array, as Slurm starts it, with no clone left behind; returns its log."""
    scratch = project.folder.parent / f"task-{number}"
    scratch.mkdir(exist_ok=True)
    slurm = [f"SLURM_ARRAY_TASK_ID={number}", f"SLURM_SUBMIT_DIR={project.folder}", f"SLURM_TMPDIR={scratch}"]
    log = project.run("env", *slurm, "bash", "scripts/seeds.sbatch", revision, status=status)
    scratch.rmdir()
    return log


def lock(project: Project) -> dict[str, Any]:
    """What every stage read and wrote, in whatever order they ran."""
    return YAML(typ="safe").load(project.folder / "dvc.lock")["stages"]


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The head node's clone: two seeds of a small experiment, a shared folder as remote, and in it what no seed changes."""
    folder = tmp_path_factory.mktemp("machines")
    project = small(folder / "head", seeds=[0, 1])
    project.run("dvc", "remote", "add", "--default", "shared", str(folder / "remote"))
    commit(project, "A small experiment of two seeds")
    project.run("dvc", "repro", *SHARED)
    project.run("dvc", "push", "--run-cache", "--with-deps", *SHARED)
    return project


@pytest.mark.nightly
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
    assert lock(third) == lock(head)
    assert third.metrics()["mnist5k"]["num_seeds"] == 2


@pytest.mark.slow
def test_another_clone_has_the_results_back_instead_of_training_again(head: Project) -> None:
    head.run("dvc", "repro")
    commit(head, "Results")
    head.run("dvc", "push")
    other = cloned(head, head.folder.parent / "other")
    assert "Running stage" not in other.run("dvc", "repro", "--pull")
    outputs = ("data", "models", "samples", "scores", "figures", "reports")
    assert other.hashes(*outputs) == head.hashes(*outputs)
    assert other.run("git", "status", "--porcelain") == ""
    puller = cloned(head, head.folder.parent / "puller")
    puller.run("dvc", "pull", "models/mnist5k/0")
    assert puller.hashes("models") == {path: sum for path, sum in head.hashes("models").items() if "mnist5k/0" in path}


@pytest.mark.parametrize(
    ("number", "revision", "said"),
    [
        (0, "no-such-branch", "error: 'no-such-branch': not a commit of "),
        (0, "main", "error: no DVC remote is set to push the results to: see docs/how-to/share_data_and_results.md"),
        (2, "with-remote", "error: task 2: there are only 2, from 0"),
    ],
)
def test_a_task_that_cannot_do_its_work_says_so_before_it_begins(bare: Project, number: int, revision: str, said: str) -> None:
    log = array_task(bare, number, revision, status=2)
    assert said in log
    assert "Running stage" not in log


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A clone of two seeds in which nothing ran; its branch `with-remote` has a DVC remote."""
    folder = tmp_path_factory.mktemp("bare")
    project = clone(folder / "head")
    project.set("seeds", [0, 1])
    commit(project, "Two seeds")
    project.run("git", "checkout", "--quiet", "-b", "with-remote")
    project.run("dvc", "remote", "add", "--default", "shared", str(folder / "remote"))
    commit(project, "A remote")
    return project


def test_the_array_without_a_revision_shows_its_usage(bare: Project) -> None:
    assert bare.run("bash", "scripts/seeds.sbatch", status=2).startswith("error: usage: sbatch --array=")
