"""Whether the working tree's results are the committed ones."""

import subprocess
from pathlib import Path

import pytest

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.regression.committed import verdict


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with committed results."""
    monkeypatch.chdir(tmp_path)
    for name in ("reports/metrics.json", "dvc.lock", "notes.txt"):
        files.write_text(Path(name), "one\n")
    committing = ["-c", "user.name=a", "-c", "user.email=b", "commit", "--quiet", "-m", "Results"]
    for command in (["init", "--quiet"], ["add", "."], committing):
        subprocess.run(["git", *command], check=True)
    return tmp_path


def test_equal_results_are_called_identical(project: Path) -> None:
    files.write_text(Path("notes.txt"), "two\n")
    assert verdict() == "identical to the committed results"


def test_other_results_are_named(project: Path) -> None:
    files.write_text(Path("reports/metrics.json"), "two\n")
    files.write_text(Path("reports/new.csv"), "two\n")
    assert verdict() == "not identical to the committed results: reports/metrics.json, reports/new.csv"


def test_without_a_repository_git_cannot_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(InputError, match="git cannot compare"):
        verdict()
