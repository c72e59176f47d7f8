"""The library's shape: packages import downwards only, functions and modules are small, and the public door is light."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.experiments import ROOT

PACKAGE = ROOT / "adversarial_nets"
FLOORS = [
    {"core"}, {"parameters"}, {"running"}, {"data"}, {"likelihood"}, {"gan"}, {"baselines"},
    {"diagnostics", "theory"}, {"extensions"}, {"report"}, {"regression"},
]  # fmt: skip
# What the public door opens: the estimator and the products that it works with.
PUBLIC = {f"adversarial_nets.{name}" for name in ("likelihood", "likelihood.parzen", "core", "core.arithmetic")}
MODULES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = sorted(path for folder in ("stages", "ablations", "extensions") for path in (ROOT / folder).glob("*.py"))


def name_of(module: Path) -> str:
    """Such as ``adversarial_nets.core.files``."""
    return ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(module: Path) -> set[str]:
    """Names of the library's modules that a module imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: a relative import"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names & {name_of(other) for other in MODULES}


def package_of(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def floor_of(package: str) -> int:
    [floor] = [number for number, packages in enumerate(FLOORS) if package in packages]
    return floor


def test_the_floors_are_all_the_packages() -> None:
    assert set().union(*FLOORS) == {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_packages_import_downwards_only(module: Path) -> None:
    own = package_of(name_of(module))
    others = {package_of(name) for name in imported(module)} - {own, ""}
    assert [package for package in others if own and floor_of(package) >= floor_of(own)] == []


def test_no_import_goes_in_a_circle() -> None:
    graph = {name_of(module): imported(module) - {name_of(module), "adversarial_nets"} for module in MODULES}
    while leaves := {name for name, needs in graph.items() if not needs & set(graph)}:
        graph = {name: needs for name, needs in graph.items() if name not in leaves}
    assert graph == {}


def functions(module: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


@pytest.mark.parametrize("module", [*MODULES, *SCRIPTS], ids=name_of)
def test_functions_have_five_parameters_at_most(module: Path) -> None:
    for function in functions(module):
        given = function.args
        parameters = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        assert len([name for name in parameters if name not in ("self", "cls", "ctx")]) <= 5, function.name


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_modules_have_300_lines_at_most(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_scripts_have_40_lines_at_most(script: Path) -> None:
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 40


def test_no_file_changes_the_path_that_modules_are_found_on() -> None:
    listed = subprocess.check_output(["git", "ls-files", "-z", "*.py"], cwd=ROOT, text=True).split("\0")
    for path in filter(None, listed):
        if (ROOT / path).exists():
            tree = ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
            found = [node for node in tree if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path"]
            assert found == [], path


@pytest.mark.parametrize("module", [path for path in MODULES if path.name == "__init__.py"], ids=name_of)
def test_packages_import_nothing_by_themselves(module: Path) -> None:
    nodes = ast.parse(module.read_text(encoding="utf-8")).body
    found = {ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)}
    assert found <= {"from importlib import import_module"}


def modules_after(program: str) -> set[str]:
    """Names of all modules once a fresh interpreter has run a line."""
    command = [sys.executable, "-c", f"{program}; import sys; print(*sys.modules)"]
    return set(subprocess.check_output(command, cwd=ROOT, text=True).split())


def test_the_library_alone_imports_no_pytorch() -> None:
    assert "torch" not in modules_after("import adversarial_nets")


def test_the_parzen_window_needs_nothing_else_of_the_project() -> None:
    found = {name for name in modules_after("from adversarial_nets import ParzenWindow") if name.startswith("adversarial_nets")}
    assert found == {"adversarial_nets", *PUBLIC}
