"""The workflows for continuous integration: they call what the Makefile has, and the gate sees the base branch."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def steps(path: Path) -> list[dict]:
    return [step for job in YAML(typ="safe").load(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_make_target_exists(path: Path) -> None:
    called = {target for step in steps(path) for target in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))}
    assert called <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert called


def test_the_gate_has_the_whole_history() -> None:
    (checkout,) = (step for step in steps(ROOT / ".github" / "workflows" / "gate.yml") if "checkout" in step.get("uses", ""))
    assert checkout["with"]["fetch-depth"] == 0


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_what_others_write_reaches_no_shell_script(path: Path) -> None:
    """Names of branches and numbers come through the environment: as text in a script they would be code."""
    assert not [step["run"] for step in steps(path) if "${{" in step.get("run", "")]
