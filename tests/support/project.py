"""A scratch clone of the project, driven from the command line as a user would; it takes nothing from the user's params.yaml."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from support.experiments import ROOT, project_values

# A small training on real digits, by the names that `dvc exp run -S` takes.
EXPERIMENT = "experiments/mnist5k.yaml"
SMALL = {
    "seeds": [0],
    f"{EXPERIMENT}:data.num_train": 500,
    f"{EXPERIMENT}:data.num_validation": 100,
    f"{EXPERIMENT}:data.num_test": 100,
    f"{EXPERIMENT}:training.epochs": 2,
    f"{EXPERIMENT}:training.validation.num_samples": 200,
    f"{EXPERIMENT}:sampling.num_samples": 200,
    f"{EXPERIMENT}:sanity.num_centroids": 50,
    f"{EXPERIMENT}:reliability.num_samples.highest": 2000,
}
REPORTED = ["index.html", "metrics.json", "theory.json", "seeds.csv", "table1.csv", "table1.md"]


class Project:
    """A clone with its own cache."""

    def __init__(self, folder: Path):
        self.folder = folder
        # The environment's `python` and `dvc`; one thread each, because networks this small only lose time to a second.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = os.environ | {"PATH": path, "OMP_NUM_THREADS": "1"}
        self.environment.pop("ADVERSARIAL_NETS_DATA", None)

    def run(self, *command: str, status: int | None = 0) -> str:
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        output = done.stdout + done.stderr
        assert status is None or done.returncode == status, output
        return output

    def set(self, name: str, value: Any) -> None:
        """A parameter, by the name that `dvc exp run -S` takes."""
        file, _, path = name.rpartition(":")
        yaml = YAML()
        values = yaml.load(self.folder / (file or "params.yaml"))
        *keys, last = path.split(".")
        section = values
        for key in keys:
            section = section[key]
        section[last] = value
        yaml.dump(values, self.folder / (file or "params.yaml"))

    def hashes(self, *folders: str) -> dict[str, str]:
        files = [path for folder in folders for path in sorted((self.folder / folder).rglob("*")) if path.is_file()]
        return {str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def reports(self) -> dict[str, str]:
        hashes = self.hashes("reports/figures", "reports/plots")
        return hashes | {name: self.hashes("reports")[f"reports/{name}"] for name in REPORTED}

    def metrics(self) -> dict[str, Any]:
        return json.loads((self.folder / "reports/metrics.json").read_text())


def clone(folder: Path) -> Project:
    """The working tree's files, as git would commit them now, in a repository of their own; params.yaml is the tests' own."""
    names = subprocess.check_output(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, text=True)
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    YAML(typ="safe").dump(project_values(), folder / "params.yaml")
    project = Project(folder)
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    project.run("git", "config", "user.name", "tester")
    project.run("git", "config", "user.email", "tester@example.org")
    return project


def small(folder: Path, **parameters: Any) -> Project:
    """Such a clone with a small experiment, in which nothing ran yet; ``parameters`` are of params.yaml."""
    project = clone(folder)
    (project.folder / "dvc.lock").unlink(missing_ok=True)
    for name, value in (SMALL | parameters).items():
        project.set(name, value)
    return project


def commit(project: Project, message: str) -> None:
    project.run("git", "add", "--all")
    project.run("git", "commit", "--quiet", "--message", message)
