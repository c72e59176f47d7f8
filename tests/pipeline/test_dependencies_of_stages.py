"""DVC does not see imports, so the lists in dvc.yaml must follow them: code that decides a stage's bytes, and no other."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from support.experiments import ROOT

STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
OF_BASELINES = {name: name.removesuffix("_baselines") for name in STAGES if name.endswith("_baselines")}
EXTENSIONS = YAML(typ="safe").load(ROOT / "extensions" / "dvc.yaml")["stages"]
CODE = {"adversarial_nets", "stages", "extensions"}
# These find, refuse and show: no output depends on them.
WITHOUT_INFLUENCE = [ROOT / "adversarial_nets" / name for name in ("parameters", "running")]


def named(node: ast.AST) -> list[str]:
    """The modules that an import may mean: `from a import b` may import a.b."""
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def imported(path: Path) -> Iterator[Path]:
    """Files of this project that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        files = [ROOT / f"{name.replace('.', '/')}.py" for name in named(node) if name.split(".")[0] in CODE]
        yield from (file for file in files if file.exists())


def needed(path: Path) -> set[Path]:
    """A script and all that it imports, and what these import, but for what decides no bytes."""
    found, waiting = set(), {path}
    while waiting:
        found |= waiting
        new = {file for known in waiting for file in imported(known)} - found
        waiting = {file for file in new if not any(folder in file.parents for folder in WITHOUT_INFLUENCE)}
    return found


def listed(stage: dict) -> list[Path]:
    """The code among a stage's dependencies: files and folders."""
    paths = [path for path in stage["deps"] if path.split("/")[0] in CODE and not path.startswith("extensions/models")]
    return [ROOT / path for path in paths]


def script(stage: dict) -> Path:
    """What a stage runs."""
    [module] = re.findall(r"python -m ([\w.]+)", stage["cmd"])
    return ROOT / f"{module.replace('.', '/')}.py"


@pytest.mark.parametrize(
    "stage",
    [*(name for name in STAGES if name != "check" and name not in OF_BASELINES), *(f"extensions/{name}" for name in EXTENSIONS)],
)
def test_a_stage_depends_on_what_it_imports_and_on_nothing_else(stage: str) -> None:
    described = STAGES.get(stage) or EXTENSIONS[stage.removeprefix("extensions/")]
    wanted, given = needed(script(described)), listed(described)
    missing = [file for file in wanted if not any(path == file or path in file.parents for path in given)]
    needless = [path for path in given if not any(path == file or path in file.parents for file in wanted)]
    assert (missing, needless) == ([], [])


def test_the_check_depends_on_the_parameters_that_it_reads() -> None:
    """On no code that trains, so that it runs again if a limit changes and nothing else does."""
    deps = set(STAGES["check"]["deps"])
    files = {"experiments", "ablations/experiment.yaml", "ablations/params.yaml", "extensions/params.yaml"}
    assert deps == {*files, "stages/check.py", "adversarial_nets/parameters"}


def test_every_stage_is_in_the_pipeline_and_has_a_script() -> None:
    assert {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"} == set(STAGES) - set(OF_BASELINES)


@pytest.mark.parametrize("stage", OF_BASELINES)
def test_stages_of_baselines_are_the_suites_but_for_their_names_and_seeds(stage: str) -> None:
    of_suite, own = STAGES[OF_BASELINES[stage]], STAGES[stage]
    assert {key: own[key] for key in own if key != "matrix"} == {key: of_suite[key] for key in of_suite if key != "matrix"}
    swapped = {"${suite}": "${baselines}", "${seeds}": "${baseline_seeds}"}
    assert own["matrix"] == {key: swapped[value] for key, value in of_suite["matrix"].items()}


def test_no_output_is_a_folder_that_a_person_puts_things_in() -> None:
    outputs = [next(iter(out)) if isinstance(out, dict) else out for stage in STAGES.values() for out in stage["outs"]]
    assert not {"reports", "data", "data/raw", "data/sources", "reports/reference"} & set(outputs)


def test_the_pipeline_fits_on_some_pages() -> None:
    assert len((ROOT / "dvc.yaml").read_text(encoding="utf-8").splitlines()) <= 260


def test_the_library_knows_neither_dvc_nor_the_stages() -> None:
    for path in (ROOT / "adversarial_nets").rglob("*.py"):
        roots = {name.split(".")[0] for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for name in named(node)}
        assert not roots & {"dvc", "stages"}, path.name


def test_the_check_stage_imports_no_pytorch() -> None:
    """It runs before everything else, so it should be quick."""
    program = "import sys, stages.check; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0
