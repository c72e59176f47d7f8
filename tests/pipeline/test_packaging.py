"""The package as others install it: the Parzen window alone, with NumPy and PyTorch and nothing else of the project."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

import adversarial_nets

ROOT = Path(__file__).parents[2]
SCORE = """
import sys
import numpy as np
import adversarial_nets
assert "torch" not in sys.modules, "PyTorch is imported before it is asked for"
from adversarial_nets import ParzenWindow
window = ParzenWindow(np.zeros((2, 3)))
print(adversarial_nets.__file__, adversarial_nets.__version__, float(window.log_prob(np.zeros((1, 3)), 1.0)[0]))
print(*sorted(name for name in sys.modules if name.startswith("adversarial_nets.")))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip installed the repository, without what it depends on."""
    folder = tmp_path_factory.mktemp("installed")
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--target", str(folder / "site")]
    source = folder / "source"
    packaged = ["adversarial_nets", "pyproject.toml", "README.md", "LICENSE"]
    names = subprocess.check_output(["git", "ls-files", *packaged], cwd=ROOT, text=True)
    for name in names.splitlines():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(source)], check=True)
    return folder / "site"


def test_the_installed_package_scores_samples(installed: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(installed)}
    done = subprocess.run([sys.executable, "-c", SCORE], cwd=installed.parent, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (place, version, value), modules = done.stdout.splitlines()[0].split(), done.stdout.splitlines()[1].split()
    assert Path(place).is_relative_to(installed)
    assert version == adversarial_nets.__version__
    assert float(value) == pytest.approx(-1.5 * 1.8378770664093453)  # a unit Gaussian in three dimensions, at its centre
    assert modules == [f"adversarial_nets.{name}" for name in ("core", "core.arithmetic", "likelihood", "likelihood.parzen")]


def test_templates_are_installed(installed: Path) -> None:
    templates = installed / "adversarial_nets" / "report" / "templates"
    assert {path.name for path in templates.iterdir()} >= {"report.html", "compare.html"}


def test_the_version_is_the_package_s() -> None:
    assert importlib.metadata.version("adversarial-nets") == adversarial_nets.__version__


def test_the_parzen_window_needs_numpy_and_torch_only() -> None:
    required = importlib.metadata.requires("adversarial-nets")
    assert sorted(name.split(">")[0] for name in required if "extra ==" not in name) == ["numpy", "torch"]


def test_without_git_the_set_up_says_so_first(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.lock", "bootstrap.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    done = subprocess.run(["make", "repro", "PYTHON=true"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "DVC needs a git repository here: git init && git add --all && git commit" in done.stderr
    assert not (tmp_path / ".venv").exists()
