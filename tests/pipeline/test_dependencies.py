"""The pipeline's dependencies: DVC does not see imports, so the lists in dvc.yaml must follow them."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
# These fetch, read and refuse input or show progress: no output depends on them. `common` only finds paths.
WITHOUT_INFLUENCE = {"downloads", "errors", "parameters", "progress", "common"}


def imported(path: Path) -> set[Path]:
    """Our own modules that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    candidates = {ROOT / (name.replace(".", "/") + ".py") for name in names} | {ROOT / "stages" / f"{name}.py" for name in names}
    return {candidate for candidate in candidates if candidate.exists()}


def needed(path: Path) -> set[Path]:
    """Modules that a file imports, and those that these import."""
    found, waiting = set(), {path}
    while waiting:
        found |= waiting
        waiting = {new for known in waiting if known.stem != "common" for new in imported(known)} - found
    return {module for module in found if module.stem not in WITHOUT_INFLUENCE}


@pytest.mark.parametrize("stage", [name for name in STAGES if name != "check"])
def test_a_stage_depends_on_the_modules_that_it_imports_and_on_no_others(stage):
    listed = {ROOT / path for path in STAGES[stage]["deps"] if path.endswith(".py")}
    wanted = needed(ROOT / "stages" / f"{stage}.py")
    if "device" in STAGES[stage].get("params", []):
        wanted.add(ROOT / "adversarial_nets" / "devices.py")
    assert {str(path.relative_to(ROOT)) for path in listed} == {str(path.relative_to(ROOT)) for path in wanted}


def test_every_stage_is_in_the_pipeline_and_has_a_script():
    scripts = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"common"}
    assert scripts == set(STAGES)


def test_no_output_is_a_folder_that_a_person_puts_things_in():
    outputs = [next(iter(out)) if isinstance(out, dict) else out for stage in STAGES.values() for out in stage["outs"]]
    assert not {"reports", "data", "data/raw", "reports/reference"} & set(outputs)


def test_the_library_knows_neither_dvc_nor_the_stages():
    for path in (ROOT / "adversarial_nets").glob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        roots = {(node.module or "").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
        roots |= {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        assert not roots & {"dvc", "common", "stages"}, path.name


def test_the_check_stage_imports_no_pytorch():
    """It runs before everything else, so it should be quick."""
    program = "import sys; sys.path.insert(0, 'stages'); import check; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}).returncode == 0
