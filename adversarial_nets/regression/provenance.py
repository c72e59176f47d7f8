"""From what data and which commit, with which versions and on what machine a reference's results came."""

import importlib.metadata
import platform
import subprocess
from dataclasses import dataclass

import torch

from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.report.results import ExperimentResult
from adversarial_nets.running.machine import processor
from adversarial_nets.running.paths import ExperimentPaths, RunPaths

PACKAGES = ["dvc", "matplotlib", "numpy", "pandas", "scikit-learn", "torch", "torchvision"]


@dataclass(frozen=True)
class Provenance:
    """What a reference's ``provenance.json`` holds; devices and wall times in seconds by seed.

    data: checksums of source files and of the prepared file, such as ``md5:f68b…``.
    training_seconds: None for a run that was not made here.
    """

    commit: str
    dirty: bool
    uncommitted_changes: list[str]
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


def of(result: ExperimentResult) -> Provenance:
    """Where an experiment's results, just computed here, come from."""
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return Provenance(
        commit=_git("rev-parse", "HEAD").strip(),
        dirty=bool(changed),
        uncommitted_changes=sorted(line[3:] for line in changed.splitlines()),
        data=data_checksums(ExperimentPaths(result.name)),
        devices={seed.seed: seed.summary.device for seed in result.seeds},
        training_seconds={seed.seed: training_seconds(RunPaths(result.name, seed.seed)) for seed in result.seeds},
        lock_file_sha256=files.digest("requirements.lock", "sha256"),
        python=platform.python_version(),
        packages={name: importlib.metadata.version(name) for name in PACKAGES},
        processor=processor(),
        vector_instructions=torch.backends.cpu.get_cpu_capability(),
        threads=devices.num_threads(),
        gpu=torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    )


def _git(*arguments: str) -> str:
    return subprocess.check_output(["git", *arguments], text=True)


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
