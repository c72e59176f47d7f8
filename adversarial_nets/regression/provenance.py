"""From what data, commit and parameters, with which versions and on what machine a reference's results came."""

import importlib.metadata
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from adversarial_nets.core import devices, files
from adversarial_nets.core.errors import CheckFailed
from adversarial_nets.data import prepared
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.project import Ablations, Project
from adversarial_nets.parameters.reading import parse_yaml, read, read_text
from adversarial_nets.regression import revisions
from adversarial_nets.regression.docs_tables import PAGES
from adversarial_nets.regression.revisions import leaves
from adversarial_nets.regression.rules import differing
from adversarial_nets.report.results import ExperimentResult
from adversarial_nets.running import paths
from adversarial_nets.running.machine import processor
from adversarial_nets.running.paths import ExperimentPaths, RunPaths

# By the pipeline and `make reference`: changes there are results.
WRITTEN = ("reports/", "dvc.lock", "ablations/dvc.lock", "extensions/dvc.lock", *map(str, PAGES))
ASKED = ("suite", "seeds", "baselines", "baseline_seeds")
PACKAGES = ["dvc", "matplotlib", "numpy", "pandas", "scikit-learn", "torch", "torchvision"]


@dataclass(frozen=True)
class Provenance:
    """What a reference's ``provenance.json`` holds; devices and wall times in seconds by seed.

    suite, seeds and those of baselines: as in ``params.yaml`` then. overrides: parameters that were not as committed, such as
    ``experiments/mnist.yaml:training.epochs``. data: checksums of source files and of the prepared file, such as ``md5:f68b…``.
    training_seconds: None for a run that was not made here.
    """

    commit: str
    data: dict[str, str]
    devices: dict[int, str]
    training_seconds: dict[int, float | None]
    lock_file_sha256: str
    python: str
    packages: dict[str, str]
    processor: str
    vector_instructions: str
    threads: int
    gpu: str | None = None
    suite: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    baselines: list[str] = field(default_factory=list)
    baseline_seeds: list[int] = field(default_factory=list)
    overrides: dict[str, Any] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """What makes the results anew, in a clone of the project."""
        asked = {key: value for key in ASKED if (value := getattr(self, key)) or not key.endswith("seeds")} | self.overrides
        options = "".join(f" -S '{key}={_as_yaml(value)}'" for key, value in asked.items())
        return f"git checkout {self.commit[:10]} && make setup && .venv/bin/dvc exp run{options} && make reference"


def _as_yaml(value: Any) -> str:
    return str(value).replace("'", "").replace(" ", "") if isinstance(value, list) else f"{value}"


def of(result: ExperimentResult) -> Provenance:
    """Where an experiment's results, just computed here, come from."""
    project = read(paths.PARAMETERS, Project)
    return Provenance(
        **_surroundings(),
        data=data_checksums(ExperimentPaths(result.name)),
        devices={seed.seed: seed.summary.device for seed in result.seeds},
        training_seconds={seed.seed: training_seconds(RunPaths(result.name, seed.seed)) for seed in result.seeds},
        **{key: getattr(project, key) for key in ASKED},
        overrides=overrides(ExperimentPaths(result.name)),
    )


def of_extensions(asked: Extensions) -> Provenance:
    """Where results of section 7's extensions of an experiment, just computed here, come from; players by their checksums."""
    runs = [RunPaths(asked.experiment, seed) for seed in asked.seeds]
    players = [path for run in runs for path in (run.generator, run.discriminator)]
    return Provenance(
        **_surroundings(),
        data=data_checksums(runs[0]) | {path.as_posix(): f"sha256:{files.digest(path, 'sha256')}" for path in players},
        devices={seed: devices.resolve(read(paths.PARAMETERS, Project).device).type for seed in asked.seeds},
        training_seconds={},
        suite=[asked.experiment],
        seeds=asked.seeds,
        overrides={f"{paths.EXTENSIONS}:{key}": value for key, value in changed(paths.EXTENSIONS).items()},
    )


def of_ablations(asked: Ablations) -> Provenance:
    """Where ablations that were just made here come from."""
    return Provenance(
        **_surroundings(),
        data=data_checksums(ExperimentPaths(asked.experiment)),
        devices={seed: devices.resolve(read(paths.PARAMETERS, Project).device).type for seed in asked.seeds},
        training_seconds={},
        suite=[asked.experiment],
        seeds=asked.seeds,
    )


def _surroundings() -> dict[str, Any]:
    """Code, packages and machine."""
    return {
        "commit": revisions.commit("HEAD"),
        "lock_file_sha256": files.digest("requirements.lock", "sha256"),
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "processor": processor(),
        "vector_instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": devices.num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def refuse_uncommitted_code() -> None:
    """Raises CheckFailed if a file is not as committed, unless it is a result, or parameters, which are recorded."""
    changed = [line[3:] for line in revisions.git("status", "--porcelain", "--untracked-files=no").stdout.decode().splitlines()]
    parameters = (f"{paths.PARAMETERS}", f"{paths.EXPERIMENTS}/", f"{paths.EXTENSIONS}")
    if code := [path for path in changed if not path.startswith((*WRITTEN, *parameters))]:
        raise CheckFailed(f"commit first, so that the reference can name the commit that it comes from: {', '.join(code)}")


def overrides(experiment: ExperimentPaths) -> dict[str, Any]:
    """Parameters that differ from the last commit's, as ``dvc exp run -S`` takes them, but for suite and seeds.

    Raises InputError if a file is not committed.
    """
    of_project = {key: value for key, value in changed(paths.PARAMETERS).items() if key not in ASKED}
    return of_project | {f"{experiment.parameters}:{key}": value for key, value in changed(experiment.parameters).items()}


def changed(path: Path) -> dict[str, Any]:
    """Parameters in a file that differ from the last commit's. Raises InputError if it is not committed."""
    texts = revisions.content("HEAD", path, "the last commit").decode(), read_text(path)
    before, after = (dict(leaves(parse_yaml(text, str(path)))) for text in texts)
    return {key: value for key, (_, value) in differing(before, after).items()}


def data_checksums(experiment: ExperimentPaths) -> dict[str, str]:
    """Those of the source files by name, as they were when read, and the prepared file's own by path."""
    data = prepared.load(experiment.prepared)
    sources = dict(zip(data.source_files.tolist(), data.source_checksums.tolist(), strict=True))
    return sources | {experiment.prepared.as_posix(): f"sha256:{files.digest(experiment.prepared, 'sha256')}"}


def training_seconds(run: RunPaths) -> float | None:
    """Wall time of a run, stops left out, if it was made here: its log names the generator that came of it."""
    if not run.log.exists():
        return None
    log = files.read_json(run.log)
    return log["seconds"] if log["generator_sha256"] == files.digest(run.generator, "sha256") else None
