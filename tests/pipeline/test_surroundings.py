"""Stages in the environments that notebooks, cluster jobs, cron and CI make: the same bytes as in a plain one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.experiments import ROOT, project_values, small_values, write_project

NOTEBOOK = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "JPY_PARENT_PID": "1",
    "CLICOLOR": "1",
    "TERM": "xterm-color",
}
JOB = {"SLURM_JOB_ID": "7", "SLURM_PROCID": "3", "SLURM_NTASKS": "4", "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1"}
CI = {"CI": "true", "NO_COLOR": "1", "FORCE_COLOR": "1", "PYTHONHASHSEED": "7", "COLUMNS": "20", "SOURCE_DATE_EPOCH": "0"}
OLD_SCREEN = {"MPLBACKEND": "Qt4Agg", "DISPLAY": ":99", "QT_QPA_PLATFORM": "xcb", "MATPLOTLIBRC": "/nowhere"}
LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii", "TZ": "Pacific/Chatham"}
STRICT = {"PYTHONOPTIMIZE": "1", "OMP_NUM_THREADS": "3", "OMP_PROC_BIND": "true", "MKL_NUM_THREADS": "7"}
PLAIN = ("PATH", "OMP_NUM_THREADS", "LD_LIBRARY_PATH")  # as under cron: no HOME either
SURROUNDINGS = {
    "cron": {},
    "notebook": NOTEBOOK,
    "job": JOB,
    "ci": CI,
    "old screen": OLD_SCREEN,
    "locale": LOCALE,
    "strict": STRICT,
}
MADE = ["check", "fetch", "prepare", "train", "sample", "figures", "cross_validate", "likelihood"]
AGAIN = ["train", "sample", "figures"]  # in every environment


def run(folder: Path, stages: list[str], environment: dict[str, str]) -> None:
    program = "import runpy, sys\n" + "".join(
        f"sys.argv = {[stage, *['mnist5k', '0'][: {'check': 0, 'fetch': 1, 'prepare': 1}.get(stage, 2)]]}\n"
        f"runpy.run_module('stages.{stage}', run_name='__main__')\n"
        for stage in stages
    )
    plain = {name: os.environ[name] for name in PLAIN if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env={**plain, "PYTHONPATH": str(ROOT), **environment}, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run in a plain environment."""
    folder = tmp_path_factory.mktemp("finished")
    write_project(folder, project_values(), mnist5k=small_values())
    (folder / "data").mkdir()
    shutil.copy(ROOT / "data/mnist5k.npz", folder / "data")
    for name in ("ablations", "extensions"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "models"))
    run(folder, MADE, {"HOME": str(folder)})
    return folder


def outputs(folder: Path) -> dict[str, bytes]:
    names = ("models", "samples", "figures", "scores")
    return {str(path.relative_to(folder)): path.read_bytes() for name in names for path in (folder / name).rglob("*.*")}


@pytest.mark.parametrize(
    "surroundings", [name if name == "notebook" else pytest.param(name, marks=pytest.mark.nightly) for name in SURROUNDINGS]
)
def test_the_callers_environment_changes_no_byte(finished: Path, tmp_path: Path, surroundings: str) -> None:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    for name in ("models", "samples", "figures"):
        shutil.rmtree(tmp_path / name)
    run(tmp_path, AGAIN, SURROUNDINGS[surroundings])
    assert outputs(tmp_path) == outputs(finished)


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "Qt4Agg", "TkAgg", "nonsense", ""])
def test_every_script_starts_under_any_backend(backend: str) -> None:
    folders = ("stages", "ablations", "extensions")
    names = [f"{path.parent.name}.{path.stem}" for folder in folders for path in (ROOT / folder).glob("[!_]*.py")]
    program = f"import {', '.join(names)}; import matplotlib.pyplot as plt; plt.figure(); print(plt.get_backend())"
    environment = {**os.environ, "MPLBACKEND": backend}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout.lower()) == (0, "agg\n"), done.stderr


def test_a_python_without_the_packages_gets_one_line() -> None:
    """Such as a notebook's, if the environment is not activated: without its site-packages it is one."""
    done = subprocess.run([sys.executable, "-S", "-m", "stages.check"], cwd=ROOT, capture_output=True, text=True)
    said = "lacks numpy, pydantic, ruamel; run `source .venv/bin/activate` first (`make setup` makes it), or `make repro`"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {sys.executable} {said}\n")
