"""The workflows for continuous integration: they call what the Makefile has, and the gate sees the base branch."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from support.experiments import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def steps(path: Path) -> list[dict]:
    return [step for job in YAML(typ="safe").load(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_make_target_exists(path: Path) -> None:
    called = {target for step in steps(path) for target in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))}
    assert called <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert called


def made(workflow: str) -> list[str]:
    """The make targets that a workflow calls."""
    found = steps(ROOT / ".github" / "workflows" / f"{workflow}.yml")
    return [target for step in found for target in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))]


def test_every_kind_of_check_runs_by_itself() -> None:
    assert {"lint", "check-lock", "verify", "test"} <= set(made("ci"))
    assert made("nightly") == ["test-slow", "test-nightly"]


def test_the_gate_has_the_whole_history() -> None:
    (checkout,) = (step for step in steps(ROOT / ".github" / "workflows" / "gate.yml") if "checkout" in step.get("uses", ""))
    assert checkout["with"]["fetch-depth"] == 0


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_what_others_write_reaches_no_shell_script(path: Path) -> None:
    """Names of branches and numbers come through the environment: as text in a script they would be code."""
    assert not [step["run"] for step in steps(path) if "${{" in step.get("run", "")]


def step(workflow: str, name: str) -> dict:
    """The step of a workflow that has this name."""
    (found,) = (each for each in steps(ROOT / ".github" / "workflows" / f"{workflow}.yml") if each.get("name") == name)
    return found


def run_step(found: dict, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A step's shell as GitHub starts it, with a `gh` that writes down what it was asked."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "gh").write_text('#!/bin/bash\nprintf "%s\\n" "$@" > gh_arguments\ncat "${@: -1}" > gh_comment\n')
    (tools / "gh").chmod(0o755)
    given = os.environ | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"} | environment
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"]]
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True)


def test_the_verdicts_become_the_summary_and_one_comment(tmp_path: Path) -> None:
    (tmp_path / "gate.md").write_text("## Results: **failed**\n")
    summary = step("gate", "The verdicts as the job's summary")
    comment = step("gate", "The verdicts as a comment, the same one each time")
    assert run_step(summary, tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "summary")).returncode == 0
    assert (tmp_path / "summary").read_text() == "## Results: **failed**\n"
    assert set(comment["env"]) == {"GH_TOKEN", "NUMBER"}
    assert run_step(comment, tmp_path, GH_TOKEN="", NUMBER="12; touch harm").returncode == 0
    asked = ["pr", "comment", "12; touch harm", "--edit-last", "--create-if-none", "--body-file", "gate.md"]
    assert (tmp_path / "gh_arguments").read_text().splitlines() == asked
    assert (tmp_path / "gh_comment").read_text() == "## Results: **failed**\n"
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("report", ["", None])
def test_without_verdicts_there_is_no_comment_and_no_failure_beside_the_gates_own(tmp_path: Path, report: str | None) -> None:
    if report is not None:
        (tmp_path / "gate.md").write_text(report)
    for name in ("The verdicts as the job's summary", "The verdicts as a comment, the same one each time"):
        done = run_step(step("gate", name), tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "summary"), NUMBER="12")
        assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "gh_arguments").exists()
    assert not (tmp_path / "summary").exists()


def test_what_reports_a_verdict_runs_also_if_it_failed() -> None:
    for name in ("The verdicts as the job's summary", "The verdicts as a comment, the same one each time"):
        assert "!cancelled()" in step("gate", name)["if"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_job_has_a_limit_and_a_commit_to_work_on(path: Path) -> None:
    workflow = YAML(typ="safe").load(path)
    assert "permissions" in workflow
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= (180 if path.stem == "nightly" else 60)
        assert job["steps"][0]["uses"].startswith("actions/checkout@v")
        assert all(("run" in each) != ("uses" in each) for each in job["steps"])
